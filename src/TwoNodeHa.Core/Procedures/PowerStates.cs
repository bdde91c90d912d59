using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// Has XAPI call stopped what the dead host held: only what the database shows there, and what does not run here by the hypervisor's own
/// list. In the order of the starts and a few at a time, each with tries of its own: a VM may be started as soon as its own power state is
/// reset, and one that is refused holds up no other.
/// </summary>
internal static class PowerStates
{
    /// <summary>
    /// Before any lock is released. XAPI asks the peer's toolstack whether it lives (xapi.md 5.2): none is released before one reset succeeded
    /// and all that were ordered with it are answered, unless every one failed to the end.
    /// </summary>
    public static TakeoverStep? First(Draft turn, TakeoverProgress progress)
    {
        if (IsNothingDone(progress))
        {
            Order(turn);
            return AllSettled(turn) ? TakeoverStep.ReleaseLocks : null;
        }

        return turn.Pending.Has(Purpose.ResetVm) ? null : TakeoverStep.ReleaseLocks;
    }

    /// <summary>Orders what is due, <c>start_parallel</c> at a time.</summary>
    public static void Order(Draft turn)
    {
        var free = turn.Config.Policy.StartParallel - turn.Pending.Count(Purpose.ResetVm);
        if (free <= 0)
        {
            return;
        }

        foreach (var vm in Left(turn.View).Where(vm => IsDue(turn, vm)).Take(free).ToList())
        {
            turn.Act(new HaAction.ResetPowerState(vm), Deadlines.ToolstackUnit, Purpose.ResetVm, vm);
        }
    }

    /// <summary>Nothing is under way, and what is left was given up.</summary>
    public static bool AllSettled(Draft turn) =>
        !turn.Pending.Has(Purpose.ResetVm) && Left(turn.View).All(vm => Of(turn.View, vm).GivenUp);

    /// <summary>XAPI has called nothing stopped in this takeover.</summary>
    public static bool IsNothingDone(TakeoverProgress progress) => progress.PowerStates.Values.All(static attempt => attempt.DoneAt is null);

    /// <summary>The attempts at a VM that cannot be started yet, since its power state is not reset or that is not known; null when it can.</summary>
    public static ResetAttempt? Awaited(Draft turn, Guid vm)
    {
        var attempt = Of(turn.View, vm);
        var waits = turn.Pending.IdOf(Purpose.ResetVm, vm) != 0 || !IsSettled(turn.View, attempt)
            || (Orphans.FactOf(turn.View, vm) is { } fact && IsHeldByPeer(turn.View, fact) && !IsReset(turn.View, attempt));
        return waits ? attempt : null;
    }

    /// <summary>The start of a VM whose reset was given up is tried anew: so is that.</summary>
    public static void TryAnew(Draft turn, Guid vm) =>
        Set(turn, vm, Of(turn.View, vm) with { GivenUp = false, Tries = 1, RetryAt = turn.Now });

    /// <summary>
    /// Some that XAPI called stopped it shows running on the peer again, by a reading that began behind its answer: a toolstack that died lost
    /// its newest changes. True when the steps from the reset on are to be repeated; a reset that never lasts is not repeated for ever.
    /// </summary>
    public static bool Undone(Draft turn, TakeoverProgress progress)
    {
        var again = progress.Resets < Deadlines.PowerStateResets;
        var undone = Left(turn.View).Where(vm => Of(turn.View, vm).DoneAt is not null).ToList();
        foreach (var vm in undone)
        {
            Set(turn, vm, new ResetAttempt { GivenUp = !again, Trouble = "XAPI does not keep it" });
        }

        return again && undone.Count > 0;
    }

    public static void Done(Draft turn, Observation.ActionFinished finished, Guid vm)
    {
        if (finished.Outcome == ActionOutcome.Succeeded)
        {
            Set(turn, vm, new ResetAttempt { DoneAt = turn.Now });
            return;
        }

        if (LivesByXapi(turn, finished))
        {
            turn.Peer = turn.Peer with { ToolstackAnsweredAt = turn.Now };
        }

        var tries = Of(turn.View, vm).Tries + 1;
        var trouble = $"{finished.Code} {finished.Detail}".TrimEnd();
        var attempt = new ResetAttempt
        {
            Tries = tries,
            RetryAt = turn.Now + (Deadlines.StepRetry * (1 << Math.Min(tries - 1, Deadlines.ResetTries))),
            UnknownSince = finished.Outcome == ActionOutcome.Unknown ? turn.Now : null,
            Trouble = trouble,
            GivenUp = tries >= Deadlines.ResetTries,
        };
        Set(turn, vm, attempt);
        // One that is to be started is named by its start.
        var alerts = attempt.GivenUp && turn.View.Missing().All(record => record.Uuid != vm);
        turn.Report(alerts ? HaEventId.Alert : HaEventId.ActionTrouble, Severity.Error, $"power state of {NameOf(turn.View, vm)} not reset: {trouble}", vm);
        if (attempt.UnknownSince is not null)
        {
            turn.ReadToolstackAnew();
            turn.Schedule = turn.Schedule with { Database = turn.Now };
        }
    }

    /// <summary>When a reset that failed is tried again.</summary>
    public static Instant LookAgainAt(View view, TakeoverProgress progress)
    {
        var first = Again.Never;
        foreach (var attempt in progress.PowerStates.Values)
        {
            first = Instant.Min(first, Again.At(view, attempt.RetryAt));
        }

        return first;
    }

    /// <summary>
    /// XAPI asked the peer before it would call its VMs stopped, and the peer's toolstack answered. Whoever is called dead by silence, by a
    /// lease or by an operator is alive then, and no storage lock of it is released: that question is asked once, and soon forgotten. Later
    /// on it is news of a peer only that is not heard: one that has booted meanwhile speaks for itself.
    /// </summary>
    private static bool LivesByXapi(Draft turn, Observation.ActionFinished finished) => finished.Code == "HOST_IS_LIVE"
        && turn.Durable.Takeover is { Rule: TakeoverRule.Silence or TakeoverRule.Arbiter or TakeoverRule.Operator } journal
        && (journal.Step == TakeoverStep.ResetPowerStates || !turn.View.PeerHeard);

    /// <summary>Held by the peer and not reset: first what is to be started, in its order.</summary>
    private static IEnumerable<Guid> Left(View view)
    {
        var held = view.State.Host.Database!.Vms.Where(vm => IsHeldByPeer(view, vm) && !IsReset(view, Of(view, vm.Uuid)))
            .Select(static vm => vm.Uuid).ToHashSet();
        return held.Count == 0 ? held : view.Missing().Select(static vm => vm.Uuid).Where(held.Remove).ToList().Concat(held.Order());
    }

    /// <summary>The database shows it on the peer. One that the peer, heard again, really runs is not among them.</summary>
    private static bool IsHeldByPeer(View view, VmFact vm) =>
        vm.ResidentOn == view.Config.Peer.Uuid && vm.PowerState != VmPowerState.Halted && !view.RunsHere(vm.Uuid)
        && !(view.PeerHeard && (view.RunsOnPeer(vm.Uuid) || vm.StartUnderWay));

    /// <summary>XAPI said so, and nothing that was read behind its answer says otherwise.</summary>
    private static bool IsReset(View view, ResetAttempt attempt) => attempt.DoneAt is { } done && !(view.State.Host.DatabaseAt > done);

    /// <summary>The outcome of the newest try is known: its answer came, or the database was read behind it.</summary>
    private static bool IsSettled(View view, ResetAttempt attempt) =>
        attempt.UnknownSince is not { } since || view.State.Host.DatabaseAt >= since;

    private static bool IsDue(Draft turn, Guid vm) => Of(turn.View, vm) is { GivenUp: false } attempt && turn.Now >= attempt.RetryAt
        && IsSettled(turn.View, attempt) && turn.Pending.IdOf(Purpose.ResetVm, vm) == 0;

    private static ResetAttempt Of(View view, Guid vm) => view.State.Procedures.Takeover?.PowerStates.GetValueOrDefault(vm) ?? new ResetAttempt();

    private static void Set(Draft turn, Guid vm, ResetAttempt attempt) =>
        turn.Takeover = turn.Takeover! with { PowerStates = turn.Takeover.PowerStates.SetItem(vm, attempt) };

    private static string NameOf(View view, Guid vm) => Orphans.FactOf(view, vm)?.Name ?? vm.ToString();
}
