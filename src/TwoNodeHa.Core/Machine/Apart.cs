using TwoNodeHa.Core.Host;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Peer;
using TwoNodeHa.Core.Procedures;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.States;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Machine;

/// <summary>Decides in Suspecting, Holding, Isolated and Sole: a member that is not paired.</summary>
internal static class Apart
{
    public static void Decide(Draft turn)
    {
        var fresh = turn.View.PeerFresh;
        if (fresh)
        {
            Mastership.RunnerRaises(turn, turn.Peer.Beat!);
            Attestation.Decline(turn);
            Attestation.RenewDeclined(turn);
        }

        var permit = TakeoverPermit.Of(turn.View);
        if (permit.Granted)
        {
            Takeover.Begin(turn, permit.Rule);
        }
        else if (fresh)
        {
            MeetPeer(turn, turn.Peer.Beat!);
        }
        else if (turn.State.Status != HaStatus.Sole)
        {
            SilentPeer.Lose(turn, permit);
        }
    }

    private static void MeetPeer(Draft turn, Heartbeat beat)
    {
        var unpaired = Pairing.WhyNot(turn.View, beat);
        if (unpaired is null)
        {
            Watchdog.Arm(turn);
            turn.Watchdog = turn.Watchdog with { CarriedLease = null };
            turn.Durable = turn.Durable with { DisarmAcknowledged = false, Disarm = 0, RecordYoung = false };
            turn.Become(Cause.PeerHeard, $"{turn.Config.Peer.Name} is heard and bound by the same rules");
            Paired.WithPeer(turn);
        }
        else
        {
            if (turn.State.Status == HaStatus.Isolated)
            {
                turn.Become(Cause.PeerHeardUnpaired, $"{turn.Config.Peer.Name} is heard again; not paired: {unpaired}");
            }

            if (View.IsEmpty(beat))
            {
                Mastership.FollowHandover(turn, beat);
            }
        }
    }
}
