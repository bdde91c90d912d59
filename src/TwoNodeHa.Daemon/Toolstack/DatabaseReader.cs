using System.Collections.Immutable;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Vms;
using TwoNodeHa.XenApi;
using XenHost = TwoNodeHa.XenApi.Host;

namespace TwoNodeHa.Daemon.Toolstack;

/// <summary>Reads the part of XAPI's database that matters, and remembers the references behind the uuids.</summary>
internal sealed class DatabaseReader(Guid self, TableCache cache)
{
    /// <summary>
    /// Longest start delay that counts. XAPI accepts any, and sleeps it in the call that starts the VM; a deadline must not
    /// grow with it without end. The VM runs before the sleep.
    /// </summary>
    internal static readonly TimeSpan StartDelayMax = TimeSpan.FromHours(1);

    private static readonly ImmutableArray<string> Starts = ["start", "start_on", "resume", "resume_on", "pool_migrate", "migrate_send"];
    private static readonly ImmutableArray<string> Stops = ["clean_shutdown", "hard_shutdown", "shutdown", "suspend"];
    internal const string LizardField = "XenCenter.CustomFields." + Protection.LizardField;

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

    /// <summary>One reading. A record that cannot be read is named in the facts; only the pool's own is needed for all else.</summary>
    /// <exception cref="XenApiException">XAPI did not answer, or its pool record cannot be read.</exception>
    public async Task<DatabaseFacts> ReadAsync(Session session, bool master, TimeSpan deadline, CancellationToken cancel, bool vmsAreNew = false)
    {
        var tables = await PoolTables.ReadAsync(session, cache, vmsAreNew, deadline, cancel);
        var (hosts, vms) = (tables.Hosts, tables.Vms);
        var unreadable = ImmutableArray.CreateBuilder<UnreadableFact>();
        unreadable.AddRange(hosts.Unreadable.Select(host => Unread("host", host)));
        var uuids = ReadHosts(hosts, unreadable);
        var placement = new PlacementFacts(tables, uuids);
        var facts = ReadVms(vms, uuids, placement, unreadable);
        var unplugged = ReadStorage(tables, uuids, unreadable);
        var hostFacts = placement.Hosts();
        var pool = ThePool(tables.Pools);
        return new DatabaseFacts
        {
            NativeHaEnabled = pool.HaEnabled,
            Master = uuids.GetValueOrDefault(pool.Master),
            Hosts = [.. uuids.Values.Order()],
            EnabledHosts = [.. uuids.Where(host => hosts.GetValueOrDefault(host.Key) is { Enabled: true }).Select(host => host.Value).Order()],
            FreeMemoryBytes = hostFacts.FirstOrDefault(host => host.Uuid == self) is { MemoryTotal: > 0 } own ? MemoryRules.Free(own, facts)
                : master && HostRefs.TryGetValue(self, out var reference) ? await session.Host.ComputeFreeMemoryAsync(reference, deadline, cancel)
                : -1,
            HostFacts = hostFacts,
            Storages = placement.Storages(),
            Networks = placement.Networks(),
            Appliances = placement.Appliances(),
            AutoPowerOn = pool.OtherConfig.GetValueOrDefault("auto_poweron") == "true",
            RollingUpgrade = pool.OtherConfig.ContainsKey("rolling_upgrade_in_progress"),
            Mirrored = MirroredState.Of(hosts.Values.FirstOrDefault(host => host.Uuid == self.ToString())?.OtherConfig.GetValueOrDefault(MirroredState.Key)),
            Unplugged = unplugged,
            Vms = facts,
            Unreadable = unreadable.ToImmutable(),
        };
    }

    /// <summary>Without it nobody knows whether native HA is on: such a reading is none.</summary>
    private static PoolRecord ThePool(RecordTable<Pool, PoolRecord> pools) => pools.Values.FirstOrDefault()
        ?? throw new XenApiProtocolException(
            pools.Unreadable.IsEmpty ? "the database has no pool record" : pools.Unreadable[0].Reason, "pool.get_all_records");

    private Dictionary<XenRef<XenHost>, Guid> ReadHosts(
        RecordTable<XenHost, HostRecord> hosts, ImmutableArray<UnreadableFact>.Builder unreadable)
    {
        var uuids = new Dictionary<XenRef<XenHost>, Guid>();
        var refs = ImmutableDictionary.CreateBuilder<Guid, XenRef<XenHost>>();
        foreach (var (reference, host) in hosts)
        {
            if (Guid.TryParse(host.Uuid, out var uuid) && refs.TryAdd(uuid, reference))
            {
                uuids.Add(reference, uuid);
            }
            else
            {
                unreadable.Add(BadUuid("host", reference.Value, host.Uuid));
            }
        }

        foreach (var host in hosts.Unreadable)
        {
            // How many hosts the pool has must not hang on whether one is enabled.
            if (Guid.TryParse(host.Uuid, out var uuid) && !host.Ref.IsNull && refs.TryAdd(uuid, host.Ref))
            {
                uuids.Add(host.Ref, uuid);
            }
        }

        HostRefs = refs.ToImmutable();
        return uuids;
    }

    private ImmutableArray<VmFact> ReadVms(
        RecordTable<VM, VMRecord> vms, Dictionary<XenRef<XenHost>, Guid> hosts, PlacementFacts placement,
        ImmutableArray<UnreadableFact>.Builder unreadable)
    {
        var facts = new SortedDictionary<Guid, VmFact>();
        var refs = ImmutableDictionary.CreateBuilder<Guid, XenRef<VM>>();
        foreach (var (reference, vm) in vms.Where(pair => pair.Value.IsOrdinary))
        {
            if (!Guid.TryParse(vm.Uuid, out var uuid) || !refs.TryAdd(uuid, reference))
            {
                unreadable.Add(BadUuid("VM", vm.NameLabel, vm.Uuid));
                continue;
            }

            facts.Add(uuid, Fact(uuid, vm, hosts) with { Devices = placement.DevicesOf(reference, vm), Appliance = placement.ApplianceOf(vm) });
        }

        unreadable.AddRange(vms.Unreadable.Select(record => Unread("VM", record)));
        VmRefs = refs.ToImmutable();
        return [.. facts.Values];
    }

    private static UnreadableFact Unread<T>(string @class, UnreadableRecord<T> record) => new(
        @class, Guid.TryParse(record.Uuid, out var uuid) ? uuid : Guid.Empty,
        record.Name.Length > 0 ? record.Name : record.Ref.Value, record.Reason);

    private static UnreadableFact BadUuid(string @class, string name, string uuid) =>
        new(@class, Guid.Empty, name, $"'{uuid}' is no uuid, or another record has the same");

    private static VmFact Fact(Guid uuid, VMRecord vm, Dictionary<XenRef<XenHost>, Guid> hosts) => new()
    {
        Uuid = uuid,
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
        AgentReports = vm.HasGuestMetrics,
        StartDelay = vm.StartDelay < StartDelayMax ? vm.StartDelay : StartDelayMax,
        Memory = PlacementFacts.MemoryOf(vm),
        ShutdownDelay = vm.ShutdownDelay,
        ScheduledOn = hosts.GetValueOrDefault(vm.ScheduledOn),
        AutoPowerOn = vm.OtherConfig.GetValueOrDefault("auto_poweron") == "true",
        UnknownPriority = vm.HaRestartPriority is "" or "restart" or "best-effort" ? "" : vm.HaRestartPriority,
        StopRequested = vm.CurrentOperations.Values.Any(operation => Stops.Contains(operation)),
        StartUnderWay = vm.CurrentOperations.Values.Any(operation => Starts.Contains(operation)),
        Blocked = vm.BlockedOperations,
    };

    private static bool? Mark(ImmutableSortedDictionary<string, string> otherConfig) =>
        otherConfig.TryGetValue(LizardField, out var text) && bool.TryParse(text, out var mark) ? mark : null;

    private ImmutableArray<UnpluggedPath> ReadStorage(
        PoolTables tables, Dictionary<XenRef<XenHost>, Guid> hosts, ImmutableArray<UnreadableFact>.Builder unreadable)
    {
        var (pbds, srs) = (tables.Paths, tables.Storages);
        unreadable.AddRange(pbds.Unreadable.Select(pbd => Unread("PBD", pbd)));
        unreadable.AddRange(srs.Unreadable.Select(sr => Unread("SR", sr)));
        var uuids = srs.ToDictionary(sr => sr.Key, sr => sr.Value.Uuid);
        foreach (var sr in srs.Unreadable.Where(sr => Guid.TryParse(sr.Uuid, out _)))
        {
            // Its uuid is all that the release of a lock needs.
            uuids.TryAdd(sr.Ref, sr.Uuid);
        }

        HostSrs = hosts.ToImmutableDictionary(
            host => host.Value,
            host => pbds.Values.Where(pbd => pbd.Host == host.Key && uuids.ContainsKey(pbd.SR))
                .Select(pbd => uuids[pbd.SR]).Distinct().Order(StringComparer.Ordinal).ToImmutableArray());
        PbdRefs = PathsByUuid(pbds);
        var away = pbds.Where(pair => !pair.Value.CurrentlyAttached && hosts.ContainsKey(pair.Value.Host)
            && srs.TryGetValue(pair.Value.SR, out var sr) && sr.Shared && Guid.TryParse(pair.Value.Uuid, out _)).Select(pair => pair.Value).ToList();
        if (away.Count == 0)
        {
            return [];
        }

        var users = Users(tables);
        return
        [
            .. away.Where(pbd => users.Contains(pbd.SR)).Select(pbd => new UnpluggedPath(
                Guid.Parse(pbd.Uuid), hosts[pbd.Host], srs[pbd.SR].NameLabel, [.. users[pbd.SR].Distinct().Order()])).OrderBy(path => path.Pbd),
        ];
    }

    private static ImmutableDictionary<Guid, XenRef<PBD>> PathsByUuid(RecordTable<PBD, PBDRecord> pbds)
    {
        var refs = ImmutableDictionary.CreateBuilder<Guid, XenRef<PBD>>();
        foreach (var (reference, pbd) in pbds)
        {
            if (Guid.TryParse(pbd.Uuid, out var uuid))
            {
                refs[uuid] = reference;
            }
        }

        return refs.ToImmutable();
    }

    /// <summary>Uuids of the VMs with a disk on each repository.</summary>
    private static ILookup<XenRef<SR>, Guid> Users(PoolTables tables) => tables.Drives.Values
        .Where(disk => !disk.Empty && tables.Images.ContainsKey(disk.VDI) && tables.Vms.TryGetValue(disk.VM, out var vm) && vm.IsOrdinary
            && Guid.TryParse(vm.Uuid, out _))
        .ToLookup(disk => tables.Images[disk.VDI].SR, disk => Guid.Parse(tables.Vms[disk.VM].Uuid));
}
