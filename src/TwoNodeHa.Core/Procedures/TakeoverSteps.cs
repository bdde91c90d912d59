using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>The steps of a takeover that give orders. Each returns the step that follows now, or null while it is not done.</summary>
internal static class TakeoverSteps
{
    public static TakeoverStep? Prepare(Draft turn, TakeoverProgress progress)
    {
        // On an operator's word alone XAPI's own question to the peer, whether it lives, stays the last defence.
        var byWord = turn.Durable.Takeover is { Rule: TakeoverRule.Operator };
        if (byWord || progress.Phase > StepPhase.Begun || progress.Tries > 1)
        {
            return StandDown.IsAwaited(turn) ? null : TakeoverStep.Promote;
        }

        if (!turn.Pending.Has(Purpose.TakeoverStep))
        {
            Order(turn, new HaAction.BlockPeerToolstack(true), Deadlines.BlockPeer);
        }

        return null;
    }

    /// <summary>Promotion by XAPI where it answers, by the role file where it does not; then a restart instead of the fuse.</summary>
    public static TakeoverStep? Promote(Draft turn, TakeoverProgress progress)
    {
        if (turn.Pending.Has(Purpose.TakeoverStep))
        {
            return null;
        }

        var toolstack = turn.Host.Toolstack;
        if (progress.Phase == StepPhase.Begun && toolstack is { RoleFile: PoolRole.Master })
        {
            if (toolstack is { Running: true })
            {
                return TakeoverStep.AwaitToolstack;
            }

            turn.Takeover = progress with { Phase = StepPhase.Done };
            Order(turn, new HaAction.StartToolstack(), Deadlines.ToolstackUnit);
            return null;
        }

        switch (progress.Phase)
        {
            case StepPhase.Begun when toolstack is { Running: true } && progress.Tries < 2:
                Order(turn, new HaAction.PromoteToMaster(), Deadlines.RoleFile);
                return null;
            case StepPhase.Begun:
                Order(turn, new HaAction.WriteRoleMaster(), Deadlines.RoleFile);
                return null;
            case StepPhase.Done:
                Order(turn, new HaAction.RestartToolstack(), Deadlines.ToolstackUnit);
                return null;
            default:
                return TakeoverStep.AwaitToolstack;
        }
    }

    /// <summary>Only what the dead host held by the database, and what does not run here by the hypervisor's own list.</summary>
    public static TakeoverStep? ResetPowerStates(Draft turn, TakeoverProgress progress)
    {
        var left = HeldByPeer(turn.View).Where(vm => !progress.DoneVms.Contains(vm.Uuid)).ToList();
        if (left.Count == 0 || progress.Tries >= 3 * (left.Count + progress.DoneVms.Count))
        {
            if (left.Count > 0)
            {
                turn.Report(HaEventId.Alert, Severity.Error,
                    $"power state not reset: {string.Join(", ", left.Select(vm => vm.Name))}");
            }

            return turn.Pending.Has(Purpose.TakeoverStep) ? null : TakeoverStep.ReleaseLocks;
        }

        foreach (var vm in left)
        {
            if (turn.Pending.IdOf(Purpose.TakeoverStep, vm.Uuid) == 0)
            {
                Order(turn, new HaAction.ResetPowerState(vm.Uuid), Deadlines.ToolstackUnit, vm.Uuid);
            }
        }

        return null;
    }

    public static TakeoverStep? ReleaseLocks(Draft turn, TakeoverProgress progress, TakeoverJournal journal)
    {
        if (progress.Phase > StepPhase.Begun || progress.Tries >= 3)
        {
            return TakeoverStep.StartVms;
        }

        if (!turn.Pending.Has(Purpose.TakeoverStep))
        {
            Order(turn, new HaAction.ReleaseStorageLocks(turn.Config.Peer.Uuid, !journal.WasMaster), Deadlines.ReleaseLocks);
        }

        return null;
    }

    /// <summary>The starts themselves are ordered by <see cref="VmStart"/>.</summary>
    public static TakeoverStep? StartVms(Draft turn, TakeoverProgress progress)
    {
        if (turn.Host.DatabaseAt > progress.StepSince && progress.Resets < Deadlines.PowerStateResets && HeldByPeer(turn.View).Any())
        {
            return TakeoverStep.ResetPowerStates;
        }

        return VmStart.AllSettled(turn.View) ? TakeoverStep.RecoverSlaves : null;
    }

    /// <summary>
    /// Targets of migrations from the dead host: nothing ever ran in them, nobody goes on with them, and the VM that is started
    /// here needs their memory.
    /// </summary>
    internal static void DropShells(Draft turn)
    {
        var guests = turn.Host.Domains?.Guests ?? [];
        foreach (var shell in guests)
        {
            if (shell is { IsShell: true, Part: DomainPart.Incoming } && guests.All(other => other == shell || other.Vm != shell.Vm))
            {
                turn.Act(new HaAction.DestroyDomain(shell.Domid, shell.Vm), Deadlines.RoleFile);
            }
        }
    }

    internal static void Order(Draft turn, HaAction action, TimeSpan deadline, Guid vm = default) =>
        turn.Act(action, deadline, Purpose.TakeoverStep, vm);

    /// <summary>VMs that the database shows on the peer. One that the peer, heard again, really runs is not among them.</summary>
    private static IEnumerable<VmFact> HeldByPeer(View view) => view.State.Host.Database!.Vms.Where(vm =>
        vm.ResidentOn == view.Config.Peer.Uuid && vm.PowerState != VmPowerState.Halted && !view.RunsHere(vm.Uuid)
        && !(view.PeerHeard && (view.RunsOnPeer(vm.Uuid) || vm.StartUnderWay)));
}
