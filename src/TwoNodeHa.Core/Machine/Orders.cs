using TwoNodeHa.Core.Host;
using TwoNodeHa.Core.Peer;
using TwoNodeHa.Core.Procedures;
using TwoNodeHa.Core.Routine;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Machine;

/// <summary>Gives the orders that are due by time, after the rules were evaluated. What is written first is spoken next turn.</summary>
internal static class Orders
{
    public static void GiveDue(Draft turn)
    {
        if (turn.Procedures.ExitOrdered)
        {
            return;
        }

        Fence.AfterFence(turn);
        Persistence.NoteWhenLate(turn);
        Persistence.WriteWhenDue(turn);
        PeerPower.Withdraw(turn);
        LeaseReturn.EndRight(turn);
        Reserving.EndRight(turn);
        Watchdog.FeedWhenDue(turn);
        Probing.ProbeGateway(turn);
        Beating.Beat(turn);
        Probing.ProbePeer(turn);
        Probing.AskThirdParty(turn);
        LeaseReturn.Order(turn);
        Reserving.Order(turn);
        Reading.ReadDomains(turn);
        Reading.ReadToolstack(turn);
        Reading.SyncDatabase(turn);
    }
}
