using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Peer;

/// <summary>The order to the fence agent, by rule or by the operator.</summary>
internal static class PeerPower
{
    /// <summary>The agent is to switch the peer off, or only to read its power, and to confirm that it is off.</summary>
    public static void SwitchOff(Draft turn, bool onlyRead, Purpose purpose)
    {
        var deadline = turn.Config.FenceDeadline;
        turn.Abandon(Purpose.FencePeer);
        turn.Abandon(Purpose.SwitchPeerOff);
        turn.Act(new HaAction.FencePeer(onlyRead), deadline, purpose);
        turn.ThirdParty = turn.ThirdParty with
        {
            AgentRetryAt = turn.Now + (onlyRead && deadline < Deadlines.PowerReading ? Deadlines.PowerReading : deadline),
        };
    }

    /// <summary>An order by rule whose reason is gone is not waited for, and its adapter orders nothing more.</summary>
    public static void Withdraw(Draft turn)
    {
        if (turn.Pending.Has(Purpose.FencePeer) && !FenceOrder.Stands(turn.View))
        {
            turn.Abandon(Purpose.FencePeer);
        }
    }
}
