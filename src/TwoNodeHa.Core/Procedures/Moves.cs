using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>Live migrations for a maintenance: <c>start_parallel</c> at a time, each with bounded tries.</summary>
internal static class Moves
{
    /// <summary>Stands among the VMs for the mastership, which moves as they do.</summary>
    public static readonly Guid Mastership = Guid.Empty;

    /// <summary>Between two orders about the host or the mastership.</summary>
    public static readonly TimeSpan StepRest = TimeSpan.FromSeconds(10);

    /// <summary>Orders what may be ordered now. A VM on which XAPI is at something already is waited for.</summary>
    public static void Order(Draft turn, IEnumerable<Guid> vms, Guid target, string targetName)
    {
        var free = turn.Config.Policy.StartParallel - turn.Pending.Count(Purpose.MoveVm);
        foreach (var vm in vms)
        {
            var retryAt = turn.Procedures.Moves.GetValueOrDefault(vm)?.RetryAt ?? turn.Now;
            if (free <= 0 || turn.Now < retryAt || turn.Pending.IdOf(Purpose.MoveVm, vm) != 0
                || Orphans.FactOf(turn.View, vm) is not { StartUnderWay: false, StopRequested: false })
            {
                continue;
            }

            free--;
            turn.Act(new HaAction.MoveVm(vm, target), Deadlines.Move, Purpose.MoveVm, vm);
            turn.Report(HaEventId.Maintenance, Severity.Info, $"{NameOf(turn.View, vm)} is being migrated to {targetName}");
        }
    }

    public static void Done(Draft turn, Observation.ActionFinished finished, Guid vm)
    {
        turn.Schedule = turn.Schedule with { Domains = turn.Now, Database = turn.Now };
        if (finished.Outcome == ActionOutcome.Succeeded)
        {
            // The newest list may be from before, and the next one is asked for now: it would be migrated to where it is.
            turn.Procedures = turn.Procedures with { Moves = turn.Procedures.Moves.SetItem(vm, new MoveAttempt(0, turn.Now + Deadlines.Reading, "")) };
            return;
        }

        var tries = (turn.Procedures.Moves.GetValueOrDefault(vm)?.Tries ?? 0) + 1;
        var trouble = $"{finished.Code} {finished.Detail}".TrimEnd();
        turn.Report(HaEventId.Maintenance, Severity.Warning, $"{(vm == Mastership ? "the handover" : "the migration")} of {NameOf(turn.View, vm)} failed: {trouble}");
        turn.Procedures = turn.Procedures with
        {
            Moves = turn.Procedures.Moves.SetItem(vm, new MoveAttempt(tries, turn.Now + TimeSpan.FromSeconds(1 << Math.Min(tries, 5)), trouble)),
        };
    }

    /// <summary>When the next try is due, or what the pair has to be whole for is over.</summary>
    public static Instant LookAgainAt(View view)
    {
        if (view.Durable.Maintenance is null)
        {
            return Again.Never;
        }

        var first = Again.At(view, Instant.Min(view.State.Procedures.MaintenanceStepAt, view.State.Life.StatusSince + Deadlines.Homecoming));
        foreach (var attempt in view.State.Procedures.Moves.Values)
        {
            first = Instant.Min(first, Again.At(view, attempt.RetryAt));
        }

        return first;
    }

    public static string NameOf(View view, Guid vm) =>
        vm == Mastership ? "the mastership" : view.Durable.Vms.FirstOrDefault(record => record.Uuid == vm)?.Name ?? vm.ToString();

    public static ImmutableArray<Guid> Guests(View view) => view.State.Host.Domains is not { } domains ? []
        : [.. domains.Guests.Where(static guest => !guest.IsShell).Select(static guest => guest.Vm).Distinct().Order()];

    /// <summary>
    /// Enables or disables this host in XAPI, unless the database shows it so. True when it does: a reading may be older than the
    /// opposite order, so what was ordered last counts too, one order at a time.
    /// </summary>
    public static bool IsSwitched(Draft turn, bool enabled)
    {
        var last = turn.Procedures.HostSwitch;
        var shown = turn.Host.Database!.EnabledHosts.Contains(turn.Config.Self.Uuid) == enabled;
        if (shown && (last is null || (last.Enabled == enabled && last.Succeeded)))
        {
            return true;
        }

        if (turn.Now >= turn.Procedures.MaintenanceStepAt && !turn.Pending.Has(Purpose.SwitchHost))
        {
            turn.Act(new HaAction.SwitchHost(enabled), Deadlines.SwitchHost, Purpose.SwitchHost);
            turn.Procedures = turn.Procedures with { MaintenanceStepAt = turn.Now + StepRest, HostSwitch = new HostSwitch(enabled, false) };
        }

        return false;
    }

    /// <summary>XAPI answered an order to enable or disable this host, or did not in time.</summary>
    public static void Switched(Draft turn, Observation.ActionFinished finished)
    {
        if (turn.Procedures.HostSwitch is { } last)
        {
            turn.Procedures = turn.Procedures with { HostSwitch = last with { Succeeded = finished.Outcome == ActionOutcome.Succeeded } };
            turn.Schedule = turn.Schedule with { Database = turn.Now };
        }
    }
}
