using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>
/// Own gateway lost, the peer has one and is fit: fence attested, so that the peer goes on at once. A kill costs every VM a
/// boot, waiting costs the length of the blink: so the loss must have lasted about as long as a failover takes (ADR 14).
/// </summary>
public static class Yielding
{
    /// <summary>True when this host should yield.</summary>
    public static bool IsDue(View view, Heartbeat beat) => view.Policy.OnGatewayLoss == OnGatewayLoss.Yield
        && PeerCouldGoOn(view, beat)
        && PeerSpokeSinceLoss(view)
        && GatewayGone(view)
        && (view.Runs || view.IsMaster)

        // Who cannot write could not attest: the VMs would be killed for nobody.
        && view.State.Disk.Trouble.Length == 0;

    /// <summary>
    /// How long the gateway must be away now. Longer after a handover: a gateway that comes and goes must not drive the VMs
    /// to and fro. Never shorter than an unnoticed gap between heartbeats and the time of a probe.
    /// </summary>
    public static TimeSpan Patience(View view)
    {
        var floor = view.Timing.AttestWindow + Deadlines.MendedPath;
        var configured = view.Config.Config.Gateway.YieldAfter;
        var patience = configured >= floor ? configured : floor;
        return view.State.Procedures.Yields is { } yields && view.Now < yields.RestUntil
            ? patience * (Deadlines.YieldRestFactor * yields.Count)
            : patience;
    }

    private static bool PeerCouldGoOn(View view, Heartbeat beat) => beat.Status == HaStatus.Paired
        && beat.Has(HeartbeatFlags.GatewayFresh | HeartbeatFlags.Fit)
        && view.PeerNear
        && PeerKeptGateway(view);

    /// <summary>
    /// When a gateway comes back for both, one host sees it first: that is no reason for the other to fence. And a peer that
    /// doubted its own meanwhile has no better one to give.
    /// </summary>
    private static bool PeerKeptGateway(View view) => view.State.Peer.GatewaySince is { } since
        && view.Now - since >= Patience(view) + (2 * view.Timing.HeartbeatInterval);

    /// <summary>
    /// The peer's newest word is from a time when it, too, would have missed a gateway that is gone for both: it notices that
    /// up to one probe interval after this host, and says so at once.
    /// </summary>
    private static bool PeerSpokeSinceLoss(View view) =>
        view.GatewayAnsweredAt is not { } at
        || (view.State.Peer.LastHeard is { } heard && heard - at >= Patience(view) + view.Config.Config.Gateway.ProbeInterval);

    /// <summary>
    /// Enough probes in a row went unanswered to yield to a peer that has a gateway, all of them sent while the path to the
    /// peer was whole: after a cable was out, the probes behind it have their time first. Counted in probes, not in time
    /// alone: a host that merely slept has sent none.
    /// </summary>
    private static bool GatewayGone(View view) =>
        view.State.Gateway.Unanswered >= Deadlines.YieldRounds
        && view.State.Peer.NearSince is { } near && view.Now - near >= Patience(view)
        && view.Now - (view.GatewayAnsweredAt ?? view.State.Life.StartedAt) >= Patience(view) + view.Config.Config.Gateway.ProbeInterval;
}
