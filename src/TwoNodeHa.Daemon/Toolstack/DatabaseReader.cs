using System.Collections.Immutable;
using TwoNodeHa.Core.Model;
using TwoNodeHa.XenApi;
using XenHost = TwoNodeHa.XenApi.Host;

namespace TwoNodeHa.Daemon.Toolstack;

/// <summary>Reads the part of XAPI's database that matters, and remembers the references behind the uuids.</summary>
internal sealed class DatabaseReader(Guid self)
{
    private static readonly ImmutableArray<string> Starts = ["start", "start_on", "resume", "resume_on", "pool_migrate", "migrate_send"];
    private static readonly ImmutableArray<string> Stops = ["clean_shutdown", "hard_shutdown", "shutdown", "suspend"];
    private const string LizardField = "XenCenter.CustomFields.ha-lizard-enabled";

    /// <summary>References of the VMs at the last reading.</summary>
    public ImmutableDictionary<Guid, XenRef<VM>> VmRefs { get; private set; } = ImmutableDictionary<Guid, XenRef<VM>>.Empty;

    /// <summary>References of the hosts at the last reading.</summary>
    public ImmutableDictionary<Guid, XenRef<XenHost>> HostRefs { get; private set; } =
        ImmutableDictionary<Guid, XenRef<XenHost>>.Empty;

    /// <summary>Uuids of the SRs that each host has a path to, at the last reading.</summary>
    public ImmutableDictionary<Guid, ImmutableArray<string>> HostSrs { get; private set; } =
        ImmutableDictionary<Guid, ImmutableArray<string>>.Empty;

    /// <summary>References of the paths to storage at the last reading.</summary>
    public ImmutableDictionary<Guid, XenRef<PBD>> PbdRefs { get; private set; } = ImmutableDictionary<Guid, XenRef<PBD>>.Empty;

    public async Task<DatabaseFacts> ReadAsync(Session session, bool master, TimeSpan deadline, CancellationToken cancel)
    {
        var pools = await session.Pool.GetAllRecordsAsync(deadline, cancel);
        var hosts = await session.Host.GetAllRecordsAsync(deadline, cancel);
        var vms = await session.VM.GetAllRecordsAsync(deadline, cancel);
        var unplugged = await ReadStorageAsync(session, hosts, vms, deadline, cancel);
        var uuids = hosts.ToDictionary(pair => pair.Key, pair => Guid.Parse(pair.Value.Uuid));
        HostRefs = uuids.ToImmutableDictionary(pair => pair.Value, pair => pair.Key);
        VmRefs = vms.Where(pair => pair.Value.IsOrdinary).ToImmutableDictionary(pair => Guid.Parse(pair.Value.Uuid), pair => pair.Key);
        var pool = pools.Values.FirstOrDefault();
        var free = master && HostRefs.TryGetValue(self, out var own)
            ? await session.Host.ComputeFreeMemoryAsync(own, deadline, cancel)
            : -1;
        return new DatabaseFacts
        {
            NativeHaEnabled = pool?.HaEnabled ?? false,
            Master = pool is not null && uuids.TryGetValue(pool.Master, out var at) ? at : Guid.Empty,
            Hosts = [.. uuids.Values.Order()],
            EnabledHosts = [.. hosts.Where(pair => pair.Value.Enabled).Select(pair => uuids[pair.Key]).Order()],
            FreeMemoryBytes = free,
            Unplugged = unplugged,
            Vms = [.. vms.Values.Where(vm => vm.IsOrdinary).Select(vm => Fact(vm, uuids)).OrderBy(vm => vm.Uuid)],
        };
    }

    private static VmFact Fact(VMRecord vm, Dictionary<XenRef<XenHost>, Guid> hosts) => new()
    {
        Uuid = Guid.Parse(vm.Uuid),
        Name = vm.NameLabel,
        PowerState = vm.PowerState switch
        {
            VMPowerState.Halted => VmPowerState.Halted,
            VMPowerState.Paused => VmPowerState.Paused,
            VMPowerState.Running => VmPowerState.Running,
            VMPowerState.Suspended => VmPowerState.Suspended,
            _ => VmPowerState.Unknown,
        },
        ResidentOn = hosts.GetValueOrDefault(vm.ResidentOn),
        Priority = vm.HaRestartPriority switch
        {
            "restart" => RestartPriority.Restart,
            "best-effort" => RestartPriority.BestEffort,
            _ => RestartPriority.None,
        },
        LizardMark = Mark(vm.OtherConfig),
        Order = (int)Math.Clamp(vm.Order, int.MinValue, int.MaxValue),
        StartDelay = vm.StartDelay,
        MemoryBytes = vm.MemoryStaticMax + vm.MemoryOverhead,
        StopRequested = vm.CurrentOperations.Values.Any(operation => Stops.Contains(operation)),
        StartUnderWay = vm.CurrentOperations.Values.Any(operation => Starts.Contains(operation)),
    };

    private static bool? Mark(ImmutableSortedDictionary<string, string> otherConfig) =>
        otherConfig.TryGetValue(LizardField, out var text) && bool.TryParse(text, out var mark) ? mark : null;

    private async Task<ImmutableArray<UnpluggedPath>> ReadStorageAsync(
        Session session, IReadOnlyDictionary<XenRef<XenHost>, HostRecord> hosts, IReadOnlyDictionary<XenRef<VM>, VMRecord> vms,
        TimeSpan deadline, CancellationToken cancel)
    {
        var pbds = await session.PBD.GetAllRecordsAsync(deadline, cancel);
        var srs = await session.SR.GetAllRecordsAsync(deadline, cancel);
        HostSrs = hosts.ToImmutableDictionary(
            host => Guid.Parse(host.Value.Uuid),
            host => pbds.Values.Where(pbd => pbd.Host == host.Key && srs.ContainsKey(pbd.SR))
                .Select(pbd => srs[pbd.SR].Uuid).Distinct().Order(StringComparer.Ordinal).ToImmutableArray());
        PbdRefs = pbds.ToImmutableDictionary(pair => Guid.Parse(pair.Value.Uuid), pair => pair.Key);
        var away = pbds.Values
            .Where(pbd => !pbd.CurrentlyAttached && hosts.ContainsKey(pbd.Host) && srs.TryGetValue(pbd.SR, out var sr) && sr.Shared)
            .ToList();
        if (away.Count == 0)
        {
            return [];
        }

        // Which VMs need it is asked only when something is away: there are thousands of disks.
        var disks = await session.VBD.GetAllRecordsAsync(deadline, cancel);
        var images = await session.VDI.GetAllRecordsAsync(deadline, cancel);
        var users = disks.Values
            .Where(disk => !disk.Empty && vms.TryGetValue(disk.VM, out var vm) && vm.IsOrdinary && images.ContainsKey(disk.VDI))
            .ToLookup(disk => images[disk.VDI].SR, disk => Guid.Parse(vms[disk.VM].Uuid));
        return
        [
            .. away.Where(pbd => users.Contains(pbd.SR)).Select(pbd => new UnpluggedPath(
                Guid.Parse(pbd.Uuid), Guid.Parse(hosts[pbd.Host].Uuid), srs[pbd.SR].NameLabel,
                [.. users[pbd.SR].Distinct().Order()])).OrderBy(path => path.Pbd),
        ];
    }
}
