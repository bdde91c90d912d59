using System.Collections.Immutable;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>The watchdog, and the right that it was fed with.</summary>
public sealed record WatchdogView
{
    /// <summary>What the watchdog adapter found.</summary>
    public WatchdogFacts Facts { get; init; } = new(false, false, "not opened");

    /// <summary>The watchdog was armed by this incarnation.</summary>
    public bool Armed { get; init; }

    /// <summary>The newest feeding was of a right without end: when that right ends, the watchdog is armed for longer than the peer waits.</summary>
    public bool FedWithoutEnd { get; init; }

    /// <summary>
    /// Until then a new daemon that found guests and holds no right yet waits for its first one. The watchdog is not fed
    /// meanwhile, so that the former daemon's lease ends when the peer counts on it. Null when there is nothing to wait for.
    /// </summary>
    public Instant? GraceUntil { get; init; }

    /// <summary>End of the right that the former daemon of this boot held.</summary>
    public Instant? CarriedLease { get; init; }
}
