using System.Collections.Immutable;

namespace TwoNodeHa.Core.Config;

/// <summary>Reads the <c>[storage]</c> section.</summary>
internal sealed class StorageReader(IniDocument document, FindingList findings)
{
    private const int ProbesMax = 8;
    private const string ProbeKey = "probe";
    private const string TimeoutKey = "probe_timeout_seconds";
    private const string LossKey = "on_storage_loss";
    private const string DrbdKey = "drbd";
    private const string ReservationKey = "reservation";

    private readonly SectionReader _reader = new(document.Find("storage"), findings);

    public StorageConfig Read()
    {
        var standard = new StorageConfig();
        var errors = findings.Errors;
        var storage = new StorageConfig
        {
            Probes = ReadPaths(ProbeKey, ProbesMax, "a file or device: write one on the storage of the VMs, several separated by commas"),
            ProbeInterval = _reader.Seconds("probe_interval_seconds", standard.ProbeInterval, 0.5, 60),
            ProbeTimeout = _reader.Seconds(TimeoutKey, standard.ProbeTimeout, 2, 600),
            OnLoss = _reader.Word(LossKey, standard.OnLoss, ("alert", OnStorageLoss.Alert), ("fence", OnStorageLoss.Fence)),
            ReservedLuns = ReadPaths(ReservationKey, ReservationRules.LunsMax,
                "a device: write for example /dev/mapper/3600a098038304437415d4b6a59676d51, several separated by commas, the same on both hosts"),
            DrbdResources = ReadResources(),
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

    private ImmutableArray<string> ReadResources()
    {
        var names = (_reader.Text(DrbdKey, emptyAllowed: true) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var name in names.Where(name => !HostsReader.IsName(name)))
        {
            _reader.Error(DrbdKey, $"\"{name}\" is no name of a resource: write those of drbd.conf, separated by commas");
        }

        if (names.Length > ProbesMax)
        {
            _reader.Error(DrbdKey, $"{names.Length} resources: write at most {ProbesMax}");
        }

        return [.. names.Distinct()];
    }

    private ImmutableArray<string> ReadPaths(string key, int most, string what)
    {
        if (_reader.Text(key, emptyAllowed: true) is not { Length: > 0 } text)
        {
            return [];
        }

        var paths = ImmutableArray.CreateBuilder<string>();
        foreach (var path in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!path.StartsWith('/') || path.EndsWith('/'))
            {
                _reader.Error(key, $"\"{path}\" is not an absolute path of {what}");
            }
            else if (paths.Contains(path))
            {
                _reader.Error(key, $"{path} is written twice: remove one");
            }
            else
            {
                paths.Add(path);
            }
        }

        if (paths.Count > most)
        {
            _reader.Error(key, $"{paths.Count} paths: write at most {most}, one for each storage repository");
        }

        return paths.ToImmutable();
    }
}
