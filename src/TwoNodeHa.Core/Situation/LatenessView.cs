using System.Collections.Immutable;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

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
