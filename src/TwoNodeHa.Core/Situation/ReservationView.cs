using System.Collections.Immutable;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>What was read of the reservations on the storage. "The first LUN" is the one that decides.</summary>
public sealed record ReservationView
{
    /// <summary>When the newest reading was asked for; null before the first.</summary>
    public Instant? AskedAt { get; init; }

    /// <summary>When the newest order to change them was given; null for never. No other one before a reading that was asked for later.</summary>
    public Instant? OrderedAt { get; init; }

    /// <summary>
    /// The LUNs, a bit each in the order of the configuration, on which this daemon has registered the own key by its host's paths. A key that is
    /// listed may be one of a path before the boot, by which nobody writes any more.
    /// </summary>
    public int Renewed { get; init; }

    /// <summary>The LUNs of the newest order to register, a bit each.</summary>
    public int Registering { get; init; }

    /// <summary>Why the newest order failed; empty when it did not.</summary>
    public string Trouble { get; init; } = "";

    /// <summary>What it said, in the order of the configuration.</summary>
    public ImmutableArray<LunFact> Luns { get; init; } = [];

    /// <summary>
    /// When the own key was first seen on the first LUN, with no reading since that lacked it; null while it is not there. From then on
    /// the peer cannot have had the storage for itself.
    /// </summary>
    public Instant? KeySince { get; init; }

    /// <summary>When the newest reading that shows the own key under the reservation on the first LUN was asked for; null when none counts.</summary>
    public Instant? HeldAskedAt { get; init; }

    /// <summary>The same of a reading that shows no key of the peer there.</summary>
    public Instant? SoleAskedAt { get; init; }

    /// <summary>When all LUNs were first seen held by this host alone, with no reading since that says otherwise; null while they are not.</summary>
    public Instant? ExclusiveSince { get; init; }

    /// <summary>When the newest reading that says so was asked for; null when none does.</summary>
    public Instant? ExclusiveAskedAt { get; init; }
}
