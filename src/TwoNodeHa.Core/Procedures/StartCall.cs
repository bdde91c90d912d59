using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;
using TwoNodeHa.Core.Vms;

namespace TwoNodeHa.Core.Procedures;

/// <summary>Orders the start of one VM, or says why not: what stands in its way by the plan, on which host, and who is at it already.</summary>
internal static class StartCall
{
    /// <summary>True when the start was ordered.</summary>
    public static bool Give(Draft turn, FailoverPlan plan, PlannedStart planned, StartAttempt attempt)
    {
        var vm = planned.Vm;
        if (planned.Obstacle is { Kind: ObstacleKind.Blocked or ObstacleKind.NotInDatabase } refusal)
        {
            StartBook.GiveUp(turn, vm, attempt with { Trouble = StartTrouble.Permanent }, $"{vm.Name}: {refusal.Text}");
            return false;
        }

        if (IsBusy(turn, vm, attempt) || ResetLeftBehind(turn, vm, attempt))
        {
            return false;
        }

        var onPeer = (attempt.OnPeer || IsForPeer(planned, attempt)) && turn.View.PeerTakesStarts;
        if (onPeer ? MustWaitForStronger(turn, plan, planned, attempt) : !FitsHere(turn, planned, attempt))
        {
            return false;
        }

        var host = onPeer ? turn.Config.Peer : turn.Config.Self;
        turn.Act(new HaAction.StartVm(vm.Uuid, host.Uuid), Deadlines.VmStart + (2 * vm.StartDelay), Purpose.StartVm, vm.Uuid);
        StartBook.Set(turn, vm.Uuid, attempt with
        {
            Tries = attempt.Tries + 1, GivenUp = "", OrderedAt = turn.Now, OrderedOnPeer = onPeer, ShownAt = null, UnknownSince = null,
        });
        turn.Report(HaEventId.VmStartOrdered, Severity.Notice, $"starting {vm.Name} on {host.Name}");
        return true;
    }

    /// <summary>
    /// Somebody else starts, resumes or moves it right now: a second order would wait inside XAPI, up to two hours (xapi.md 6.4).
    /// </summary>
    private static bool IsBusy(Draft turn, VmRecord vm, StartAttempt attempt)
    {
        if (Orphans.FactOf(turn.View, vm.Uuid) is not { StartUnderWay: true })
        {
            return false;
        }

        Waits(turn, vm, attempt, $"{vm.Name}: XAPI is already starting or moving it");
        return true;
    }

    /// <summary>Not its own fault, and soon over: said once, looked at again and again.</summary>
    private static void Waits(Draft turn, VmRecord vm, StartAttempt attempt, string text)
    {
        if (attempt.GivenUp != text)
        {
            turn.Report(HaEventId.VmGivenUp, Severity.Warning, $"not started: {text}; looked at again in {Deadlines.BusyVm.TotalSeconds:F0} s");
        }

        StartBook.Set(turn, vm.Uuid, attempt with { GivenUp = text, RetryAt = turn.Now + Deadlines.BusyVm });
    }

    /// <summary>The power state that a takeover could not reset is reset first; the start follows when the database shows it.</summary>
    private static bool ResetLeftBehind(Draft turn, VmRecord vm, StartAttempt attempt)
    {
        if (Orphans.FactOf(turn.View, vm.Uuid) is not { } shown || !Orphans.IsLeftBehind(turn.View, shown))
        {
            return false;
        }

        turn.Act(new HaAction.ResetPowerState(vm.Uuid), Deadlines.ToolstackUnit);
        turn.Schedule = turn.Schedule with { Database = turn.Now };
        StartBook.Set(turn, vm.Uuid, attempt with { RetryAt = turn.Now + Deadlines.StartRetryMax });
        return true;
    }

    /// <summary>What stands in the way here is this host's: the other one is asked first.</summary>
    private static bool IsForPeer(PlannedStart planned, StartAttempt attempt) => attempt.Tries == 0
        && planned.Obstacle is { IsAskedAllTheSame: true };

    /// <summary>The peer's free memory is not counted on: what is weaker goes there only when nothing stronger is still to start.</summary>
    private static bool MustWaitForStronger(Draft turn, FailoverPlan plan, PlannedStart planned, StartAttempt attempt)
    {
        foreach (var other in PlannedStart.InOrder(plan))
        {
            if (StartOrder.Rank(other.Class) >= StartOrder.Rank(planned.Class))
            {
                return false;
            }

            if (other.Obstacle is not { Kind: ObstacleKind.Blocked or ObstacleKind.NotInDatabase } && !StartBook.Runs(turn.View, other.Vm.Uuid))
            {
                Waits(turn, planned.Vm, attempt with { Trouble = StartTrouble.NoMemory },
                    $"{planned.Vm.Name} waits for {other.Vm.Name}, which may need the memory");
                return true;
            }
        }

        return false;
    }

    private static bool FitsHere(Draft turn, PlannedStart planned, StartAttempt attempt)
    {
        if (planned.Obstacle is not { Kind: ObstacleKind.Memory } tooBig)
        {
            return true;
        }

        var vm = planned.Vm;
        if (turn.Pending.Has(Purpose.StartVm))
        {
            // What is under way may be counted twice, by the plan and by XAPI: the answer tells.
            StartBook.Set(turn, vm.Uuid, attempt with { RetryAt = turn.Now + Deadlines.Reading });
        }
        else if (turn.State.Status == HaStatus.Paired && attempt is { Tries: 0, OnPeer: false })
        {
            StartBook.Set(turn, vm.Uuid, attempt with { OnPeer = true });
        }
        else
        {
            StartBook.GiveUp(turn, vm, attempt with { Trouble = StartTrouble.NoMemory, OnPeer = false }, $"{vm.Name} {tooBig.Text}");
        }

        return false;
    }
}

/// <summary>A VM of the plan that is still to be started.</summary>
/// <param name="Vm">The VM.</param>
/// <param name="Class">Class of its start.</param>
/// <param name="Level">Its level.</param>
/// <param name="Obstacle">What stands in its way; null when nothing does.</param>
internal readonly record struct PlannedStart(VmRecord Vm, VmClass Class, int Level, Obstacle? Obstacle)
{
    /// <summary>The plan, level by level; in a level what will not run comes last.</summary>
    public static IEnumerable<PlannedStart> InOrder(FailoverPlan plan) => plan.Steps
        .Select(static step => new PlannedStart(step.Vm, step.Class, step.Level, null))
        .Concat(plan.Misses.Select(static miss => new PlannedStart(miss.Vm, miss.Class, miss.Level, miss.Obstacle)))
        .OrderBy(static planned => planned.Level);
}
