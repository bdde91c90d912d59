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

    /// <summary>The resets that are left go on beside it.</summary>
    public static TakeoverStep? ReleaseLocks(Draft turn, TakeoverProgress progress, TakeoverJournal journal)
    {
        PowerStates.Order(turn);
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

    /// <summary>The starts themselves are ordered by <see cref="VmStart"/>, each behind the reset of its own power state.</summary>
    public static TakeoverStep? StartVms(Draft turn, TakeoverProgress progress)
    {
        if (PowerStates.Undone(turn, progress))
        {
            return TakeoverStep.ResetPowerStates;
        }

        PowerStates.Order(turn);
        return VmStart.AllSettled(turn.View) && PowerStates.AllSettled(turn) ? TakeoverStep.RecoverSlaves : null;
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
}
