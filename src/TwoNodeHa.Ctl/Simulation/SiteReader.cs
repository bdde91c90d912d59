using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Vms;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Pool.Xapi;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Ctl.Simulation;

/// <summary>The simulated site: this configuration, and the VMs and the memory that the daemon knows.</summary>
internal static class SiteReader
{
    private const long Mib = 1024 * 1024;

    /// <summary>Memory of a host whose free memory is not known, MiB: more than any VM needs.</summary>
    private const long Plenty = 1024 * 1024;

    /// <summary>Builds it.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="vms">The daemon's <c>vm list</c>.</param>
    /// <param name="status">Its <c>status</c>.</param>
    /// <param name="notes">What differs from the real site.</param>
    public static Site Of(HaConfig config, VmReport vms, StatusReport status, List<string> notes)
    {
        notes.Add($"XAPI and the VMs take typical times: a start {Downtime.Start.TotalSeconds:0} s, a promotion about a minute");
        if (!config.DiskLinks.IsEmpty)
        {
            notes.Add("disk links are left out");
        }

        var master = status.Role == "slave" ? status.PeerHost : status.Host;
        var pool = new PoolDefinition
        {
            Hosts = [.. config.Hosts.Select(host => HostOf(host, vms, status, notes))],
            Master = master,
            Vms = [.. Named(vms).Select(named => VmOf(named.Name, named.Vm))],
        };
        return new Site(config with { DiskLinks = [] }, pool.Completed(), [.. vms.Vms.Where(vm => !vm.Protected).Select(vm => vm.Uuid.ToString())], Site.TypicalTimings);
    }

    /// <summary>Each VM by a name of its own: two of one name cannot be told apart in a story.</summary>
    private static IEnumerable<(string Name, VmDetail Vm)> Named(VmReport vms)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var vm in vms.Vms)
        {
            var name = vm.Name.Replace('"', '\'');
            yield return (known.Add(name) ? name : $"{name} {vm.Uuid}", vm);
        }
    }

    private static HostDefinition HostOf(HostConfig host, VmReport vms, StatusReport status, List<string> notes)
    {
        var free = status.Outlooks.FirstOrDefault(outlook => outlook.Survivor == host.Name)?.FreeBytes ?? -1;
        if (free < 0)
        {
            notes.Add($"the memory of {host.Name} is not known and taken for enough");
        }

        var used = vms.Vms.Where(vm => vm.On == host.Name).Sum(vm => vm.NeedBytes);
        return new HostDefinition
        {
            Name = host.Name,
            Uuid = host.Uuid.ToString(),
            Address = host.Address.ToString(),
            MemoryMib = free < 0 ? Plenty : MemoryCheck.TakenByHostMib + ((used + free) / Mib),
        };
    }

    private static VmDefinition VmOf(string name, VmDetail vm)
    {
        var need = Math.Max(16, vm.NeedBytes / Mib);
        return new VmDefinition
        {
            Name = name,
            Uuid = vm.Uuid.ToString(),

            // The overhead is worked out from the size again.
            MemoryMib = Math.Max(1, need - MemoryCheck.OverheadMib(need)),
            RunningOn = vm.On.Length > 0 ? vm.On : null,
            HaRestartPriority = !vm.Protected || vm.Class == "ordinary" ? "" : vm.Class,
            Order = vm.Order,
            StartDelay = (int)vm.StartDelaySeconds,
            Sr = HomeOf(vm) is { } home ? "local-" + home : "shared",
            OtherConfig = Site.Mark(vm.Protected),
        };
    }

    /// <summary>The only host that the VM can run on, for another reason than memory; null when there is no such host.</summary>
    private static string? HomeOf(VmDetail vm)
    {
        var able = vm.Places.Where(place => place.Can || place.Obstacles is [var first, ..] && first.Contains(" free", StringComparison.Ordinal)).ToList();
        return able.Count == 1 && vm.Places.Length == 2 ? able[0].Host : null;
    }
}
