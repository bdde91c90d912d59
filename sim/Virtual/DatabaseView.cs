using System.Collections.Immutable;
using System.Text.Json.Nodes;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool.Data;
using TwoNodeHa.Sim.Pool.Xapi;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>XAPI's records as the daemon wants them; read again only when the database changed.</summary>
internal sealed class DatabaseView
{
    /// <summary>HA-Lizard's custom field.</summary>
    internal const string LizardField = "XenCenter.CustomFields.ha-lizard-enabled";

    private Database? _database;
    private long _generation;
    private DatabaseFacts? _facts;

    /// <summary>The facts, or null while the database holds no pool yet.</summary>
    public DatabaseFacts? Read(Database database, Guid self, MirroredState? mirrored)
    {
        if (!ReferenceEquals(database, _database) || database.Generation != _generation)
        {
            (_database, _generation) = (database, database.Generation);
            _facts = Build(database, self) is { } facts ? facts with { Mirrored = mirrored } : null;
        }

        return _facts;
    }

    /// <summary>What was read last is what the database holds now.</summary>
    public bool IsCurrent(Database database, DatabaseFacts? known) =>
        ReferenceEquals(database, _database) && database.Generation == _generation && ReferenceEquals(known, _facts);

    private static DatabaseFacts? Build(Database database, Guid self)
    {
        if (database.All("pool").Count == 0 || database.All("host").Count == 0)
        {
            return null;
        }

        var pool = database.Pool();
        var hosts = database.All("host").ToDictionary(row => row.Ref, row => Guid.Parse(row.Uuid), StringComparer.Ordinal);
        var own = database.All("host").FirstOrDefault(row => row.Uuid == self.ToString());
        return new DatabaseFacts
        {
            NativeHaEnabled = pool.Flag("ha_enabled"),
            Master = hosts.GetValueOrDefault(pool.Text("master")),
            Hosts = [.. hosts.Values.Order()],
            EnabledHosts = [.. database.All("host").Where(row => row.Flag("enabled")).Select(row => hosts[row.Ref]).Order()],
            FreeMemoryBytes = own is null ? -1 : MemoryCheck.Free(database, own),
            HostFacts = PlacementView.Hosts(database, hosts),
            Storages = PlacementView.Storages(database, hosts),
            Networks = PlacementView.Networks(database, hosts),
            AutoPowerOn = pool.Entry("other_config", "auto_poweron") == "true",
            RollingUpgrade = Versions.IsUpgrading(database),
            Unplugged = Unplugged(database, hosts),
            Vms = [.. database.All("VM").Where(IsGuest).Select(row => Vm(database, row, hosts)).OrderBy(vm => vm.Uuid)],
        };
    }

    private static ImmutableArray<UnpluggedPath> Unplugged(Database database, Dictionary<string, Guid> hosts)
    {
        var away = database.All("PBD").Where(pbd => !pbd.Flag("currently_attached") && database.Get("SR", pbd.Text("SR")).Flag("shared")).ToList();
        return away.Count == 0 ? [] : [.. away.Select(pbd => Path(database, pbd, hosts)).Where(path => !path.Vms.IsEmpty).OrderBy(path => path.Pbd)];
    }

    private static UnpluggedPath Path(Database database, Row pbd, Dictionary<string, Guid> hosts)
    {
        var sr = database.Get("SR", pbd.Text("SR"));
        var vms = database.All("VM").Where(IsGuest).Where(vm => VmPlacement.StorageOf(database, vm).Any(row => row.Ref == sr.Ref));
        return new UnpluggedPath(Guid.Parse(pbd.Uuid), hosts.GetValueOrDefault(pbd.Text("host")), sr.Text("name_label"), [.. vms.Select(vm => Guid.Parse(vm.Uuid)).Order()]);
    }

    internal static bool IsGuest(Row vm) => !vm.Flag("is_a_template") && !vm.Flag("is_a_snapshot") && !vm.Flag("is_control_domain");

    private static VmFact Vm(Database database, Row vm, Dictionary<string, Guid> hosts) => new()
    {
        Uuid = Guid.Parse(vm.Uuid),
        Name = vm.Text("name_label"),
        PowerState = Enum.Parse<VmPowerState>(vm.Text("power_state")),
        ResidentOn = hosts.GetValueOrDefault(vm.Text("resident_on")),
        Priority = vm.Text("ha_restart_priority") switch
        {
            "restart" => RestartPriority.Restart,
            "best-effort" => RestartPriority.BestEffort,
            _ => RestartPriority.None,
        },
        Order = (int)vm.Number("order"),
        LizardMark = vm.Entry("other_config", LizardField) switch { "true" => true, "false" => false, _ => null },
        AgentReports = vm.Text("guest_metrics") != Database.NullRef,
        StartDelay = TimeSpan.FromSeconds(Math.Clamp(vm.Number("start_delay"), 0, 3600)),
        ScheduledOn = hosts.GetValueOrDefault(vm.Text("scheduled_to_be_resident_on")),
        Memory = PlacementView.MemoryOf(vm),
        Devices = PlacementView.DevicesOf(database, vm),
        AutoPowerOn = vm.Entry("other_config", "auto_poweron") == "true",
        StopRequested = vm["current_operations"] is JsonObject operations && operations.Any(pair =>
            (string?)pair.Value is "clean_shutdown" or "hard_shutdown" or "shutdown" or "suspend"),
        StartUnderWay = vm["current_operations"] is JsonObject starting && starting.Any(pair =>
            (string?)pair.Value is "start" or "start_on" or "resume" or "resume_on" or "pool_migrate" or "migrate_send"),
        Blocked = vm.Keys("blocked_operations").ToImmutableSortedDictionary(key => key, key => vm.Entry("blocked_operations", key) ?? "", StringComparer.Ordinal),
    };
}
