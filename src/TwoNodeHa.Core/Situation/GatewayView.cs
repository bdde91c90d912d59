using System.Collections.Immutable;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>What is known of the gateway.</summary>
public sealed record GatewayView
{
    /// <summary>Per address: send time of the newest answered probe.</summary>
    public ImmutableArray<Instant?> Answered { get; init; } = [];

    /// <summary>When the gateway answered for the first time in this incarnation; null while it never did.</summary>
    public Instant? FirstAnswerAt { get; init; }

    /// <summary>Start of the unbroken time during which the verdict was fresh; null while it is not.</summary>
    public Instant? FreshSince { get; init; }

    /// <summary>Rounds sent since the newest round that was answered by as many addresses as required.</summary>
    public int Unanswered { get; init; }

    /// <summary>Send time of the newest round.</summary>
    public Instant? LastRound { get; init; }
}
