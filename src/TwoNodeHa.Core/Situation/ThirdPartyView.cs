using System.Collections.Immutable;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>What an arbiter, a fence agent or the operator said of the peer.</summary>
public sealed record ThirdPartyView
{
    /// <summary>End of the arbiter's lease; null when not held.</summary>
    public Instant? ArbiterUntil { get; init; }

    /// <summary>Start of the unbroken time during which the lease was held here; null while it is not.</summary>
    public Instant? ArbiterSince { get; init; }

    /// <summary>When a confirmed "power is off" was asked for; null when none counts.</summary>
    public Instant? PeerPowerOffAt { get; init; }

    /// <summary>The fence agent's name behind <see cref="PeerPowerOffAt"/>.</summary>
    public string PeerPowerOffAgent { get; init; } = "";

    /// <summary>When the newest order to the fence agent counts as ended whatever became of it.</summary>
    public Instant AgentRetryAt { get; init; }
}
