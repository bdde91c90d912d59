using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// After a maintenance: this host is enabled again in XAPI, and what ran here is brought back or named. Once, and only what
/// still runs on the peer: a VM that somebody stopped or moved meanwhile is left alone.
/// </summary>
internal static class Homecoming
{
    public static void Advance(Draft turn, MaintenanceJournal journal)
    {
        if (turn.Pending.Has(Purpose.MoveVm) || !(IsInOtherHands(turn.View, journal) || Moves.IsSwitched(turn, enabled: true)))
        {
            return;
        }

        var away = journal.Vms.Where(vm => IsAway(turn.View, vm)).ToList();
        var lost = away.Where(vm => turn.Procedures.Moves.GetValueOrDefault(vm) is { Tries: >= Deadlines.MoveTries }).ToList();
        var manual = turn.Config.Policy.Failback == Failback.Manual;
        if (manual || away.Count == lost.Count)
        {
            End(turn, manual ? away : lost);
        }
        else if (turn.Now - turn.Life.StatusSince >= Deadlines.Homecoming)
        {
            Moves.Order(turn, away.Except(lost), turn.Config.Self.Uuid, turn.Config.Self.Name);
        }
    }

    /// <summary>How far it has come, for people. An administrator who is told that it is over goes on with the other host, which needs this one enabled.</summary>
    public static string Progress(View view, MaintenanceJournal journal) =>
        IsInOtherHands(view, journal) || view.State.Host.Database?.EnabledHosts.Contains(view.Config.Self.Uuid) == true
            ? $"the maintenance is over; VMs that ran here: {journal.Vms.Length}"
            : $"the maintenance ends: {Confirmation.NotEnabledYet(view.Config.Self.Name)}";

    /// <summary>Whoever disabled the host in XAPI enables it. A survivor could start nothing without that.</summary>
    private static bool IsInOtherHands(View view, MaintenanceJournal journal) => journal.ByToolstack && view.Status == HaStatus.Paired;

    /// <summary>The peer's list may be older than a migration that has just ended: the database counts too.</summary>
    private static bool IsAway(View view, Guid vm) => !view.RunsHere(vm) && (view.RunsOnPeer(vm)
        || (view.Status == HaStatus.Paired && Orphans.FactOf(view, vm) is { PowerState: VmPowerState.Running } fact && fact.ResidentOn == view.Config.Peer.Uuid));

    private static void End(Draft turn, List<Guid> stay)
    {
        turn.Durable = turn.Durable with { Maintenance = null };
        turn.Procedures = turn.Procedures with { Moves = turn.Procedures.Moves.Clear() };
        turn.Report(HaEventId.Maintenance, Severity.Notice, stay.Count == 0 ? "the maintenance is over"
            : $"the maintenance is over; these ran here and stay on {turn.Config.Peer.Name}: {string.Join(", ", stay.Select(vm => Moves.NameOf(turn.View, vm)))}");
    }
}
