using System.Collections.Immutable;

namespace TwoNodeHa.Core.Config;

/// <summary>Reads the <c>[storage]</c> section.</summary>
internal sealed class StorageReader(IniDocument document, FindingList findings)
{
    private const int ProbesMax = 8;
    private const string ProbeKey = "probe";
    private const string TimeoutKey = "probe_timeout_seconds";
    private const string LossKey = "on_storage_loss";

    private readonly SectionReader _reader = new(document.Find("storage"), findings);

    public StorageConfig Read()
    {
        var standard = new StorageConfig();
        var errors = findings.Errors;
        var storage = new StorageConfig
        {
            Probes = ReadProbes(),
            ProbeInterval = _reader.Seconds("probe_interval_seconds", standard.ProbeInterval, 0.5, 60),
            ProbeTimeout = _reader.Seconds(TimeoutKey, standard.ProbeTimeout, 2, 600),
            OnLoss = _reader.Word(LossKey, standard.OnLoss, ("alert", OnStorageLoss.Alert), ("fence", OnStorageLoss.Fence)),
        };
        if (findings.Errors == errors && storage.ProbeTimeout < 3 * storage.ProbeInterval)
        {
            _reader.Error(TimeoutKey, $"{TimingRules.Text(storage.ProbeTimeout)} s leave less than three readings of "
                + $"{TimingRules.Text(storage.ProbeInterval)} s: write at least {TimingRules.Text(3 * storage.ProbeInterval)}, "
                + "or read more often");
        }

        if (storage is { OnLoss: OnStorageLoss.Fence, Probes.IsEmpty: true })
        {
            _reader.Warning(LossKey, "has no effect without probes: write probe = a file or device on the storage of the VMs");
        }

        return storage;
    }

    private ImmutableArray<string> ReadProbes()
    {
        if (_reader.Text(ProbeKey, emptyAllowed: true) is not { Length: > 0 } text)
        {
            return [];
        }

        var probes = ImmutableArray.CreateBuilder<string>();
        foreach (var path in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!path.StartsWith('/') || path.EndsWith('/'))
            {
                _reader.Error(ProbeKey, $"\"{path}\" is not an absolute path of a file or device: write one on the storage of "
                    + "the VMs, several separated by commas");
            }
            else if (probes.Contains(path))
            {
                _reader.Error(ProbeKey, $"{path} is written twice: remove one");
            }
            else
            {
                probes.Add(path);
            }
        }

        if (probes.Count > ProbesMax)
        {
            _reader.Error(ProbeKey, $"{probes.Count} paths: write at most {ProbesMax}, one for each storage repository");
        }

        return probes.ToImmutable();
    }
}
