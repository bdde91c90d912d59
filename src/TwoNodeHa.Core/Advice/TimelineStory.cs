using System.Collections.Immutable;

namespace TwoNodeHa.Core.Advice;

/// <summary>A span of time after a failure; both ends are equal for a point.</summary>
/// <param name="From">Earliest, zero or more.</param>
/// <param name="To">Latest; not before <paramref name="From"/>.</param>
public readonly record struct TimeRange(TimeSpan From, TimeSpan To)
{
    /// <summary>A point in time.</summary>
    public static TimeRange At(TimeSpan time) => new(time, time);

    /// <summary>The same range, later.</summary>
    public TimeRange Plus(TimeSpan from, TimeSpan to) => new(From + from, To + to);
}

/// <summary>One line of a story.</summary>
/// <param name="When">Counted from the failure.</param>
/// <param name="What">What happens, on which host.</param>
public sealed record TimelineRow(TimeRange When, string What);

/// <summary>What happens after one failure, second by second, with the values of one configuration.</summary>
public sealed record TimelineStory
{
    /// <summary>Stable name, for example <c>power-loss-master</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The failure, in one line.</summary>
    public required string Title { get; init; }

    /// <summary>What happens, in order.</summary>
    public required ImmutableArray<TimelineRow> Rows { get; init; }

    /// <summary>When HA orders the other host to take over; null when nothing has to be started.</summary>
    public TimeRange? Takeover { get; init; }

    /// <summary>What XAPI typically adds until it can start VMs; null when it adds nothing worth a number.</summary>
    public TimeRange? Toolstack { get; init; }

    /// <summary>The end, in one sentence.</summary>
    public required string Outcome { get; init; }

    /// <summary>The protected VMs run once and nowhere twice at the end, without a person.</summary>
    public bool EndsWell { get; init; } = true;

    /// <summary>The configuration lacks what the story needs: it shows what would be gained.</summary>
    public bool Hypothetical { get; init; }
}
