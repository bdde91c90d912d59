using System.Collections.Immutable;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>What an arbiter, a fence agent or the operator said of the peer.</summary>
public sealed record ThirdPartyView
{
    /// <summary>End of the arbiter's lease; null when not held.</summary>
    public Instant? ArbiterUntil { get; init; }

    /// <summary>Start of the unbroken time during which the lease was held here; null while it is not.</summary>
    public Instant? ArbiterSince { get; init; }

    /// <summary>The arbiter was asked for its lease since one was last given back: it may be held there.</summary>
    public bool LeaseAsked { get; init; }

    /// <summary>What the arbiter's store last said of itself; null before its first answer.</summary>
    public StoreMark? Store { get; init; }

    /// <summary>When the store was last asked with an answer; null before the first.</summary>
    public Instant? StoreSeenAt { get; init; }

    /// <summary>
    /// Until then the other host may have got a lease of which this host, and perhaps the store, knows nothing; null when that
    /// cannot be.
    /// </summary>
    public Instant? StoreMissedAt { get; init; }

    /// <summary>The reservations on the storage, where they take the place of the lease.</summary>
    public ReservationView Reservation { get; init; } = new();

    /// <summary>When a confirmed "power is off" was asked for; null when none counts.</summary>
    public Instant? PeerPowerOffAt { get; init; }

    /// <summary>The fence agent's name behind <see cref="PeerPowerOffAt"/>.</summary>
    public string PeerPowerOffAgent { get; init; } = "";

    /// <summary>When the newest order to the fence agent, or reading by it, counts as ended whatever became of it.</summary>
    public Instant AgentRetryAt { get; init; }

    /// <summary>Why the newest order was not confirmed; empty when it was, or none was given.</summary>
    public string AgentTrouble { get; init; } = "";

    /// <summary>What the newest test of each third party said, by its name.</summary>
    public ImmutableSortedDictionary<string, ThirdPartySight> Sights { get; init; } = ImmutableSortedDictionary<string, ThirdPartySight>.Empty;
}

/// <summary>The newest test of a fence agent or of the arbiter: a question that changes nothing.</summary>
/// <param name="Works">It answered as it should.</param>
/// <param name="Detail">What it said, or what is wrong and what to do.</param>
/// <param name="At">When the answer came.</param>
/// <param name="WorkedAt">When it last worked; null when it never did since this daemon started.</param>
public sealed record ThirdPartySight(bool Works, string Detail, Instant At, Instant? WorkedAt);
