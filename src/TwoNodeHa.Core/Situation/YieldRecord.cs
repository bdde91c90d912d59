using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>Handovers for the gateway's sake, in either direction, that this daemon has seen lately.</summary>
/// <param name="Count">How many; at least 1.</param>
/// <param name="NewestAt">When the newest one began here.</param>
public sealed record YieldRecord(int Count, Instant NewestAt)
{
    /// <summary>The record with one more.</summary>
    public static YieldRecord OneMore(YieldRecord? before, Instant now) => new(
        before is { } old && now - old.NewestAt < Deadlines.YieldMemory ? Math.Min(old.Count + 1, Deadlines.YieldCountMax) : 1, now);

    /// <summary>Until when the next handover needs more.</summary>
    public Instant RestUntil => NewestAt + (Deadlines.YieldRest * (1 << (Count - 1)));
}
