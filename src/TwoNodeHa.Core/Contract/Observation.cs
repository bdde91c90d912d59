using System.Collections.Immutable;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Contract;

/// <summary>How the durable state was found at start.</summary>
public enum DurableOrigin
{
    /// <summary>No file: a first start.</summary>
    Missing = 0,

    /// <summary>Read and verified.</summary>
    Intact = 1,

    /// <summary>Torn, corrupt or of an unknown format: treated as fenced, never as "may run".</summary>
    Corrupt = 2,

    /// <summary>No file, although HA was enabled here once: lost. Treated as <see cref="Corrupt"/>, in this boot and in any later one.</summary>
    Lost = 3,
}

/// <summary>How an ordered action ended.</summary>
public enum ActionOutcome
{
    /// <summary>Done, and the answer said so.</summary>
    Succeeded = 0,

    /// <summary>Refused or failed for certain; nothing happened.</summary>
    Failed = 1,

    /// <summary>Deadline or lost answer: it may have happened, or may happen later.</summary>
    Unknown = 2,
}

/// <summary>A fact that an adapter reports. Closed set: each kind is handled by <see cref="Machine.HaMachine"/>.</summary>
public abstract record Observation
{
    private Observation()
    {
    }

    /// <summary>The first observation of an incarnation.</summary>
    /// <param name="Durable">State from disk, or a new one.</param>
    /// <param name="Origin">How it was found.</param>
    /// <param name="Nonce">Random value for this incarnation.</param>
    /// <param name="CarriedLease">End of the right that the former daemon of the same boot recorded; null when none.</param>
    /// <param name="Watchdog">What the watchdog adapter found.</param>
    public sealed record Started(
        DurableState Durable,
        DurableOrigin Origin,
        ulong Nonce,
        Instant? CarriedLease,
        WatchdogFacts Watchdog) : Observation;

    /// <summary>Time passed.</summary>
    /// <param name="WallUnixMs">Wall clock, Unix milliseconds; used only for "disable until".</param>
    public sealed record Ticked(long WallUnixMs) : Observation;

    /// <summary>An authenticated heartbeat arrived.</summary>
    /// <param name="Link">Index of the link: <see cref="Config.HaConfig.LinkName"/>.</param>
    /// <param name="Beat">The heartbeat.</param>
    public sealed record HeartbeatReceived(int Link, Heartbeat Beat) : Observation;

    /// <summary>A gateway address answered a probe.</summary>
    /// <param name="Address">Index in <see cref="Config.GatewayConfig.Addresses"/>.</param>
    /// <param name="SentAt">When the answered probe was sent, on this host's clock.</param>
    public sealed record GatewayAnswered(int Address, Instant SentAt) : Observation;

    /// <summary>The peer's kernel showed a sign of life that is weaker than a heartbeat.</summary>
    /// <param name="Kind">ICMP, ARP or TCP, and on which network.</param>
    /// <param name="SentAt">When the answered question was sent.</param>
    public sealed record PeerAnswered(string Kind, Instant SentAt) : Observation;

    /// <summary>Answer to <see cref="Command.ListDomains"/>.</summary>
    /// <param name="Id">Id of the command.</param>
    /// <param name="Facts">What runs here; null when the list could not be read.</param>
    /// <param name="Trouble">Why it could not be read.</param>
    public sealed record DomainsListed(long Id, HypervisorFacts? Facts, string Trouble) : Observation;

    /// <summary>Answer to <see cref="Command.ReadToolstack"/>.</summary>
    /// <param name="Id">Id of the command.</param>
    /// <param name="Facts">What was seen.</param>
    public sealed record ToolstackObserved(long Id, ToolstackFacts Facts) : Observation;

    /// <summary>The database changed, or was read again (events of the toolstack).</summary>
    /// <param name="Facts">The whole content that matters.</param>
    public sealed record DatabaseObserved(DatabaseFacts Facts) : Observation
    {
        /// <summary>When that reading began: it shows nothing that happened later. Null: now.</summary>
        public Instant? AskedAt { get; init; }
    }

    /// <summary>The storage of the protected VMs was probed.</summary>
    /// <param name="Health">Verdict of the probe.</param>
    /// <param name="Detail">Which storage, and what went wrong.</param>
    public sealed record StorageProbed(Health Health, string Detail) : Observation;

    /// <summary>DRBD was asked for its state.</summary>
    /// <param name="AskedAt">When.</param>
    /// <param name="Replicas">One for each of <see cref="Config.StorageConfig.DrbdResources"/>; empty when it did not answer.</param>
    public sealed record ReplicasRead(Instant AskedAt, ImmutableArray<ReplicaFact> Replicas) : Observation;

    /// <summary>A write of the durable state ended.</summary>
    /// <param name="Version">Version that was written.</param>
    /// <param name="Durable">True when it is on disk.</param>
    /// <param name="Trouble">Why not.</param>
    public sealed record Persisted(long Version, bool Durable, string Trouble) : Observation;

    /// <summary>An ordered action ended.</summary>
    /// <param name="Id">Id of the command.</param>
    /// <param name="Outcome">How.</param>
    /// <param name="Code">XAPI error code or errno name; empty on success.</param>
    /// <param name="Detail">Text for the operator.</param>
    public sealed record ActionFinished(long Id, ActionOutcome Outcome, string Code, string Detail) : Observation;

    /// <summary>State of the arbiter's lease (R3, T4).</summary>
    /// <param name="HeldUntil">End of the lease counted from the send time of its renewal; null when not held.</param>
    /// <param name="Detail">Text for the operator.</param>
    public sealed record ArbiterObserved(Instant? HeldUntil, string Detail) : Observation
    {
        /// <summary>What the store said of itself in that answer.</summary>
        public StoreMark Store { get; init; }
    }

    /// <summary>A fence agent or the arbiter was tested by a question that changes nothing.</summary>
    /// <param name="Name">Name of the agent, or <c>arbiter</c>.</param>
    /// <param name="Works">It answered as it should.</param>
    /// <param name="Detail">What it said, or what is wrong and what to do.</param>
    /// <param name="Store">The arbiter's store; null for an agent, and when it did not answer.</param>
    public sealed record ThirdPartySeen(string Name, bool Works, string Detail, StoreMark? Store = null) : Observation;

    /// <summary>A fence agent confirmed that the peer's power is off (T3).</summary>
    /// <param name="Agent">Which agent.</param>
    /// <param name="AskedAt">When the confirmed reading was asked for.</param>
    public sealed record PeerPowerOff(string Agent, Instant AskedAt) : Observation;

    /// <summary>The registrations and reservations on the LUNs were read.</summary>
    /// <param name="AskedAt">When the reading was asked for.</param>
    /// <param name="Luns">In the order of <see cref="Config.StorageConfig.ReservedLuns"/>, one for each.</param>
    public sealed record ReservationsRead(Instant AskedAt, ImmutableArray<LunFact> Luns) : Observation;

    /// <summary>The operator asked for something.</summary>
    /// <param name="RequestId">Id to be answered with <see cref="Command.Reply"/>.</param>
    /// <param name="Request">The request.</param>
    public sealed record OperatorAsked(long RequestId, OperatorRequest Request) : Observation;

    /// <summary>The watchdog is other than it was found at the start.</summary>
    /// <param name="Facts">What it is now.</param>
    public sealed record WatchdogChanged(WatchdogFacts Facts) : Observation;

    /// <summary>The turn before was later than <see cref="Config.TimingConfig.LatenessLimit"/>.</summary>
    /// <param name="Late">By how much.</param>
    public sealed record LoopLate(TimeSpan Late) : Observation;

    /// <summary>The service manager wants this daemon to end (SIGTERM): restart, upgrade or stop.</summary>
    public sealed record StopRequested : Observation;
}
