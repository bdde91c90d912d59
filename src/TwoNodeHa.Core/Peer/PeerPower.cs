using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Peer;

/// <summary>The order to the fence agent, by rule or by the operator, and the reading that is none.</summary>
internal static class PeerPower
{
    /// <summary>The agent is to switch the peer off, and to confirm that it is off.</summary>
    public static void SwitchOff(Draft turn, Purpose purpose) => Ask(turn, purpose, turn.Config.FenceDeadline, turn.Config.FenceDeadline);

    /// <summary>The agent is to read whether the peer is off.</summary>
    public static void Read(Draft turn)
    {
        var deadline = turn.Config.FenceDeadline;
        Ask(turn, Purpose.ReadPeerPower, deadline, deadline < Deadlines.PowerReading ? Deadlines.PowerReading : deadline);
    }

    /// <summary>An order by rule whose reason is gone is not waited for, and its adapter orders nothing more.</summary>
    public static void Withdraw(Draft turn)
    {
        if (turn.Pending.Has(Purpose.FencePeer) && !FenceOrder.Stands(turn.View))
        {
            turn.Abandon(Purpose.FencePeer);
        }
    }

    private static void Ask(Draft turn, Purpose purpose, TimeSpan deadline, TimeSpan rest)
    {
        turn.Abandon(Purpose.FencePeer);
        turn.Abandon(Purpose.SwitchPeerOff);
        turn.Abandon(Purpose.ReadPeerPower);
        turn.Act(new HaAction.FencePeer(purpose == Purpose.ReadPeerPower), deadline, purpose);
        turn.ThirdParty = turn.ThirdParty with { AgentRetryAt = turn.Now + rest };
    }
}
