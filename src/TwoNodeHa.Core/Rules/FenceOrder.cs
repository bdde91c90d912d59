using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>When the fence agent is ordered to switch the peer off (protocol.md, T3).</summary>
internal static class FenceOrder
{
    /// <summary>
    /// One order at a time: a second one would switch the host off again after it was switched on. A daemon that has just
    /// started has heard nobody yet. And nobody is switched off by a host that could not take over, or has nothing to.
    /// </summary>
    public static bool IsDue(View view) =>
        (!view.State.Pending.Has(Purpose.FencePeer) || view.Now >= view.State.ThirdParty.AgentRetryAt)
        && view.Status == HaStatus.Suspecting && !view.PowerOffCounts && !view.PeerHeard
        && view.Now - view.State.Life.StartedAt > view.Timing.Lease
        && Fitness.WhyNot(view) is null && TakeoverPermit.IsNeeded(view, attested: false)
        && view.Now >= DueAt(view);

    /// <summary>
    /// The lower host waits: two hosts that only cannot hear each other would else switch each other off. The higher one's order
    /// is carried out by the board even if its sender is gone by then.
    /// </summary>
    public static Instant DueAt(View view) =>
        view.State.Life.StatusSince + (Rank.OutranksPeer(view) ? TimeSpan.Zero : view.Policy.FenceDelay);
}
