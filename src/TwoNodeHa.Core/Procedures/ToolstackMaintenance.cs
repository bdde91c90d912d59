using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// A maintenance that nobody told this daemon of: Xen Orchestra, XenCenter or <c>xe</c> disabled the host and emptied it. It leads to the same
/// as <c>ha-ctl maintenance on --keep-master</c>, and ends when the host is enabled again. Damped: a toolstack that starts leaves
/// its host disabled for a while.
/// </summary>
internal static class ToolstackMaintenance
{
    public static void Advance(Draft turn)
    {
        if (turn.Durable.Maintenance is { ByToolstack: true, Returning: false })
        {
            EndWhenEnabled(turn);
            return;
        }

        if (!IsEmptied(turn.View))
        {
            if (turn.Procedures.EmptiedSince is not null)
            {
                turn.Procedures = turn.Procedures with { EmptiedSince = null };
            }

            return;
        }

        var since = turn.Procedures.EmptiedSince ?? turn.Now;
        turn.Procedures = turn.Procedures with { EmptiedSince = since };
        if (turn.Now - since >= Deadlines.EmptiedLasts)
        {
            turn.Procedures = turn.Procedures with { EmptiedSince = null, Moves = turn.Procedures.Moves.Clear(), MaintenanceStepAt = turn.Now };
            turn.Durable = turn.Durable with { Maintenance = new MaintenanceJournal { ByToolstack = true, KeepsMastership = true } };
            turn.Report(HaEventId.Maintenance, Severity.Warning, Evacuation.Progress(turn.View)
                + (turn.View.IsMaster ? "" : $". Until then a failure of {turn.Config.Peer.Name} is not covered"));
        }
    }

    /// <summary>When it has lasted long enough.</summary>
    public static Instant LookAgainAt(View view) =>
        view.State.Procedures.EmptiedSince is { } since ? Again.At(view, since + Deadlines.EmptiedLasts) : Again.Never;

    /// <summary>
    /// Nothing runs here or is on its way, XAPI is told to start nothing here, and the peer takes VMs: of two disabled hosts none is in
    /// anybody's maintenance, a master has just started.
    /// </summary>
    private static bool IsEmptied(View view) => view is { Status: HaStatus.Paired, Durable: { Enabled: true, Maintenance: null }, MayRun: false, ToolstackReady: true, PeerCanFollow: true }
        && view.State.Procedures.Departure is null && !view.IsPausing
        && view.State.Host is { DatabaseAt: { } read, Database: { NativeHaEnabled: false } database } && view.Now - read < Deadlines.RecordsAreOld
        && !database.EnabledHosts.Contains(view.Config.Self.Uuid) && database.EnabledHosts.Contains(view.Config.Peer.Uuid)
        && !database.Vms.Any(vm => vm.ScheduledOn == view.Config.Self.Uuid);

    private static void EndWhenEnabled(Draft turn)
    {
        if (turn.Host.Database is not { } database || !database.EnabledHosts.Contains(turn.Config.Self.Uuid))
        {
            return;
        }

        turn.Report(HaEventId.Maintenance, Severity.Notice, "this host was enabled in XAPI: the maintenance is over");
        if (turn.Durable.PromiseStands)
        {
            Evacuation.AskForReadmission(turn);
        }
        else
        {
            Evacuation.TurnBack(turn);
        }
    }
}
