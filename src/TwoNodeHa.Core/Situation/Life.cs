using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Situation;

/// <summary>This incarnation: what is known from its start, and how its loop fares.</summary>
public sealed record Life
{
    /// <summary>True once <see cref="Observation.Started"/> arrived.</summary>
    public bool IsStarted { get; init; }

    /// <summary>Start of this incarnation.</summary>
    public Instant StartedAt { get; init; }

    /// <summary>This incarnation.</summary>
    public Incarnation Incarnation { get; init; }

    /// <summary>How the durable state was found.</summary>
    public DurableOrigin Origin { get; init; }

    /// <summary>When it was entered.</summary>
    public Instant StatusSince { get; init; }

    /// <summary>Why it was entered.</summary>
    public string Why { get; init; } = "";

    /// <summary>Late turns of the loop.</summary>
    public LatenessView Lateness { get; init; } = new();

    /// <summary>When HA became enabled in this incarnation while this host was Disabled; null when it did not.</summary>
    public Instant? EnabledAt { get; init; }

    /// <summary>When the time of a disablement is over, on the monotonic clock; null while no time is set.</summary>
    public Instant? ReenableAt { get; init; }

    /// <summary>Newest wall clock, Unix milliseconds; only for "disable until".</summary>
    public long WallUnixMs { get; init; }
}
