using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>The step of a takeover in which the own toolstack comes up as master, and an attested peer's stands down.</summary>
internal static class ToolstackWait
{
    public static TakeoverStep? Advance(Draft turn, TakeoverProgress progress)
    {
        var (view, host) = (turn.View, turn.Host);
        if (IsMasterOfPool(view, progress))
        {
            if (!MayTakeVms(turn, progress))
            {
                return null;
            }

            return AwaitPeer(turn, progress) ? null : TakeoverStep.ResetPowerStates;
        }

        KeepMoved(turn, progress);
        if (AwaitsDatabase(turn, progress))
        {
            return null;
        }

        var seen = host.ToolstackAt >= progress.StepSince;
        if (seen && host.Toolstack is { RoleFile: not PoolRole.Master and not PoolRole.Unknown })
        {
            turn.Report(HaEventId.ToolstackChanged, Severity.Error, "the role of this host was changed during the takeover: promoting again");
            return TakeoverStep.Promote;
        }

        if (turn.Pending.Has(Purpose.TakeoverStep))
        {
            return null;
        }

        if (seen && host.Toolstack is { Emergency: true, RoleFile: PoolRole.Master })
        {
            // A master is never in emergency mode: the process was started before its role file was written, and reads it once.
            turn.Report(HaEventId.ToolstackChanged, Severity.Warning, "the toolstack was started in another role: it is restarted as master");
            Restart(turn, progress with { StepSince = turn.Now, Tries = progress.Tries + 1 });
        }
        else if (turn.Now - progress.StepSince > Patience(host.Toolstack, progress.Tries))
        {
            turn.Report(HaEventId.Alert, Severity.Critical, "the toolstack does not come up as master: it is restarted");
            Restart(turn, progress with { StepSince = turn.Now, Tries = progress.Tries + 1 });
        }

        return null;
    }

    /// <summary>It is up, and its database is being read: at once, since a reading of a toolstack that starts leaves it out.</summary>
    private static bool AwaitsDatabase(Draft turn, TakeoverProgress progress)
    {
        var host = turn.Host;
        if (!turn.View.ToolstackReady || host.ToolstackAt < progress.StepSince || host.DatabaseAt >= host.ToolstackAt)
        {
            return false;
        }

        if (progress.DatabaseAsked)
        {
            return turn.Pending.Has(Purpose.ReadToolstack);
        }

        turn.Takeover = progress with { DatabaseAsked = true };
        turn.Schedule = turn.Schedule with { Toolstack = turn.Now };
        return true;
    }

    /// <summary>
    /// A VM that came here after the copy of the database was made is, by that copy, the dead peer's: at the end of its start-up XAPI
    /// would destroy the domain. One that is resident nowhere it takes over as it runs (xapi.md 8.3). What comes too late costs
    /// nothing: the VM is started again.
    /// </summary>
    private static void KeepMoved(Draft turn, TakeoverProgress progress)
    {
        var (view, host) = (turn.View, turn.Host);
        if (host.Toolstack is not { Answers: true, InitComplete: false, RoleFile: PoolRole.Master } || host.ToolstackAt < progress.StepSince
            || host.DatabaseAt < progress.StepSince || host.Database is not { } database || database.Master != turn.Config.Self.Uuid)
        {
            return;
        }

        foreach (var vm in database.Vms)
        {
            if (vm.ResidentOn != turn.Config.Peer.Uuid || vm.PowerState is not (VmPowerState.Running or VmPowerState.Paused) || !view.RunsHere(vm.Uuid)
                || progress.DoneVms.Contains(vm.Uuid) || turn.Pending.IdOf(Purpose.KeepVm, vm.Uuid) != 0)
            {
                continue;
            }

            turn.Act(new HaAction.ResetPowerState(vm.Uuid), Deadlines.ToolstackUnit, Purpose.KeepVm, vm.Uuid);
            turn.Report(HaEventId.ToolstackChanged, Severity.Notice,
                $"{vm.Name} runs here, and the copy of the database that XAPI began with has it on {turn.Config.Peer.Name}: it is reset there, so that XAPI does not end it", vm.Uuid);
        }
    }

    /// <summary>Tried once: a peer whose toolstack answers makes XAPI refuse it every time.</summary>
    public static void Kept(Draft turn, Observation.ActionFinished finished, Guid vm)
    {
        if (turn.Takeover is not { } progress || turn.Durable.Takeover is not { Step: TakeoverStep.AwaitToolstack })
        {
            return;
        }

        turn.Takeover = progress with { DoneVms = progress.DoneVms.Add(vm) };
        if (finished.Outcome != ActionOutcome.Succeeded)
        {
            turn.Report(HaEventId.ActionTrouble, Severity.Warning,
                $"a VM that moved here could not be reset ({finished.Code} {finished.Detail}): XAPI may end it, then it is started again", vm);
        }
    }

    /// <summary>Counted from the newest restart: one that came too early must not come again as early.</summary>
    private static TimeSpan Patience(ToolstackFacts? toolstack, int tries)
    {
        var patience = Deadlines.Promotion * (1 << Math.Min(tries, 3));
        return StartsUp(toolstack) || patience > Deadlines.PromotionMax ? Deadlines.PromotionMax : patience;
    }

    /// <summary>Its process lives and has not finished: it loads its database, attaches storage, or waits for a disk.</summary>
    private static bool StartsUp(ToolstackFacts? toolstack) => toolstack is { InitComplete: false, Running: false, ProcessAlive: true }
        or { InitComplete: false, Answers: true, Emergency: false };

    private static void Restart(Draft turn, TakeoverProgress progress)
    {
        turn.Takeover = progress;
        TakeoverSteps.Order(turn, new HaAction.RestartToolstack(), Deadlines.ToolstackUnit);
    }

    /// <summary>
    /// An administrator disabled this host while there was another one. Now it is the only one left, and XAPI starts no VM on a
    /// disabled host: it is enabled. Where that is refused the takeover goes on, and each VM says why it does not start.
    /// </summary>
    private static bool MayTakeVms(Draft turn, TakeoverProgress progress)
    {
        var self = turn.Config.Self;
        if (turn.Host.Database!.EnabledHosts.Contains(self.Uuid))
        {
            return true;
        }

        if (turn.Pending.Has(Purpose.TakeoverStep))
        {
            return false;
        }

        if (progress.DoneVms.Contains(self.Uuid))
        {
            // The reading that shows it is on its way.
            turn.Schedule = turn.Schedule with { Database = turn.Now };
            return turn.Host.DatabaseAt >= progress.RetryAt + Deadlines.HostEnabled;
        }

        if (progress.Tries >= Deadlines.EnableTries)
        {
            turn.Report(HaEventId.Alert, Severity.Critical, $"{self.Name} is disabled in XAPI and cannot be enabled: no VM starts on it (xe host-enable)");
            return true;
        }

        if (progress.Tries == 0)
        {
            turn.Report(HaEventId.ToolstackChanged, Severity.Warning, $"{self.Name} is disabled in XAPI: it is enabled, since no other host is left");
        }

        turn.Takeover = progress with { RetryAt = turn.Now };
        TakeoverSteps.Order(turn, new HaAction.SwitchHost(true), Deadlines.SwitchHost, self.Uuid);
        return false;
    }

    /// <summary>Both readings are newer than the step, and show a toolstack that is up and master of the pool; that of the database is of when it was up.</summary>
    private static bool IsMasterOfPool(View view, TakeoverProgress progress)
    {
        var host = view.State.Host;
        return host.ToolstackAt >= progress.StepSince && host.DatabaseAt >= progress.StepSince && host.DatabaseAt >= host.ToolstackAt
            && view.ToolstackReady && view.IsMaster
            && host.Database is { } database && database.Master == view.Config.Self.Uuid;
    }

    /// <summary>
    /// An attested peer that is heard may have a start under way that its list does not show yet: by its own toolstack, which
    /// stands down when it hears of this takeover, or by an order of this host's, which the database shows. Its list is
    /// looked at again behind both. A peer that falls silent meanwhile is given the time of a fence.
    /// </summary>
    private static bool AwaitPeer(Draft turn, TakeoverProgress progress)
    {
        if (StandDown.WordOfPeer(turn) is not { } beat)
        {
            return StandDown.IsNotHeardYet(turn);
        }

        var ordered = turn.Now - progress.StepSince < Deadlines.VmStart && turn.Host.Database!.Vms.Any(vm => vm.StartUnderWay);
        var standsDown = beat is { Status: HaStatus.Fenced } && !beat.Has(HeartbeatFlags.ToolstackHealthy);
        return beat.Has(HeartbeatFlags.MayStart)
            || (!standsDown && (ordered || turn.Now - progress.StepSince < 2 * Deadlines.WordReading));
    }
}
