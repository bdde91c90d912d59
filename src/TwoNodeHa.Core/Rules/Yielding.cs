using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>Own gateway lost, the peer has one and is fit: fence attested, so that the peer goes on at once.</summary>
public static class Yielding
{
    /// <summary>True when this host should yield.</summary>
    public static bool IsDue(View view, Heartbeat beat) => view.Policy.OnGatewayLoss == OnGatewayLoss.Yield
        && PeerCouldGoOn(view, beat)
        && PeerSpokeSinceLoss(view)
        && GatewayGone(view)
        && (view.Runs || view.IsMaster);

    private static bool PeerCouldGoOn(View view, Heartbeat beat) => beat.Status == HaStatus.Paired
        && beat.Has(HeartbeatFlags.GatewayFresh | HeartbeatFlags.Fit)
        && view.PeerNear
        && PeerKeptGateway(view);

    /// <summary>When a gateway comes back for both, one host sees it first: that is no reason for the other to fence.</summary>
    private static bool PeerKeptGateway(View view) => view.State.Peer.GatewaySince is { } since
        && view.Now - since >= Deadlines.YieldAfter + (2 * view.Timing.HeartbeatInterval);

    /// <summary>
    /// The peer's newest word is from a time when it, too, would have missed a gateway that is gone for both: it notices that
    /// up to one probe interval after this host, and says so at once.
    /// </summary>
    private static bool PeerSpokeSinceLoss(View view) =>
        view.GatewayAnsweredAt is not { } at
        || (view.State.Peer.LastHeard is { } heard && heard - at >= Deadlines.YieldAfter + view.Config.Config.Gateway.ProbeInterval);

    /// <summary>
    /// Enough probes in a row went unanswered to yield to a peer that has a gateway. Counted in probes, not in time
    /// alone: a host that merely slept has sent none.
    /// </summary>
    private static bool GatewayGone(View view) =>
        !view.GatewayFresh ||
        (view.State.Gateway.Unanswered >= Deadlines.YieldRounds
            && view.GatewayAnsweredAt is { } at
            && view.Now - at >= Deadlines.YieldAfter + view.Config.Config.Gateway.ProbeInterval);
}
