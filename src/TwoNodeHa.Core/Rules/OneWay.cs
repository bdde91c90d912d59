using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>
/// The peer is heard, but it does not hear us: its newest heartbeat acknowledges nothing that we sent within the lease.
/// Judged by our own clock, so that the fence is over before the peer's takeover is due (protocol.md, R2).
/// </summary>
public static class OneWay
{
    /// <summary>True while the peer may be counting towards a takeover although it is heard.</summary>
    public static bool Holds(View view)
    {
        var peer = view.State.Peer;
        if (!view.PeerHeard || peer.Beat is not { } beat || beat.Attestation != 0)
        {
            return false;
        }

        // An attested peer runs nothing and cannot be counting; neither can one in these states.
        return !HeardLately(view) && !AnswerIsOnItsWay(view) && !JustStarted(view, beat)
            && beat.Status is not (HaStatus.Disabled or HaStatus.Maintenance or HaStatus.Fencing);
    }

    /// <summary>
    /// When the right that leans on the gateway ends while the peer is heard one way: one fence before the takeover that it
    /// announces, so that a peer which holds, because our kernel answers, costs nothing. Null when there is no such right: nothing
    /// was announced, the clocks were never compared, or it takes over.
    /// </summary>
    public static Instant? RightEnds(View view) => view.State.Peer is { TakeoverFloor: { } floor, Beat: { } beat }
        && beat.Status is not (HaStatus.TakingOver or HaStatus.Sole)
        ? floor - view.Config.Rules.OneWayFence : null;

    /// <summary>When the verdict can change although nothing is heard.</summary>
    public static Instant LookAgainAt(View view) =>
        Again.After(view, view.State.Peer.HeardSince, view.Timing.HeartbeatInterval);

    /// <summary>A peer that died is silent soon after its last acknowledgement; a deaf one goes on talking.</summary>
    private static bool HeardLately(View view) => view.State.Peer is { LastAcked: { } acked } peer
        && (view.Now < acked + view.Timing.Lease || peer.LastHeard - acked <= view.Timing.Lease / 2);

    /// <summary>After a silence both ways the first heartbeat acknowledges nothing yet: the answer to ours is on its way.</summary>
    private static bool AnswerIsOnItsWay(View view) => view.State.Peer is { HeardSince: { } run } peer
        && view.Now - run <= view.Timing.HeartbeatInterval
        && (peer.LastAcked is not { } newest || run > newest + view.Timing.Lease);

    /// <summary>A peer that has just started is given one lease.</summary>
    private static bool JustStarted(View view, Heartbeat beat) => view.State.Peer.IncarnationSince is { } since
        && view.Now - since <= view.Timing.Lease && !beat.Has(HeartbeatFlags.Deaf);
}
