using System.Collections.Immutable;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>The boot guard's question and its answer.</summary>
public sealed record GuardProgress
{
    /// <summary>When it was asked.</summary>
    public required Instant AskedAt { get; init; }

    /// <summary>What will be said when that order succeeds.</summary>
    public string Writing { get; init; } = "";

    /// <summary>The role that is being written is that of a master.</summary>
    public bool AsMaster { get; init; }

    /// <summary>What was decided, and why; empty while it is not.</summary>
    public string Said { get; init; } = "";

    /// <summary>The toolstack was down by this daemon's hand when the host went down.</summary>
    public bool IsOwed { get; init; }
}
