using System.Collections.Immutable;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>A fence under way.</summary>
public sealed record FenceProgress
{
    /// <summary>When it was decided.</summary>
    public required Instant DecidedAt { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>When the newest kill order ended: an older list may show what is gone.</summary>
    public Instant? LastKillEnded { get; init; }

    /// <summary>The toolstack was killed for certain, at this time.</summary>
    public Instant? ToolstackDeadAt { get; init; }

    /// <summary>Nothing runs here; the attestation is being made durable.</summary>
    public bool Verified { get; init; }

    /// <summary>The reset was ordered.</summary>
    public bool ResetOrdered { get; init; }

    /// <summary>Troubles that were reported: each is said once a fence.</summary>
    public ImmutableArray<string> Told { get; init; } = [];
}
