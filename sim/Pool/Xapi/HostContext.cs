using TwoNodeHa.Sim.Pool.Data;
using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Pool.Xapi;

/// <summary>What outlives a process of xapi on its host: disks, hypervisor, network, faults, timing.</summary>
internal sealed class HostContext
{
    public const string InitCookie = "init-complete.cookie";
    public const string StateDb = "state.db";
    private const string VersionFile = "xapi-version";

    private readonly Random _random;
    private readonly Action<PoolEvent> _log;

    public HostContext(ToolstackSetup setup)
    {
        Definition = setup.Pool.Host(setup.HostName);
        Pool = setup.Pool;
        Scheduler = setup.Scheduler;
        Timings = setup.Timings;
        Disk = setup.Disk;
        Storage = setup.Storage;
        Peer = setup.Peer;
        Power = setup.Power;
        Xenopsd = new Xenopsd(Definition.Uuid, setup.Domains, setup.Storage, setup.Scheduler) { MachineMib = Definition.MemoryMib };
        _random = new Random(setup.Seed);
        _log = setup.Log;
    }

    public HostDefinition Definition { get; }

    public PoolDefinition Pool { get; }

    public IScheduler Scheduler { get; }

    public ToolstackTimings Timings { get; }

    public IHostDisk Disk { get; }

    public ISharedStorage Storage { get; }

    public IPeerToolstack Peer { get; }

    public IHostPower Power { get; }

    public Xenopsd Xenopsd { get; }

    public ToolstackFaults Faults { get; } = new();

    public string HostRef => Database.RefOf("host", Definition.Uuid);

    public string Address => Definition.Address;

    /// <summary>VMs whose domain leaves by migration: its end is no crash.</summary>
    public HashSet<string> MigratingOut { get; } = new(StringComparer.Ordinal);

    /// <summary>How long a migration from here copies memory; null: as the timings say.</summary>
    public TimeSpan? MigrationTime { get; set; }

    /// <summary>So long after a start the guest's agent reports; null: guests have none.</summary>
    public TimeSpan? AgentTime { get; set; }

    /// <summary>Uuids of VMs without an agent.</summary>
    public ISet<string> SilentAgents { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>The sockets of the process appeared or went away.</summary>
    public Action ListeningChanged { get; set; } = static () => { };

    /// <summary>host.restart_agent: xe-toolstack-restart.</summary>
    public Action RestartService { get; set; } = static () => { };

    /// <summary>host.shutdown and host.reboot: the operating system's orderly way, see xapi.md 8.4.</summary>
    public Action<bool> OrderlyPower { get; set; } = static _ => { };

    public TimeSpan Draw(DurationRange range) => range.Draw(_random);

    /// <summary>What is installed: the next process of xapi is of that version, and no running one changes.</summary>
    public string InstalledVersion
    {
        get => Disk.Read(VersionFile) ?? Versions.First;
        set => Disk.Write(VersionFile, value);
    }

    public Role ReadRole() => Role.Parse(Disk.Read(Role.FileName));

    /// <summary>An unpredictable reference, repeatable for a seed.</summary>
    public string NewRef()
    {
        Span<byte> bytes = stackalloc byte[16];
        _random.NextBytes(bytes);
        return "OpaqueRef:" + new Guid(bytes);
    }

    public void Log(string name, params (string Key, string Value)[] fields) =>
        _log(new PoolEvent(Definition.Name, name, fields));
}

/// <summary>local.db: facts of this host that no pool database knows.</summary>
internal sealed class LocalDatabase
{
    private const string FileName = "local.db";

    private readonly IHostDisk _disk;
    private readonly SortedDictionary<string, string> _entries = new(StringComparer.Ordinal);

    private LocalDatabase(IHostDisk disk) => _disk = disk;

    /// <summary>Native HA is armed on this host.</summary>
    public bool HaArmed
    {
        get => Get("ha.armed");
        set => Set("ha.armed", value);
    }

    public bool JustBecameMaster
    {
        get => Get("this_node_just_became_master");
        set => Set("this_node_just_became_master", value);
    }

    public bool DisabledUntilReboot
    {
        get => Get("host_disabled_until_reboot");
        set => Set("host_disabled_until_reboot", value);
    }

    /// <summary>host.disable with auto_enable=false: stays disabled over restarts.</summary>
    public bool DisabledIndefinitely
    {
        get => Get("host_auto_enable_off");
        set => Set("host_auto_enable_off", value);
    }

    public static LocalDatabase Load(IHostDisk disk)
    {
        var database = new LocalDatabase(disk);
        foreach (string line in (disk.Read(FileName) ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] pair = line.Split('=', 2);
            database._entries[pair[0]] = pair.Length > 1 ? pair[1] : "";
        }

        return database;
    }

    private bool Get(string key) => _entries.GetValueOrDefault(key) == "true";

    private void Set(string key, bool value)
    {
        _entries[key] = value ? "true" : "false";
        _disk.Write(FileName, string.Concat(_entries.Select(pair => $"{pair.Key}={pair.Value}\n")));
    }
}
