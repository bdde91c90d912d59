using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Peer;

/// <summary>The order to the fence agent, by rule or by the operator.</summary>
internal static class PeerPower
{
    /// <summary>The agent is to switch the peer off, and to read back that it is.</summary>
    public static void SwitchOff(Draft turn)
    {
        var deadline = turn.Config.FenceDeadline;
        turn.Abandon(Purpose.FencePeer);
        turn.Act(new HaAction.FencePeer(), deadline, Purpose.FencePeer);
        turn.ThirdParty = turn.ThirdParty with { AgentRetryAt = turn.Now + deadline };
    }
}
