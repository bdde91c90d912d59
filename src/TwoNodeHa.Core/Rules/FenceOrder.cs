using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>When the fence agent is ordered to switch the peer off, and when it only reads the power (protocol.md, T3).</summary>
internal static class FenceOrder
{
    /// <summary>
    /// One order at a time: a second one would switch the host off again after it was switched on. A daemon that has just
    /// started has heard nobody yet. And nobody is switched off by a host that could not take over, or has nothing to.
    /// </summary>
    public static bool IsDue(View view) =>
        IsFree(view) && IsTheTime(view) && !view.PowerOffCounts && !view.PeerHeard
        && view.Now - view.State.Life.StartedAt > view.Timing.Lease
        && Fitness.WhyNot(view) is null && TakeoverPermit.IsNeeded(view, attested: false)

        // A peer that asked this host to hold is in the hands of somebody: an upgrade, a reboot.
        && PeerBond.AsksToHold(view) is null;

    /// <summary>
    /// The order still has its reason. Without it nothing more is ordered, were a board slow with the one before: a peer that is heard
    /// again is not cut.
    /// </summary>
    public static bool Stands(View view) => !view.PeerHeard && view.Durable.Enabled && view.Status is HaStatus.Suspecting
        or HaStatus.Holding or HaStatus.Joining or HaStatus.Fenced;

    /// <summary>
    /// The lower host waits: two hosts that only cannot hear each other would else switch each other off. The higher one's order
    /// is carried out by the board even if its sender is gone by then.
    /// </summary>
    public static Instant DueAt(View view) => view.State.Life.StatusSince + (Rank.OutranksPeer(view) ? TimeSpan.Zero : view.Policy.FenceDelay);

    /// <summary>
    /// The power is read and not switched. Of a peer that lost its power a board with a supply of its own says so at once: also the host
    /// that waits with its order need not wait for that.
    /// </summary>
    public static bool IsOnlyRead(View view) => PeerBond.IsOnlyRead(view) || view.Now < DueAt(view);

    /// <summary>The peer is being switched off, by rule or by the operator's word.</summary>
    public static bool IsUnderWay(View view) => view.State.Pending.Has(Purpose.FencePeer) || view.State.Pending.Has(Purpose.SwitchPeerOff);

    /// <summary>When the verdict can change although nothing is heard.</summary>
    public static Instant LookAgainAt(View view) => view.Policy.UsesFenceAgent && IsTheTime(view) ? Again.At(view, DueAt(view)) : Again.Never;

    /// <summary>An order does not wait for a reading that hangs.</summary>
    private static bool IsFree(View view) => view.Now >= view.State.ThirdParty.AgentRetryAt
        || !(IsUnderWay(view) || PeerBond.IsOnlyRead(view) || (IsOnlyRead(view) && view.State.Pending.Has(Purpose.ReadPeerPower)));

    private static bool IsTheTime(View view) => view.Status switch
    {
        HaStatus.Suspecting => true,
        HaStatus.Holding => view.PromiseOfPeerHolds,
        HaStatus.Joining or HaStatus.Fenced => view.Durable.Committed,
        _ => false,
    };
}
