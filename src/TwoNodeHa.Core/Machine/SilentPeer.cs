using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.States;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Machine;

/// <summary>The peer is silent, and there is no permit to take over: which state that is, and what the operator is told.</summary>
internal static class SilentPeer
{
    /// <summary>The peer is not heard: count, hold or be isolated.</summary>
    public static void Lose(Draft turn, TakeoverPermit permit)
    {
        if (!turn.View.GatewayFresh)
        {
            turn.Become(Cause.PeerAndGatewayLost, $"neither {turn.Config.Peer.Name} nor the gateway answers");
            return;
        }

        if (!permit.Ambiguous || turn.State.Status is not (HaStatus.Holding or HaStatus.Suspecting))
        {
            turn.Become(Cause.PeerSilent, $"{turn.Config.Peer.Name} is silent, the gateway answers");
        }

        if (permit.Ambiguous)
        {
            turn.Become(Cause.TakeoverInDoubt, permit.Refusal);
            TellRefusal(turn, permit);
        }
    }

    /// <summary>Tells once why a takeover that would be due is held back.</summary>
    public static void TellRefusal(Draft turn, TakeoverPermit permit)
    {
        if (permit.Ambiguous && permit.Refusal != turn.Procedures.LastRefusal)
        {
            turn.Procedures = turn.Procedures with { LastRefusal = permit.Refusal };
            turn.Report(HaEventId.TakeoverRefused, MasterReturn.AwaitedUntil(turn.View) is null ? Severity.Critical : Severity.Notice,
                $"no takeover: {permit.Refusal}. If {turn.Config.Peer.Name} is definitely off, run: ha-ctl takeover --peer-is-dead");
        }
    }
}
