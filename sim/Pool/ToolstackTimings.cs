namespace TwoNodeHa.Sim.Pool;

/// <summary>A duration drawn evenly from a range by the seeded source of the host.</summary>
public readonly record struct DurationRange(TimeSpan Min, TimeSpan Max)
{
    public static DurationRange Seconds(double min, double max) =>
        new(TimeSpan.FromSeconds(min), TimeSpan.FromSeconds(max));

    public TimeSpan Draw(Random random) => Max == Min ? Min : Min + ((Max - Min) * random.NextDouble());

    /// <summary>The range of one value drawn from this one.</summary>
    public DurationRange Fixed(Random random)
    {
        var drawn = TimeSpan.FromTicks(Draw(random).Ticks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond);
        return new DurationRange(drawn, drawn);
    }
}

/// <summary>Every duration of the emulated toolstack. The names follow XAPI's settings where there is one.</summary>
public sealed record ToolstackTimings
{
    /// <summary>Dispatch and execution of an ordinary call.</summary>
    public required DurationRange Call { get; init; }

    /// <summary>Process start until the unix socket is bound (xapi.md 4.4 step 1).</summary>
    public required DurationRange ProcessStart { get; init; }

    /// <summary>Loading state.db and the first garbage collection (step 2).</summary>
    public required DurationRange DatabaseLoad { get; init; }

    /// <summary>Management interface and TCP listener (step 4).</summary>
    public required DurationRange NetworkStart { get; init; }

    /// <summary>Plugging storage (step 7): the long part of a start.</summary>
    public required DurationRange PlugStorage { get; init; }

    /// <summary>Comparing xenopsd with the database (step 8).</summary>
    public required DurationRange Reconcile { get; init; }

    /// <summary>Exit after a role change: max(5, 10 - time spent saving archives).</summary>
    public required DurationRange Fuse { get; init; }

    /// <summary>systemd's RestartSec.</summary>
    public required TimeSpan ServiceRestart { get; init; }

    /// <summary>systemd's patience with host-shutdown-agent before it kills.</summary>
    public required TimeSpan ServiceStopLimit { get; init; }

    /// <summary>A member's retry of hello after a temporary error.</summary>
    public required TimeSpan HelloRetry { get; init; }

    /// <summary>permanent_master_failure_retry_interval.</summary>
    public required TimeSpan HelloRetryPermanent { get; init; }

    /// <summary>emergency_reboot_delay: base plus random extra.</summary>
    public required DurationRange EmergencyRestart { get; init; }

    /// <summary>Limit on the first database synchronisation of a member.</summary>
    public required TimeSpan FirstSyncLimit { get; init; }

    /// <summary>host_heartbeat_interval.</summary>
    public required TimeSpan Heartbeat { get; init; }

    /// <summary>db_GC_TIMER.</summary>
    public required TimeSpan Collector { get; init; }

    /// <summary>host_assumed_dead_interval.</summary>
    public required TimeSpan AssumedDead { get; init; }

    /// <summary>pool_db_sync_interval.</summary>
    public required TimeSpan DatabaseSync { get; init; }

    /// <summary>How long the master gathers changes before it writes state.db.</summary>
    public required TimeSpan DatabaseFlush { get; init; }

    /// <summary>master_connection_reset_timeout: a silent database link is cut after this.</summary>
    public required TimeSpan LinkWatchdog { get; init; }

    /// <summary>First and largest delay between reconnections of the database link; doubles in between.</summary>
    public required DurationRange LinkRetry { get; init; }

    /// <summary>Delay between attempts to forward a call.</summary>
    public required TimeSpan ForwardRetry { get; init; }

    /// <summary>Attempts of the master to reach a member before CANNOT_CONTACT_HOST.</summary>
    public required int ForwardAttemptsMax { get; init; }

    /// <summary>Connect limit towards a host that drops packets.</summary>
    public required TimeSpan ConnectLimit { get; init; }

    public required DurationRange VmStart { get; init; }

    public required DurationRange VmHardShutdown { get; init; }

    public required DurationRange VmCleanShutdown { get; init; }

    public required DurationRange VmMigrate { get; init; }

    /// <summary>Random wait of an operation that collides with another one.</summary>
    public required DurationRange BusyRetry { get; init; }

    /// <summary>After this a colliding operation ends with OTHER_OPERATION_IN_PROGRESS.</summary>
    public required TimeSpan BusyLimit { get; init; }

    /// <summary>10resetvdis, per SR.</summary>
    public required DurationRange ResetVdis { get; init; }

    /// <summary>designate_new_master between the database copy and the commit.</summary>
    public required DurationRange Designate { get; init; }

    /// <summary>Orderly host.shutdown and host.reboot begin this long after the call.</summary>
    public required TimeSpan HostPowerDelay { get; init; }

    /// <summary>host.shutdown_agent exits, host.restart_agent restarts this long after the call.</summary>
    public required TimeSpan AgentExit { get; init; }

    /// <summary>Penalty for a wrong password.</summary>
    public required TimeSpan WrongPassword { get; init; }

    /// <summary>Batching delay of event.from.</summary>
    public required TimeSpan EventBatch { get; init; }

    /// <summary>Numbers of xapi.md 4.3, 4.4, 5.1, 5.2 and 6.3.</summary>
    public static ToolstackTimings Realistic { get; } = new()
    {
        Call = DurationRange.Seconds(0.001, 0.020),
        ProcessStart = DurationRange.Seconds(0.5, 1.5),
        DatabaseLoad = DurationRange.Seconds(1, 3),
        NetworkStart = DurationRange.Seconds(2, 6),
        PlugStorage = DurationRange.Seconds(14, 55),
        Reconcile = DurationRange.Seconds(2, 8),
        Fuse = DurationRange.Seconds(5, 10),
        ServiceRestart = TimeSpan.FromMilliseconds(100),
        ServiceStopLimit = TimeSpan.FromSeconds(60),
        HelloRetry = TimeSpan.FromSeconds(5),
        HelloRetryPermanent = TimeSpan.FromSeconds(60),
        EmergencyRestart = DurationRange.Seconds(60, 180),
        FirstSyncLimit = TimeSpan.FromSeconds(10),
        Heartbeat = TimeSpan.FromSeconds(30),
        Collector = TimeSpan.FromSeconds(30),
        AssumedDead = TimeSpan.FromSeconds(600),
        DatabaseSync = TimeSpan.FromSeconds(300),
        DatabaseFlush = TimeSpan.FromSeconds(2),
        LinkWatchdog = TimeSpan.FromSeconds(120),
        LinkRetry = DurationRange.Seconds(2, 256),
        ForwardRetry = TimeSpan.FromSeconds(10),
        ForwardAttemptsMax = 10,
        ConnectLimit = TimeSpan.FromSeconds(10),
        VmStart = DurationRange.Seconds(3, 30),
        VmHardShutdown = DurationRange.Seconds(1, 4),
        VmCleanShutdown = DurationRange.Seconds(5, 30),
        VmMigrate = DurationRange.Seconds(5, 30),
        BusyRetry = DurationRange.Seconds(1, 20),
        BusyLimit = TimeSpan.FromHours(2),
        ResetVdis = DurationRange.Seconds(0.5, 3),
        Designate = DurationRange.Seconds(3, 15),
        HostPowerDelay = TimeSpan.FromSeconds(10),
        AgentExit = TimeSpan.FromSeconds(1),
        WrongPassword = TimeSpan.FromSeconds(5),
        EventBatch = TimeSpan.FromMilliseconds(50),
    };

    /// <summary>The same order of events, compressed for tests and labs: a master start takes about one second.</summary>
    public static ToolstackTimings Fast { get; } = new()
    {
        Call = DurationRange.Seconds(0.001, 0.003),
        ProcessStart = DurationRange.Seconds(0.1, 0.15),
        DatabaseLoad = DurationRange.Seconds(0.1, 0.15),
        NetworkStart = DurationRange.Seconds(0.15, 0.2),
        PlugStorage = DurationRange.Seconds(0.35, 0.45),
        Reconcile = DurationRange.Seconds(0.1, 0.15),
        Fuse = DurationRange.Seconds(0.25, 0.35),
        ServiceRestart = TimeSpan.FromMilliseconds(50),
        ServiceStopLimit = TimeSpan.FromSeconds(3),
        HelloRetry = TimeSpan.FromMilliseconds(300),
        HelloRetryPermanent = TimeSpan.FromSeconds(3),
        EmergencyRestart = DurationRange.Seconds(3, 6),
        FirstSyncLimit = TimeSpan.FromSeconds(2),
        Heartbeat = TimeSpan.FromSeconds(1),
        Collector = TimeSpan.FromSeconds(1),
        AssumedDead = TimeSpan.FromSeconds(20),
        DatabaseSync = TimeSpan.FromSeconds(10),
        DatabaseFlush = TimeSpan.FromMilliseconds(200),
        LinkWatchdog = TimeSpan.FromSeconds(6),
        LinkRetry = DurationRange.Seconds(0.2, 5),
        ForwardRetry = TimeSpan.FromMilliseconds(500),
        ForwardAttemptsMax = 10,
        ConnectLimit = TimeSpan.FromSeconds(1),
        VmStart = DurationRange.Seconds(0.25, 0.35),
        VmHardShutdown = DurationRange.Seconds(0.1, 0.2),
        VmCleanShutdown = DurationRange.Seconds(0.3, 0.6),
        VmMigrate = DurationRange.Seconds(0.4, 0.8),
        BusyRetry = DurationRange.Seconds(0.1, 0.5),
        BusyLimit = TimeSpan.FromMinutes(2),
        ResetVdis = DurationRange.Seconds(0.05, 0.1),
        Designate = DurationRange.Seconds(0.2, 0.4),
        HostPowerDelay = TimeSpan.FromMilliseconds(500),
        AgentExit = TimeSpan.FromMilliseconds(100),
        WrongPassword = TimeSpan.FromMilliseconds(200),
        EventBatch = TimeSpan.FromMilliseconds(10),
    };

    /// <summary>
    /// The short times of <see cref="Fast"/> for what somebody waits for, the real intervals of what merely recurs: a
    /// simulated day is cheap, and a failover is not drowned in the start of a toolstack.
    /// </summary>
    public static ToolstackTimings Simulated { get; } = Fast with
    {
        Heartbeat = Realistic.Heartbeat,
        Collector = Realistic.Collector,
        AssumedDead = Realistic.AssumedDead,
        DatabaseSync = Realistic.DatabaseSync,
        DatabaseFlush = Realistic.DatabaseFlush,
    };

    /// <summary>Every range drawn once: one toolstack that is always as fast or as slow as this.</summary>
    public ToolstackTimings Drawn(Random random) => this with
    {
        Call = Call.Fixed(random),
        ProcessStart = ProcessStart.Fixed(random),
        DatabaseLoad = DatabaseLoad.Fixed(random),
        NetworkStart = NetworkStart.Fixed(random),
        PlugStorage = PlugStorage.Fixed(random),
        Reconcile = Reconcile.Fixed(random),
        Fuse = Fuse.Fixed(random),
        EmergencyRestart = EmergencyRestart.Fixed(random),
        LinkRetry = LinkRetry.Fixed(random),
        VmStart = VmStart.Fixed(random),
        VmHardShutdown = VmHardShutdown.Fixed(random),
        VmCleanShutdown = VmCleanShutdown.Fixed(random),
        VmMigrate = VmMigrate.Fixed(random),
        BusyRetry = BusyRetry.Fixed(random),
        ResetVdis = ResetVdis.Fixed(random),
        Designate = Designate.Fixed(random),
    };
}
