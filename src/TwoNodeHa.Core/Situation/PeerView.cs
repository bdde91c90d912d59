using System.Collections.Immutable;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Situation;

/// <summary>What is known of the peer. All instants are receipts on this host's clock unless said otherwise.</summary>
public sealed record PeerView
{
    /// <summary>Since when the peer says that it goes down as the master that it stays; null when this daemon did not hear that.</summary>
    public Instant? ReturnsSince { get; init; }

    /// <summary>Newest accepted heartbeat; null when none in this incarnation.</summary>
    public Heartbeat? Beat { get; init; }

    /// <summary>Receipt of the newest valid heartbeat: evidence only.</summary>
    public Instant? LastHeard { get; init; }

    /// <summary>Receipt of the first heartbeat of the present run: heard since then without a gap longer than the lease.</summary>
    public Instant? HeardSince { get; init; }

    /// <summary>Receipt of the first heartbeat since which none was later than the attest window: the path was whole.</summary>
    public Instant? NearSince { get; init; }

    /// <summary>Receipt of the newest heartbeat that proved a round trip. All silence is counted from it.</summary>
    public Instant? LastFresh { get; init; }

    /// <summary>Send time of the newest own heartbeat that the peer says it received. The right to run leans on it.</summary>
    public Instant? LastAcked { get; init; }

    /// <summary>
    /// When the peer's clock showed <see cref="ClockPeer"/>, this host's showed this or later: the send time of an own heartbeat,
    /// and the send time of the peer's first one that acknowledged it. Null until its incarnation has proved a round trip.
    /// </summary>
    public Instant? ClockOwn { get; init; }

    /// <summary>On the peer's clock; see <see cref="ClockOwn"/>.</summary>
    public Instant? ClockPeer { get; init; }

    /// <summary>
    /// The peer's incarnation takes over by silence not before this, whatever it hears from now on: the latest of its
    /// announcements, on this host's clock at its earliest. Null while none could be converted.
    /// </summary>
    public Instant? TakeoverFloor { get; init; }

    /// <summary>Receipt of the first heartbeat of the peer's present incarnation.</summary>
    public Instant? IncarnationSince { get; init; }

    /// <summary>When the standing attestation of the peer was first heard.</summary>
    public Instant? AttestedSince { get; init; }

    /// <summary>Since when every heartbeat of the peer said that it sees the gateway; null when the newest did not.</summary>
    public Instant? GatewaySince { get; init; }

    /// <summary>Since when every heartbeat of the peer said that its storage is healthy; null when the newest did not.</summary>
    public Instant? StorageSince { get; init; }

    /// <summary>When the peer's kernel was asked last; null while it was not asked by this daemon.</summary>
    public Instant? ProbedAt { get; init; }

    /// <summary>Since when it has been asked without a gap.</summary>
    public Instant ProbedSince { get; init; }

    /// <summary>Send time of the newest question that the peer's kernel answered.</summary>
    public Instant? SignOfLife { get; init; }

    /// <summary>Which question that was.</summary>
    public string SignOfLifeKind { get; init; } = "";

    /// <summary>
    /// When XAPI refused to call the peer's VMs stopped because the peer's toolstack answered it (HOST_IS_LIVE); null when it did not, or
    /// the peer was heard since.
    /// </summary>
    public Instant? ToolstackAnsweredAt { get; init; }

    /// <summary>Heartbeats rejected in this incarnation, because the peer has spoken under a higher incarnation before.</summary>
    public long Rejected { get; init; }

    /// <summary>When an event told of it.</summary>
    public Instant? RejectedToldAt { get; init; }

    /// <summary>Receipt of the newest heartbeat per link.</summary>
    public ImmutableArray<Instant?> LinkHeard { get; init; } = [];

    /// <summary>Sequence number of that heartbeat per link; 0 when none of the peer's present incarnation.</summary>
    public ImmutableArray<long> LinkSequence { get; init; } = [];

    /// <summary>When a stop of a VM of the peer was first seen in the database, while it is not known whose wish that is.</summary>
    public ImmutableSortedDictionary<Guid, Instant> StopsSeen { get; init; } =
        ImmutableSortedDictionary<Guid, Instant>.Empty;

    /// <summary>VMs that moved off a host while that was going down, and when, or when that host's order to stop them was last seen.</summary>
    public ImmutableSortedDictionary<Guid, Instant> LeftDeparting { get; init; } =
        ImmutableSortedDictionary<Guid, Instant>.Empty;
}
