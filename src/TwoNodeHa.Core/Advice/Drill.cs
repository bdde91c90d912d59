using System.Collections.Immutable;

namespace TwoNodeHa.Core.Advice;

/// <summary>What is drilled.</summary>
public enum DrillKind
{
    /// <summary>A planned one: VMs are migrated live, the mastership is handed over, and back. Stops no VM.</summary>
    Handover,

    /// <summary>A host fences itself on the operator's order, and the other one takes over by its word (T1).</summary>
    Fence,

    /// <summary>A host falls silent by the operator's hand or its board, and the other one takes over when its rule says so.</summary>
    Failover,
}

/// <summary>What the operator wants to drill.</summary>
/// <param name="Kind">Which drill.</param>
/// <param name="Host">Name of the host that is emptied, fenced or lost.</param>
public sealed record DrillWish(DrillKind Kind, string Host)
{
    /// <summary>Names or uuids of the VMs that may be stopped on it.</summary>
    public ImmutableArray<string> Vms { get; init; } = [];

    /// <summary>All VMs that run on it may be stopped.</summary>
    public bool AllVms { get; init; }

    /// <summary>It may be the master: the other host is promoted then.</summary>
    public bool Promote { get; init; }

    /// <summary>Its fence agent switches it off; else the operator does.</summary>
    public bool ByAgent { get; init; }
}

/// <summary>How a measured time stands to what <see cref="Timeline"/> says.</summary>
public enum DrillGrade
{
    /// <summary>Could not be measured; the zero value.</summary>
    NotMeasured = 0,

    /// <summary>Within it.</summary>
    Ok,

    /// <summary>Longer.</summary>
    Slow,

    /// <summary>Measured; nothing is promised for it.</summary>
    Typical,
}

/// <summary>One time that a drill measures.</summary>
/// <param name="Name">Stable name, for example <c>fence</c>.</param>
/// <param name="What">From when until when.</param>
/// <param name="Seconds">Measured; null when it could not be.</param>
/// <param name="LimitSeconds">What the timeline of this configuration says at most; null where nothing is promised.</param>
/// <param name="Grade">How they compare.</param>
public sealed record DrillFigure(string Name, string What, double? Seconds, double? LimitSeconds, DrillGrade Grade)
{
    /// <summary>Why it was not measured, or what belongs to the number; may be empty.</summary>
    public string Note { get; init; } = "";
}

/// <summary>What is known of a drill, or of a real failure, that is judged.</summary>
public sealed record DrillEvidence
{
    /// <summary>What it was.</summary>
    public required DrillKind Kind { get; init; }

    /// <summary>Name of the host that was emptied, fenced or lost.</summary>
    public required string Host { get; init; }

    /// <summary>Name of the other one.</summary>
    public required string Survivor { get; init; }

    /// <summary>When it began, Unix milliseconds of the clock that the journals are told in: the order, or the last heartbeat.</summary>
    public required long BeginMs { get; init; }

    /// <summary>The journals, the one or both.</summary>
    public required ImmutableArray<Journal> Journals { get; init; }

    /// <summary>When it began was reckoned from the journal, and not seen.</summary>
    public bool BeginIsReckoned { get; init; }
}
