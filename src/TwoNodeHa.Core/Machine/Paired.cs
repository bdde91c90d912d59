using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Peer;
using TwoNodeHa.Core.Procedures;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Machine;

/// <summary>Decides in Paired: both hosts are bound, and each may yield to the other.</summary>
internal static class Paired
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

        Pause.WhileUnfit(turn);
        var permit = TakeoverPermit.Of(turn.View);
        if (permit.Granted)
        {
            Takeover.Begin(turn, permit.Rule);
        }
        else if (fresh)
        {
            WithPeer(turn);
        }
        else
        {
            SilentPeer.Lose(turn, permit);
        }
    }

    /// <summary>The peer is heard and bound: follow its epoch, and yield where it can go on and this host cannot.</summary>
    public static void WithPeer(Draft turn)
    {
        var beat = turn.Peer.Beat!;
        Mastership.FollowEpoch(turn, beat);
        if (Yielding.IsDue(turn.View, beat))
        {
            turn.Procedures = turn.Procedures with { Yields = YieldRecord.OneMore(turn.Procedures.Yields, turn.Now) };
            Fence.Begin(turn, $"the gateway is lost here, {turn.Config.Peer.Name} has it and can take over: yielding");
        }
        else if (StorageYielding.IsAsked(turn.View))
        {
            YieldForStorage(turn, beat);
        }
    }

    private static void YieldForStorage(Draft turn, Heartbeat beat)
    {
        if (StorageYielding.WhyNot(turn.View, beat) is { } reason)
        {
            if (reason != turn.Host.StorageRefusal)
            {
                turn.Host = turn.Host with { StorageRefusal = reason };
                turn.Report(HaEventId.Alert, Severity.Critical, $"the storage is lost, but this host does not fence: {reason}");
            }
        }
        else if (turn.View.PeerNear && StorageYielding.PeerKeptStorage(turn.View))
        {
            Fence.Begin(turn, $"the storage is lost here ({turn.Host.StorageDetail}), {turn.Config.Peer.Name} has it and can "
                + "take over: yielding");
        }
    }
}
