using System.Collections.Immutable;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>A departure under way.</summary>
public sealed record DepartureProgress
{
    /// <summary>When the daemon heard of it.</summary>
    public required Instant Since { get; init; }

    /// <summary>The host is switched off or halted, and comes back when somebody starts it.</summary>
    public bool PowersOff { get; init; }

    /// <summary>The mastership is waited for until then.</summary>
    public Instant HandOverUntil { get; init; }
}
