using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Hypervisor;

/// <summary>
/// For which domain a tapdisk works, by xenstore: tapback writes kthread-pid, the tapdisk's pid, under
/// <c>/local/domain/0/backend/vbd3/DOMID/DEVID</c>. The entry may go with the domain and the process stay, so what was once
/// seen is kept for as long as the process lives. One caller at a time.
/// </summary>
internal sealed class BackendOwners
{
    private readonly Dictionary<(int Pid, long StartTicks), (int Domid, Guid Vdi)> _seen = [];

    /// <summary>A back-end of which it is not known for whom it works: xenstore is worth a look.</summary>
    public bool IsNews(BackendFact backend) => backend.Kind == BackendKind.Tapdisk && !_seen.ContainsKey((backend.Pid, backend.StartTicks));

    /// <summary>Takes in the lines of <c>xenstore-ls -f</c>: <c>PATH = "VALUE"</c>; others are passed over.</summary>
    public void Learn(string output, ImmutableArray<BackendFact> living)
    {
        var devices = new Dictionary<(string Domid, string Devid), (int Pid, Guid Vdi)>();
        foreach (var line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line.Split(" = ", 2) is not [var path, var quoted] || path.Split('/') is not ["", "local", "domain", "0", "backend", _, var domid, var devid, .. var rest])
            {
                continue;
            }

            var device = devices.GetValueOrDefault((domid, devid));
            var value = quoted.Trim('"');
            devices[(domid, devid)] = string.Join('/', rest) switch
            {
                "kthread-pid" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) => device with { Pid = pid },
                "sm-data/vdi-uuid" when Guid.TryParse(value, out var vdi) => device with { Vdi = vdi },
                _ => device,
            };
        }

        foreach (var ((domid, _), device) in devices)
        {
            if (living.FirstOrDefault(backend => backend.Pid == device.Pid && IsNews(backend)) is { } backend
                && int.TryParse(domid, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                _seen[(backend.Pid, backend.StartTicks)] = (number, device.Vdi);
            }
        }
    }

    /// <summary>Says of each back-end for whom it works, and forgets those that are gone.</summary>
    public ImmutableArray<BackendFact> Attribute(ImmutableArray<BackendFact> living)
    {
        foreach (var gone in _seen.Keys.Except(living.Select(backend => (backend.Pid, backend.StartTicks))).ToList())
        {
            _seen.Remove(gone);
        }

        return [.. living.Select(backend => backend.Kind == BackendKind.Tapdisk
            && _seen.TryGetValue((backend.Pid, backend.StartTicks), out var owner)
            ? backend with
            {
                Owner = owner.Domid == 0 ? BackendOwner.ControlDomain : BackendOwner.Guest,
                Domid = owner.Domid,
                Vdi = owner.Vdi == Guid.Empty ? backend.Vdi : owner.Vdi,
            }
            : backend)];
    }
}
