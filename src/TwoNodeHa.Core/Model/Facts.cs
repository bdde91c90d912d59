using System.Collections.Immutable;

namespace TwoNodeHa.Core.Model;

/// <summary>XAPI's role of a host, as its role file says (pool_role.ml).</summary>
public enum PoolRole
{
    /// <summary>The file could not be read.</summary>
    Unknown = 0,

    /// <summary><c>master</c>.</summary>
    Master = 1,

    /// <summary><c>slave:ADDRESS</c>.</summary>
    Slave = 2,

    /// <summary><c>broken</c>, or anything XAPI does not understand.</summary>
    Broken = 3,
}

/// <summary>Power state of a VM in XAPI's database; a belief, never the truth.</summary>
public enum VmPowerState
{
    /// <summary>Not known.</summary>
    Unknown = 0,

    /// <summary>Halted.</summary>
    Halted = 1,

    /// <summary>Paused.</summary>
    Paused = 2,

    /// <summary>Running.</summary>
    Running = 3,

    /// <summary>Suspended.</summary>
    Suspended = 4,
}

/// <summary>How hard a protected VM is kept running (VM.ha_restart_priority).</summary>
public enum RestartPriority
{
    /// <summary>Not marked in XAPI.</summary>
    None = 0,

    /// <summary><c>best-effort</c>: after all others, if memory is left.</summary>
    BestEffort = 1,

    /// <summary><c>restart</c>.</summary>
    Restart = 2,
}

/// <summary>One VM of the pool as XAPI's database describes it.</summary>
public sealed record VmFact
{
    /// <summary>VM.uuid.</summary>
    public required Guid Uuid { get; init; }

    /// <summary>VM.name_label.</summary>
    public required string Name { get; init; }

    /// <summary>VM.power_state.</summary>
    public required VmPowerState PowerState { get; init; }

    /// <summary>Uuid of VM.resident_on; empty when null.</summary>
    public Guid ResidentOn { get; init; }

    /// <summary>VM.ha_restart_priority.</summary>
    public RestartPriority Priority { get; init; }

    /// <summary>HA-Lizard's custom field; null when absent.</summary>
    public bool? LizardMark { get; init; }

    /// <summary>VM.order; lower starts first.</summary>
    public int Order { get; init; }

    /// <summary>
    /// The guest's agent has reported since the VM was started: VM.guest_metrics is not null (each start clears it first,
    /// xapi_vm.ml).
    /// </summary>
    public bool AgentReports { get; init; }

    /// <summary>VM.start_delay.</summary>
    public TimeSpan StartDelay { get; init; }

    /// <summary>Its memory.</summary>
    public VmMemory Memory { get; init; }

    /// <summary>What it needs of a host besides memory.</summary>
    public VmDevices Devices { get; init; } = VmDevices.None;

    /// <summary>Uuid of its vApp (VM.appliance); empty when it is in none.</summary>
    public Guid Appliance { get; init; }

    /// <summary>VM.shutdown_delay: how long a clean shutdown may take; zero for XAPI's own bound.</summary>
    public TimeSpan ShutdownDelay { get; init; }

    /// <summary>Host that an operation under way will put it on (VM.scheduled_to_be_resident_on): memory is taken there already.</summary>
    public Guid ScheduledOn { get; init; }

    /// <summary>other_config:auto_poweron is set: where the pool has it too, XAPI starts the VM at the boot of a host.</summary>
    public bool AutoPowerOn { get; init; }

    /// <summary>An operation that an administrator asked for (shutdown, suspend) is in VM.current_operations.</summary>
    public bool StopRequested { get; init; }

    /// <summary>An operation that ends with the VM running on some host (start, resume, migration) is in VM.current_operations.</summary>
    public bool StartUnderWay { get; init; }

    /// <summary>VM.blocked_operations: names of operations, as XAPI compares them, each with the administrator's text.</summary>
    public ImmutableSortedDictionary<string, string> Blocked { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>What XAPI has in VM.ha_restart_priority where it is neither a known word nor empty; else empty.</summary>
    public string UnknownPriority { get; init; } = "";

    /// <summary>The database shows it on a host, or on its way there: it takes memory there.</summary>
    public bool IsShownOn(Guid host) => ScheduledOn == host || (ResidentOn == host && PowerState is VmPowerState.Running or VmPowerState.Paused);
}

/// <summary>A path from a host to a shared storage repository that is not plugged (PBD.currently_attached).</summary>
/// <param name="Pbd">PBD.uuid.</param>
/// <param name="Host">Uuid of the host.</param>
/// <param name="Name">Name of the repository.</param>
/// <param name="Vms">VMs with a disk in it, ascending.</param>
public sealed record UnpluggedPath(Guid Pbd, Guid Host, string Name, ImmutableArray<Guid> Vms);

/// <summary>What XAPI's database says; absent while the database cannot be reached.</summary>
public sealed record DatabaseFacts
{
    /// <summary>Pool.ha_enabled: the platform's own HA is on.</summary>
    public required bool NativeHaEnabled { get; init; }

    /// <summary>Uuid of Pool.master.</summary>
    public required Guid Master { get; init; }

    /// <summary>Uuids of all hosts in the database, ascending.</summary>
    public required ImmutableArray<Guid> Hosts { get; init; }

    /// <summary>Hosts that are enabled (Host.enabled), ascending.</summary>
    public required ImmutableArray<Guid> EnabledHosts { get; init; }

    /// <summary>Free memory of this host for new VMs, bytes (host.compute_free_memory); -1 when not read.</summary>
    public long FreeMemoryBytes { get; init; } = -1;

    /// <summary>The hosts with what matters of them, ordered by uuid; a host whose record cannot be read is missing.</summary>
    public ImmutableArray<HostFact> HostFacts { get; init; } = [];

    /// <summary>Storage repositories on which VMs have drives, ordered by uuid.</summary>
    public ImmutableArray<StorageFact> Storages { get; init; } = [];

    /// <summary>Networks of VMs, ordered by uuid.</summary>
    public ImmutableArray<NetworkFact> Networks { get; init; } = [];

    /// <summary>vApps, ordered by uuid.</summary>
    public ImmutableArray<ApplianceFact> Appliances { get; init; } = [];

    /// <summary>Pool.other_config:auto_poweron: XAPI starts VMs that ask for it by itself.</summary>
    public bool AutoPowerOn { get; init; }

    /// <summary>A rolling upgrade of the pool is under way (Pool.other_config:rolling_upgrade_in_progress).</summary>
    public bool RollingUpgrade { get; init; }

    /// <summary>What this host's own record holds of the HA state of its daemon (Host.other_config); null when nothing.</summary>
    public MirroredState? Mirrored { get; init; }

    /// <summary>Paths to shared storage that are not plugged, and hold disks of VMs; ordered by uuid.</summary>
    public ImmutableArray<UnpluggedPath> Unplugged { get; init; } = [];

    /// <summary>All VMs that are no template, snapshot or control domain, ordered by uuid.</summary>
    public required ImmutableArray<VmFact> Vms { get; init; }

    /// <summary>Records that could not be read; nothing is known of them by this reading, which is not that they are gone.</summary>
    public ImmutableArray<UnreadableFact> Unreadable { get; init; } = [];
}

/// <summary>A record of the toolstack's database that could not be read.</summary>
/// <param name="Class">XAPI's class: <c>VM</c>, <c>host</c>, <c>SR</c> or <c>PBD</c>.</param>
/// <param name="Uuid">Its uuid; empty when that could not be read either.</param>
/// <param name="Name">Name, or else reference: what an administrator finds it by.</param>
/// <param name="Reason">Which field, and what is wrong with it.</param>
public sealed record UnreadableFact(string Class, Guid Uuid, string Name, string Reason);

/// <summary>The process behind the toolstack's socket: another one after each start, for the socket is made anew (xapi.md 1.1).</summary>
/// <param name="Pid">The process that listens, as the kernel tells it to who connects.</param>
/// <param name="Since">When its socket was made, in ticks of any clock; told apart, never counted with.</param>
public readonly record struct ToolstackListener(long Pid, long Since);

/// <summary>One observation of the local toolstack.</summary>
public sealed record ToolstackFacts
{
    /// <summary>The process accepts connections on its socket.</summary>
    public required bool Running { get; init; }

    /// <summary>Its process lives, listening or not: one that does not listen yet is starting.</summary>
    public bool ProcessAlive { get; init; }

    /// <summary>It answered a local call within the bound, or was not <see cref="Asked"/> and picks up.</summary>
    public required bool Answers { get; init; }

    /// <summary>
    /// A question was put to it. False: it was seen to pick up, and is the process that answered before
    /// (<see cref="Contract.Command.ReadToolstack.Known"/>).
    /// </summary>
    public bool Asked { get; init; } = true;

    /// <summary>Whose socket it is; null when that is not known.</summary>
    public ToolstackListener? Listener { get; init; }

    /// <summary>host.is_in_emergency_mode.</summary>
    public bool Emergency { get; init; }

    /// <summary>
    /// The reason of emergency mode is that this host is newer than its master (HOST_XAPI_VERSION_HIGHER_THAN_COORDINATOR): XAPI does not
    /// start it, and asks again every minute.
    /// </summary>
    public bool TooNew { get; init; }

    /// <summary>The ready file is there: start-up was completed.</summary>
    public bool InitComplete { get; init; }

    /// <summary>Role file, which the process reads once at its start.</summary>
    public PoolRole RoleFile { get; init; }

    /// <summary>Address behind <c>slave:</c>; empty for a master.</summary>
    public string MasterAddress { get; init; } = "";

    /// <summary>The database, when it was reached; it is read less often than the rest.</summary>
    public DatabaseFacts? Database { get; init; }

    /// <summary>Why something was not reached; empty when all was.</summary>
    public string Trouble { get; init; } = "";
}

/// <summary>What the watchdog adapter found when it opened the device.</summary>
/// <param name="Present">A watchdog is there and usable.</param>
/// <param name="TimeoutPerFeeding">It takes a timeout with every feeding.</param>
/// <param name="Description">Device, driver and who else holds it.</param>
public sealed record WatchdogFacts(bool Present, bool TimeoutPerFeeding, string Description)
{
    /// <summary>Its own timeout, whole seconds, when it takes none per feeding; null when it does, or does not tell.</summary>
    public TimeSpan? FixedTimeout { get; init; }

    /// <summary>A fault that it does not guard against, or what it does besides; empty when there is none.</summary>
    public string Weakness { get; init; } = "";

    /// <summary>
    /// It was running when this daemon looked: a former daemon armed it, and unless it is fed it resets this host at the end
    /// of that daemon's lease plus the kill bound, which the peer counts on.
    /// </summary>
    public bool Running { get; init; }

    /// <summary>It says itself that it runs. A kernel without the watchdog class in sysfs does not tell, and counts as <see cref="Running"/> only.</summary>
    public bool SaysRunning { get; init; }
}
