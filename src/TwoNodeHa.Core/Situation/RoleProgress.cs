using System.Collections.Immutable;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>Care for the own toolstack's role while joining.</summary>
public sealed record RoleProgress
{
    /// <summary>Where it stands.</summary>
    public RoleChangePhase Phase { get; init; }

    /// <summary>The mastership is given to a newer peer: each step waits for it.</summary>
    public bool IsGiven { get; init; }

    /// <summary>Not before this time it is tried again.</summary>
    public Instant RetryAt { get; init; }

    /// <summary>Whom this host knew as the master when it had its toolstack started last; empty before.</summary>
    public Guid StartedFor { get; init; }
}
