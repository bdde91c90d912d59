using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>The order of steps in which a mastership is given to a newer peer: there are never two masters, and no domain is destroyed (ADR 23).</summary>
internal static class GivenMastership
{
    /// <summary>The peer gives the mastership, and its toolstack has not ended yet: two masters must not meet.</summary>
    public static bool IsStillMaster(View view, Heartbeat beat) => view.Durable.Master == view.Config.Self.Uuid && !view.IsMaster
        && beat.Master == view.Config.Self.Uuid && View.IsMember(beat.Status) && beat.Has(HeartbeatFlags.IsMaster);

    /// <summary>
    /// The given role waits for the peer: it has to have the new epoch on its disk before this host is a slave, and its toolstack has to be up
    /// before this one starts. A peer that dies meanwhile is taken over from, as any other.
    /// </summary>
    public static bool HoldsBack(View view) => view.State.Procedures.Role.IsGiven && view.Durable.Master == view.Config.Peer.Uuid
        && view.State.Peer.Beat is { } beat
        && (view.State.Procedures.Role.Phase == RoleChangePhase.Killing
            ? beat.Master != view.Config.Peer.Uuid || beat.Epoch != view.Durable.Epoch
            : !View.IsMember(beat.Status) || !IsTaken(view));

    /// <summary>The peer has what was given to it: its toolstack is up as the master.</summary>
    public static bool IsTaken(View view) => view.Durable.Master != view.Config.Peer.Uuid
        || view.State.Peer.Beat!.Has(HeartbeatFlags.IsMaster | HeartbeatFlags.ToolstackHealthy);

    /// <summary>
    /// HA was disabled in the middle: the peer, which heard of it, has a toolstack that is up and no master's. Nothing but an administrator changes
    /// that any more.
    /// </summary>
    public static bool IsDeclined(View view) => view.State.Peer.Beat is { Status: HaStatus.Disabled } beat && view.PeerFresh
        && beat.Has(HeartbeatFlags.ToolstackHealthy) && !beat.Has(HeartbeatFlags.IsMaster);
}
