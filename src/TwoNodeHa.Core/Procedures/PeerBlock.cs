using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>The peer's toolstack port is blocked from here during a takeover.</summary>
internal static class PeerBlock
{
    /// <summary>Fire and forget; repeated at the start of a daemon, so that no rule is left behind by a dead one.</summary>
    public static void Lift(Draft turn) => turn.Act(new HaAction.BlockPeerToolstack(false), Deadlines.UnblockPeer);
}
