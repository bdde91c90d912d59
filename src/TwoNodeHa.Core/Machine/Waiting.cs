using TwoNodeHa.Core.Host;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Peer;
using TwoNodeHa.Core.Procedures;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.States;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Machine;

/// <summary>Decides in Joining and Fenced: nothing runs here, and this host waits to be admitted or for a permit.</summary>
internal static class Waiting
{
    /// <summary>
    /// The word that nothing runs here, and the watchdog behind it. A host whose state is lost may have had HA off: it gives neither
    /// until the peer or the operator told.
    /// </summary>
    public static void GiveWord(Draft turn)
    {
        if (!turn.Durable.StateLost)
        {
            Attestation.Renew(turn);
            Watchdog.Arm(turn);
        }
    }

    public static void Decide(Draft turn)
    {
        if (turn.State.Status == HaStatus.Joining && turn.Durable.PromiseStands)
        {
            turn.Become(Cause.PromiseStands, "a promise that its state had lost stands again");
            return;
        }

        if (turn.Durable is { Committed: false, Takeover: null, PromiseStands: false })
        {
            GiveWord(turn);
        }

        var fresh = turn.View.PeerFresh;
        if (fresh)
        {
            Attestation.Decline(turn);
            Attestation.RenewDeclined(turn);
        }

        var permit = TakeoverPermit.Of(turn.View);
        if (permit.Granted)
        {
            Takeover.Begin(turn, permit.Rule);
        }
        else if (!fresh)
        {
            SilentPeer.TellRefusal(turn, permit);
            RoleChange.StandAside(turn);
        }
        else if (turn.Departure is null)
        {
            Join(turn, turn.Peer.Beat!);
        }
    }

    private static void Join(Draft turn, Heartbeat beat)
    {
        Mastership.FollowEpoch(turn, beat);
        RoleChange.Join(turn, beat);
        if (!Pairing.Admits(turn.View, beat))
        {
            return;
        }

        Watchdog.Arm(turn);
        turn.Durable = turn.Durable with { Committed = false, FenceReason = "", DisarmAcknowledged = false, Disarm = 0, RecordYoung = false };
        turn.Become(Cause.Admitted, $"admitted by {turn.Config.Peer.Name}, toolstack ready as "
            + (turn.View.IsMaster ? "master" : "slave"));
    }
}
