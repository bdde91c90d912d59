using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>What speaks against an operator's word that the peer is dead (protocol.md, T5).</summary>
public static class OperatorWord
{
    /// <summary>
    /// How much longer the peer's kernel must be asked before the word can be judged; null when it was asked through the whole
    /// hold of a sign of life since the daemon started and since the peer was last heard.
    /// </summary>
    public static TimeSpan? StillListensFor(View view)
    {
        var since = Instant.Max(view.State.Life.StartedAt, view.State.Peer.LastHeard ?? view.State.Life.StartedAt);
        var left = ListenedAt(view, since) - view.Now;
        return left > TimeSpan.Zero ? left : null;
    }

    /// <summary>When the peer's kernel was asked for long enough to know that it is silent, counted from a time.</summary>
    public static Instant ListenedAt(View view, Instant since) => since + view.Timing.Lease + view.Config.Rules.SignOfLifeHold;

    /// <summary>The newest sign of life that would hold a takeover by silence too, as a sentence; null when there is none.</summary>
    public static string? SignOfLife(View view) =>
        view.State.Peer.SignOfLife is { } sign && view.Now - sign <= view.Config.Rules.SignOfLifeHold
            ? $"{view.Config.Peer.Name} answered {(view.Now - sign).TotalSeconds:0.0} s ago ({view.State.Peer.SignOfLifeKind})"
            : null;
}
