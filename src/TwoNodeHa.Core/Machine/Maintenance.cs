using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Peer;
using TwoNodeHa.Core.Procedures;
using TwoNodeHa.Core.States;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Machine;

/// <summary>Decides in Maintenance: under a promise, until readmitted. An operator's word that the peer is dead ends it too (T5).</summary>
internal static class Maintenance
{
    public static void Decide(Draft turn)
    {
        if (!turn.Durable.PromiseStands && !turn.Disk.Confirmed.PromiseStands)
        {
            Attestation.Renew(turn);
            turn.Become(Cause.Readmitted, "readmitted");
        }
        else
        {
            StayDisabled(turn);
            FollowHandover(turn);
        }
    }

    /// <summary>Whom the administrator makes the master is it also after the maintenance.</summary>
    private static void FollowHandover(Draft turn)
    {
        if (turn.View.PeerFresh)
        {
            Mastership.FollowHandover(turn, turn.Peer.Beat!);
        }
    }

    /// <summary>
    /// XAPI enables a host at each boot, and would choose this one for a start, which the word of this host makes it kill. A host that
    /// was disabled in XAPI by somebody else is in that hand.
    /// </summary>
    private static void StayDisabled(Draft turn)
    {
        if (turn.Durable is { Enabled: true, WantsReadmission: false, Maintenance: { ByToolstack: false, Returning: false } }
            && turn.Disk.Confirmed.Maintenance is { Returning: false } && turn.View.ToolstackReady && turn.Host.Database is not null && turn.Now >= turn.Procedures.MaintenanceStepAt
            && !Moves.IsSwitched(turn, enabled: false))
        {
            turn.Report(HaEventId.Maintenance, Severity.Notice, "this host is enabled in XAPI while its maintenance lasts: it is disabled there again");
        }
    }
}
