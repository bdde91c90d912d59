using System.Collections.Immutable;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Machine;

/// <summary>What is known of the peer. All instants are receipts on this host's clock unless said otherwise.</summary>
public sealed record PeerView
{
    /// <summary>Newest accepted heartbeat; null when none in this incarnation.</summary>
    public Heartbeat? Beat { get; init; }

    /// <summary>Receipt of the newest valid heartbeat: evidence only.</summary>
    public Instant? LastHeard { get; init; }

    /// <summary>Receipt of the first heartbeat of the present run: heard since then without a gap longer than the lease.</summary>
    public Instant? HeardSince { get; init; }

    /// <summary>Receipt of the newest heartbeat that proved a round trip. All silence is counted from it.</summary>
    public Instant? LastFresh { get; init; }

    /// <summary>Send time of the newest own heartbeat that the peer says it received. The right to run leans on it.</summary>
    public Instant? LastAcked { get; init; }

    /// <summary>The last fresh heartbeat said that the peer is bound; null when none was fresh in this incarnation.</summary>
    public bool? Bound { get; init; }

    /// <summary>Receipt of the first heartbeat of the peer's present incarnation.</summary>
    public Instant? IncarnationSince { get; init; }

    /// <summary>When the standing attestation of the peer was first heard.</summary>
    public Instant? AttestedSince { get; init; }

    /// <summary>Since when every heartbeat of the peer said that it sees the gateway; null when the newest did not.</summary>
    public Instant? GatewaySince { get; init; }

    /// <summary>Since when every heartbeat of the peer said that its storage is healthy; null when the newest did not.</summary>
    public Instant? StorageSince { get; init; }

    /// <summary>Send time of the newest question that the peer's kernel answered.</summary>
    public Instant? SignOfLife { get; init; }

    /// <summary>Which question that was.</summary>
    public string SignOfLifeKind { get; init; } = "";
}

/// <summary>What is known of the gateway.</summary>
public sealed record GatewayView
{
    /// <summary>Per address: send time of the newest answered probe.</summary>
    public ImmutableArray<Instant?> Answered { get; init; } = [];

    /// <summary>Start of the unbroken time during which the verdict was fresh; null while it is not.</summary>
    public Instant? FreshSince { get; init; }

    /// <summary>Rounds sent since the newest round that was answered by as many addresses as required.</summary>
    public int Unanswered { get; init; }

    /// <summary>Send time of the newest round.</summary>
    public Instant? LastRound { get; init; }
}

/// <summary>A fence under way.</summary>
public sealed record FenceProgress
{
    /// <summary>When it was decided.</summary>
    public required Instant DecidedAt { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>Kill orders under way: command id to domid.</summary>
    public ImmutableSortedDictionary<long, int> Kills { get; init; } = ImmutableSortedDictionary<long, int>.Empty;

    /// <summary>When the newest kill order ended: an older list may show what is gone.</summary>
    public Instant? LastKillEnded { get; init; }

    /// <summary>Id of the order to end the back-ends that no domain is left of; 0 when none is under way.</summary>
    public long BackendsEnd { get; init; }

    /// <summary>Id of the order to kill the toolstack; 0 when none is under way.</summary>
    public long ToolstackKill { get; init; }

    /// <summary>The toolstack was killed for certain, at this time.</summary>
    public Instant? ToolstackDeadAt { get; init; }

    /// <summary>Nothing runs here; the attestation is being made durable.</summary>
    public bool Verified { get; init; }

    /// <summary>The reset was ordered.</summary>
    public bool ResetOrdered { get; init; }
}

/// <summary>A takeover under way; what must survive is in <see cref="TakeoverJournal"/>.</summary>
public sealed record TakeoverProgress
{
    /// <summary>When the leave was given, or the daemon continued it.</summary>
    public required Instant StartedAt { get; init; }

    /// <summary>When the present step was entered.</summary>
    public required Instant StepSince { get; init; }

    /// <summary>Action ids under way in this step, with the VM each is about (empty for none).</summary>
    public ImmutableSortedDictionary<long, Guid> Pending { get; init; } = ImmutableSortedDictionary<long, Guid>.Empty;

    /// <summary>VMs done in this step.</summary>
    public ImmutableHashSet<Guid> DoneVms { get; init; } = [];

    /// <summary>Tries of this step so far.</summary>
    public int Tries { get; init; }

    /// <summary>Not before this time the step is tried again.</summary>
    public Instant RetryAt { get; init; }

    /// <summary>Phase inside the step, counted from 0.</summary>
    public int Phase { get; init; }

    /// <summary>How often the power states were reset in this takeover: a reset that does not last is not tried for ever.</summary>
    public int Resets { get; init; }
}

/// <summary>Attempts to start one VM.</summary>
public sealed record StartAttempt
{
    /// <summary>Starts ordered in a row.</summary>
    public int Tries { get; init; }

    /// <summary>Id of the order under way; 0 when none.</summary>
    public long Pending { get; init; }

    /// <summary>Not before this time it is tried again.</summary>
    public Instant RetryAt { get; init; }

    /// <summary>The next start is ordered on the peer: the newest one here failed.</summary>
    public bool OnPeer { get; init; }

    /// <summary>Given up until something changes; the reason.</summary>
    public string GivenUp { get; init; } = "";

    /// <summary>A start succeeded; the hypervisor's list will show it.</summary>
    public Instant? SucceededAt { get; init; }
}

/// <summary>Care for the own toolstack's role while joining.</summary>
public sealed record RoleProgress
{
    /// <summary>Action under way; 0 when none.</summary>
    public long Pending { get; init; }

    /// <summary>0: idle, 1: killing, 2: writing, 3: starting.</summary>
    public int Phase { get; init; }

    /// <summary>Not before this time it is tried again.</summary>
    public Instant RetryAt { get; init; }
}

/// <summary>A departure under way.</summary>
public sealed record DepartureProgress
{
    /// <summary>When the daemon heard of it.</summary>
    public required Instant Since { get; init; }

    /// <summary>The mastership is waited for until then.</summary>
    public Instant HandOverUntil { get; init; }

    /// <summary>Id of the order to hand it over; 0 when none is under way.</summary>
    public long Pending { get; init; }
}

/// <summary>The boot guard's question and its answer.</summary>
public sealed record GuardProgress
{
    /// <summary>The peer is waited for until then.</summary>
    public required Instant Until { get; init; }

    /// <summary>Id of the order to write the role file; 0 when none is under way.</summary>
    public long Pending { get; init; }

    /// <summary>What will be said when that order succeeds.</summary>
    public string Writing { get; init; } = "";

    /// <summary>What was decided, and why; empty while it is not.</summary>
    public string Said { get; init; } = "";
}

/// <summary>Turns of the loop that were later than the limit.</summary>
public sealed record LatenessView
{
    /// <summary>The newest one; null when there was none.</summary>
    public Instant? At { get; init; }

    /// <summary>How many since the start.</summary>
    public long Count { get; init; }

    /// <summary>The worst since the start.</summary>
    public TimeSpan Worst { get; init; }

    /// <summary>When an event told of it.</summary>
    public Instant? ReportedAt { get; init; }

    /// <summary>How many since that event.</summary>
    public long Unreported { get; init; }

    /// <summary>The worst since that event.</summary>
    public TimeSpan UnreportedWorst { get; init; }
}

/// <summary>When periodic things are due, and what is under way.</summary>
public sealed record Schedule
{
    /// <summary>Next heartbeat.</summary>
    public Instant Heartbeat { get; init; }

    /// <summary>Next gateway probe.</summary>
    public Instant Gateway { get; init; }

    /// <summary>Next question to the peer's kernel.</summary>
    public Instant PeerProbe { get; init; }

    /// <summary>Next reading of the hypervisor.</summary>
    public Instant Domains { get; init; }

    /// <summary>Next reading of the toolstack.</summary>
    public Instant Toolstack { get; init; }

    /// <summary>Next reading of the toolstack with its database.</summary>
    public Instant Database { get; init; }

    /// <summary>Next order to the third party (arbiter, fence agent).</summary>
    public Instant ThirdParty { get; init; }

    /// <summary>Not before this time XAPI's database is copied to the peer again.</summary>
    public Instant Sync { get; init; }

    /// <summary>Next feeding of the watchdog.</summary>
    public Instant Watchdog { get; init; }

    /// <summary>Id of the reading of the hypervisor under way; 0 when none.</summary>
    public long DomainsPending { get; init; }

    /// <summary>When that reading was ordered.</summary>
    public Instant DomainsAskedAt { get; init; }

    /// <summary>Id of the reading of the toolstack under way; 0 when none.</summary>
    public long ToolstackPending { get; init; }

    /// <summary>When that reading was ordered.</summary>
    public Instant ToolstackAskedAt { get; init; }
}

/// <summary>Everything the decision code knows. Immutable.</summary>
public sealed record HaState
{
    /// <summary>True once <see cref="Observation.Started"/> arrived.</summary>
    public bool IsStarted { get; init; }

    /// <summary>HA state.</summary>
    public HaStatus Status { get; init; }

    /// <summary>When it was entered.</summary>
    public Instant StatusSince { get; init; }

    /// <summary>Why it was entered.</summary>
    public string Why { get; init; } = "";

    /// <summary>Start of this incarnation.</summary>
    public Instant StartedAt { get; init; }

    /// <summary>This incarnation.</summary>
    public Incarnation Incarnation { get; init; }

    /// <summary>How the durable state was found.</summary>
    public DurableOrigin Origin { get; init; }

    /// <summary>Durable state as it should be.</summary>
    public DurableState Durable { get; init; } = new();

    /// <summary>Durable state as it is known to be on disk.</summary>
    public DurableState Confirmed { get; init; } = new();

    /// <summary>Newest version given to the disk.</summary>
    public long Writing { get; init; }

    /// <summary>What <see cref="Writing"/> holds.</summary>
    public DurableState BeingWritten { get; init; } = new();

    /// <summary>Why the last write failed; empty when it did not.</summary>
    public string DiskTrouble { get; init; } = "";

    /// <summary>Not before this time a failed write is tried again.</summary>
    public Instant DiskRetryAt { get; init; }

    /// <summary>End of the right that the former daemon of this boot held.</summary>
    public Instant? CarriedLease { get; init; }

    /// <summary>What the watchdog adapter found.</summary>
    public WatchdogFacts Watchdog { get; init; } = new(false, false, "not opened");

    /// <summary>The watchdog was armed by this incarnation.</summary>
    public bool WatchdogArmed { get; init; }

    /// <summary>The newest feeding was of a right without end: when that right ends, the watchdog is armed for longer than the peer waits.</summary>
    public bool FedWithoutEnd { get; init; }

    /// <summary>Late turns of the loop.</summary>
    public LatenessView Lateness { get; init; } = new();

    /// <summary>The peer.</summary>
    public PeerView Peer { get; init; } = new();

    /// <summary>Receipt of the newest heartbeat per link.</summary>
    public ImmutableArray<Instant?> LinkHeard { get; init; } = [];

    /// <summary>The gateway.</summary>
    public GatewayView Gateway { get; init; } = new();

    /// <summary>What runs here; null while the list could not be read in this incarnation.</summary>
    public HypervisorFacts? Domains { get; init; }

    /// <summary>The list that <see cref="RunningIds"/> was made of.</summary>
    internal HypervisorFacts? RunningIdsOf { get; init; }

    /// <summary>Short ids of the guests that run here, ascending.</summary>
    internal System.Collections.Immutable.ImmutableArray<ulong> RunningIds { get; init; } = [];

    /// <summary>When the reading behind <see cref="Domains"/> was ordered.</summary>
    public Instant DomainsAskedAt { get; init; }

    /// <summary>Why the list could not be read; empty when it was. Reported when it changes.</summary>
    public string ListTrouble { get; init; } = "";

    /// <summary>Toolstack as last observed.</summary>
    public ToolstackFacts? Toolstack { get; init; }

    /// <summary>When that observation was ordered: it shows nothing older.</summary>
    public Instant ToolstackAt { get; init; }

    /// <summary>
    /// Since when this host's toolstack can start no VM of its own accord: it was killed, or is the slave of another master.
    /// Null while it may.
    /// </summary>
    public Instant? StandsDownSince { get; init; }

    /// <summary>Database as last read.</summary>
    public DatabaseFacts? Database { get; init; }

    /// <summary>When it was read; null when never.</summary>
    public Instant? DatabaseAt { get; init; }

    /// <summary>Storage of the protected VMs.</summary>
    public Health Storage { get; init; }

    /// <summary>Which storage, and what is wrong with it.</summary>
    public string StorageDetail { get; init; } = "";

    /// <summary>The storage was healthy once in this incarnation: a path that never was may be a mistake of the configuration.</summary>
    public bool StorageProven { get; init; }

    /// <summary>Why lost storage does not fence this host, as it was reported; empty when nothing was.</summary>
    public string StorageRefusal { get; init; } = "";

    /// <summary>End of the arbiter's lease; null when not held.</summary>
    public Instant? ArbiterUntil { get; init; }

    /// <summary>Start of the unbroken time during which the lease was held here; null while it is not.</summary>
    public Instant? ArbiterSince { get; init; }

    /// <summary>When a confirmed "power is off" was asked for; null when none counts.</summary>
    public Instant? PeerPowerOffAt { get; init; }

    /// <summary>The fence agent's name behind <see cref="PeerPowerOffAt"/>.</summary>
    public string PeerPowerOffAgent { get; init; } = "";

    /// <summary>Id of the order to the fence agent that has not ended; 0 when there is none.</summary>
    public long AgentPending { get; init; }

    /// <summary>When an order counts as ended whatever became of it.</summary>
    public Instant AgentRetryAt { get; init; }

    /// <summary>T5: the operator said that the peer is dead; used up by the takeover.</summary>
    public bool OperatorSaysDead { get; init; }

    /// <summary>Fence under way.</summary>
    public FenceProgress? Fence { get; init; }

    /// <summary>Takeover under way.</summary>
    public TakeoverProgress? Takeover { get; init; }

    /// <summary>The departure of this host; null while it is not going down.</summary>
    public DepartureProgress? Departure { get; init; }

    /// <summary>The boot guard's question; null when nobody asked in this incarnation.</summary>
    public GuardProgress? Guard { get; init; }

    /// <summary>Care for the own role.</summary>
    public RoleProgress Role { get; init; } = new();

    /// <summary>VM starts.</summary>
    public ImmutableSortedDictionary<Guid, StartAttempt> Starts { get; init; } =
        ImmutableSortedDictionary<Guid, StartAttempt>.Empty;

    /// <summary>Since when each protected VM runs nowhere.</summary>
    public ImmutableSortedDictionary<Guid, Instant> OrphanSince { get; init; } =
        ImmutableSortedDictionary<Guid, Instant>.Empty;

    /// <summary>When a stop of a VM of the peer was first seen in the database, while it is not known whose wish that is.</summary>
    public ImmutableSortedDictionary<Guid, Instant> StopsSeen { get; init; } =
        ImmutableSortedDictionary<Guid, Instant>.Empty;

    /// <summary>The VM records at the last order to copy XAPI's database to the peer.</summary>
    internal ImmutableArray<VmRecord> SyncedVms { get; init; } = [];

    /// <summary>When the newest attestation was made.</summary>
    public Instant AttestedAt { get; init; }

    /// <summary>Since when both hosts say to be master while only the other may; null when not.</summary>
    public Instant? RoleConflictSince { get; init; }

    /// <summary>Since when a VM stands on both hosts' lists; null while none does.</summary>
    public Instant? DoubleSince { get; init; }

    /// <summary>Since when this host's role and the epoch's master differ without a conflict; null when not.</summary>
    public Instant? RoleChangeSince { get; init; }

    /// <summary>Since when the database shows a VM running here that the hypervisor does not; null when none.</summary>
    public Instant? GhostSince { get; init; }

    /// <summary>When the end of the daemon was asked for; null when not.</summary>
    public Instant? StopAskedAt { get; init; }

    /// <summary>The end was ordered.</summary>
    public bool ExitOrdered { get; init; }

    /// <summary>Last reason that held a takeover back, so that it is reported once.</summary>
    public string LastRefusal { get; init; } = "";

    /// <summary>Newest wall clock, Unix milliseconds; only for "disable until".</summary>
    public long WallUnixMs { get; init; }

    /// <summary>Newest command id.</summary>
    public long LastId { get; init; }

    /// <summary>Newest heartbeat number.</summary>
    public long Sequence { get; init; }

    /// <summary>Content of the last heartbeat without times and numbers; a change is sent at once.</summary>
    public Heartbeat? LastBeat { get; init; }

    /// <summary>Due times.</summary>
    public Schedule Schedule { get; init; } = new();

    /// <summary>The state before <see cref="Observation.Started"/>.</summary>
    public static HaState Initial(LocalConfig config) => new()
    {
        LinkHeard = [.. new Instant?[config.Config.LinkCount]],
        Gateway = new GatewayView { Answered = [.. new Instant?[config.Config.Gateway.Addresses.Length]] },
    };
}
