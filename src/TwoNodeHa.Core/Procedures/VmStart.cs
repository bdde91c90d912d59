using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;
using TwoNodeHa.Core.Vms;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// Starts protected VMs: in a takeover, and on the master of a pair when one runs nowhere. By level (priority, order),
/// in parallel inside a level, each with bounded tries; the right to run is looked at before each start.
/// </summary>
internal static class VmStart
{
    public static void Advance(Draft turn)
    {
        var starting = turn.State.Status == HaStatus.TakingOver && turn.Durable.Takeover is { Step: TakeoverStep.StartVms };
        if (!starting && !CaresForOrphans(turn.View))
        {
            if (!turn.Procedures.OrphanSince.IsEmpty || turn.Procedures.CaredUnder is not null)
            {
                turn.Procedures = turn.Procedures with { OrphanSince = turn.Procedures.OrphanSince.Clear(), CaredUnder = null };
            }

            return;
        }

        // Enabled counts once it is on disk.
        if (turn.Host.Database is null || !turn.Disk.Confirmed.Enabled)
        {
            return;
        }

        StartHope.Reconsider(turn);
        if (!starting)
        {
            WatchOrphans(turn);
        }

        OrderLevel(turn, takeover: starting);
    }

    /// <summary>Nothing is under way, and everything missing was given up.</summary>
    public static bool AllSettled(View view)
    {
        foreach (var vm in view.Missing())
        {
            if (!view.State.Procedures.Starts.TryGetValue(vm.Uuid, out var attempt) || attempt.GivenUp.Length == 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>When the next try is due.</summary>
    public static Instant LookAgainAt(View view)
    {
        var first = Again.Never;

        // Every turn asks, and almost none has any: an enumerator of this type is not free.
        if (view.State.Procedures.Starts.IsEmpty)
        {
            return first;
        }

        foreach (var attempt in view.State.Procedures.Starts.Values)
        {
            first = Instant.Min(first, Again.At(view, attempt.RetryAt));
        }

        return first;
    }

    public static void Done(Draft turn, Observation.ActionFinished finished, Guid uuid)
    {
        if (!turn.Starts.TryGetValue(uuid, out var attempt))
        {
            return;
        }

        var vm = turn.Durable.Vms.FirstOrDefault(record => record.Uuid == uuid);
        var name = vm?.Name ?? uuid.ToString();
        if (finished.Outcome == ActionOutcome.Succeeded)
        {
            // The hypervisor's list is the proof; it is read again at once.
            turn.Report(HaEventId.VmStarted, Severity.Notice, $"{name} was started");
            Set(turn, uuid, attempt with { SucceededAt = turn.Now, Tries = 0, GivenUpTimes = 0, RetryAt = turn.Now + Deadlines.StartIsShown });
            turn.Schedule = turn.Schedule with { Domains = turn.Now };
            return;
        }

        turn.Report(HaEventId.VmStartFailed, Severity.Error, $"start of {name}: {finished.Code} {finished.Detail}".TrimEnd());
        if (turn.State.Status == HaStatus.Paired)
        {
            // A lock, a storage path or memory that is missing here may be there; between a pair no lock is forced.
            attempt = attempt with { OnPeer = !attempt.OnPeer };
        }

        if (vm is not null && (attempt.Tries >= turn.Config.Policy.StartAttempts || IsHopeless(turn, finished.Code)))
        {
            GiveUp(turn, vm, attempt, $"{name}: {finished.Code} after {attempt.Tries} tries");
            return;
        }

        ReleaseAgain(turn, finished);
        var wait = Math.Min(Deadlines.StartRetryMax.TotalSeconds, 1 << Math.Min(attempt.Tries, 5));
        Set(turn, uuid, attempt with { RetryAt = turn.Now + TimeSpan.FromSeconds(wait) });
    }

    private static bool CaresForOrphans(View view) =>
        view.Status is HaStatus.Paired or HaStatus.Sole && view.Durable.Enabled
            && view.Durable.Master == view.Config.Self.Uuid && view.IsMaster
            && view.ToolstackReady && Fitness.WhyNot(view) is null
            && PlacementIsKnown(view);

    /// <summary>
    /// A VM that runs nowhere is only known where both hypervisors' lists are known. Of a pair, one that attested is taken over
    /// from; a sole host has taken over, and a peer that runs nothing or is silent takes nothing from its care.
    /// </summary>
    private static bool PlacementIsKnown(View view) => view.Status == HaStatus.Sole
        || (!view.PeerAttested && view.State.Peer.Beat is { RunningCount: >= 0 } beat && !beat.Has(HeartbeatFlags.RunningTruncated) && view.PeerFresh);

    private static void WatchOrphans(Draft turn)
    {
        var view = turn.View;
        var since = turn.Procedures.OrphanSince;
        foreach (var vm in turn.Durable.Vms)
        {
            since = !IsOrphan(view, vm) ? since.Remove(vm.Uuid)
                : since.ContainsKey(vm.Uuid) ? since : since.Add(vm.Uuid, turn.Now);
        }

        if (since != turn.Procedures.OrphanSince)
        {
            turn.Procedures = turn.Procedures with { OrphanSince = since };
        }
    }

    private static bool IsOrphan(View view, VmRecord vm) => vm is { Protected: true, Wanted: true }
        && view.State.Host.Database!.Vms.FirstOrDefault(fact => fact.Uuid == vm.Uuid) is { } fact
        && (fact.PowerState == VmPowerState.Halted || IsLeftBehind(view, fact))
        && !view.RunsHere(vm.Uuid) && !view.RunsOnPeer(vm.Uuid);

    /// <summary>The database still shows it on the peer that this sole host took over from, and that is silent: a reset that did not last.</summary>
    private static bool IsLeftBehind(View view, VmFact fact) => view.Status == HaStatus.Sole && !view.PeerHeard
        && fact.ResidentOn == view.Config.Peer.Uuid && fact.PowerState is VmPowerState.Running or VmPowerState.Paused && !fact.StartUnderWay;

    private static void OrderLevel(Draft turn, bool takeover)
    {
        if (turn.View.StartPlan() is not { } plan)
        {
            return;
        }

        int? level = null;
        var under = turn.Pending.Count(Purpose.StartVm);
        foreach (var (vm, own, obstacle) in InOrder(plan))
        {
            var attempt = turn.Starts.GetValueOrDefault(vm.Uuid) ?? new StartAttempt();
            if ((!takeover && !IsOrphanLong(turn, vm.Uuid)) || (attempt.GivenUp.Length > 0 && turn.Now < attempt.RetryAt))
            {
                continue;
            }

            level ??= own;
            if (level != own)
            {
                return;
            }

            if (turn.Pending.IdOf(Purpose.StartVm, vm.Uuid) == 0 && turn.Now >= attempt.RetryAt && under < turn.Config.Policy.StartParallel)
            {
                under += Order(turn, vm, attempt, obstacle) ? 1 : 0;
            }
        }
    }

    /// <summary>The plan, level by level; in a level what will not run comes last.</summary>
    private static IEnumerable<(VmRecord Vm, int Level, Obstacle? Obstacle)> InOrder(FailoverPlan plan) => plan.Steps
        .Select(static step => (step.Vm, step.Level, (Obstacle?)null))
        .Concat(plan.Misses.Select(static miss => (miss.Vm, miss.Level, (Obstacle?)miss.Obstacle)))
        .OrderBy(static entry => entry.Level);

    private static bool IsOrphanLong(Draft turn, Guid vm) =>
        turn.Procedures.OrphanSince.TryGetValue(vm, out var since) && turn.Now - since >= Deadlines.Orphan;

    /// <summary>The power state that a takeover could not reset is reset first; the start follows when the database shows it.</summary>
    private static bool ResetLeftBehind(Draft turn, VmRecord vm, StartAttempt attempt)
    {
        if (turn.Host.Database!.Vms.FirstOrDefault(fact => fact.Uuid == vm.Uuid) is not { } shown || !IsLeftBehind(turn.View, shown))
        {
            return false;
        }

        turn.Act(new HaAction.ResetPowerState(vm.Uuid), Deadlines.ToolstackUnit);
        turn.Schedule = turn.Schedule with { Database = turn.Now };
        Set(turn, vm.Uuid, attempt with { RetryAt = turn.Now + Deadlines.StartRetryMax });
        return true;
    }

    private static bool Order(Draft turn, VmRecord vm, StartAttempt attempt, Obstacle? obstacle)
    {
        if (obstacle is { Kind: ObstacleKind.Blocked or ObstacleKind.NotInDatabase } refusal)
        {
            GiveUp(turn, vm, attempt, $"{vm.Name}: {refusal.Text}");
            return false;
        }

        if (ResetLeftBehind(turn, vm, attempt))
        {
            return false;
        }

        var onPeer = attempt.OnPeer && turn.State is { Status: HaStatus.Paired, Peer.Beat.Status: HaStatus.Paired } && turn.View.PeerFresh;
        if (!onPeer && obstacle is { Kind: ObstacleKind.Memory } tooBig)
        {
            if (turn.State.Status == HaStatus.Paired && attempt.Tries == 0)
            {
                Set(turn, vm.Uuid, attempt with { OnPeer = true });
                return false;
            }

            GiveUp(turn, vm, attempt, $"{vm.Name} {tooBig.Text}");
            return false;
        }

        var host = onPeer ? turn.Config.Peer : turn.Config.Self;
        turn.Act(new HaAction.StartVm(vm.Uuid, host.Uuid), Deadlines.VmStart + (2 * vm.StartDelay), Purpose.StartVm, vm.Uuid);
        Set(turn, vm.Uuid, attempt with { Tries = attempt.Tries + 1, GivenUp = "" });
        turn.Report(HaEventId.VmStartOrdered, Severity.Notice, $"starting {vm.Name} on {host.Name}");
        return true;
    }

    /// <summary>What a takeover had undone and is back: a lock of the dead host is released again, a lost reset is found.</summary>
    private static void ReleaseAgain(Draft turn, Observation.ActionFinished finished)
    {
        if (turn.Durable.Takeover is not { Step: TakeoverStep.StartVms } journal)
        {
            return;
        }

        if (finished.Code == "SR_BACKEND_FAILURE_46")
        {
            turn.Act(new HaAction.ReleaseStorageLocks(turn.Config.Peer.Uuid, !journal.WasMaster), Deadlines.ReleaseLocks);
        }
        else if (finished.Code == "VM_BAD_POWER_STATE")
        {
            // A toolstack that died lost its newest changes (the database is flushed every two seconds): look what it shows now.
            turn.ReadToolstackAnew();
            turn.Schedule = turn.Schedule with { Database = turn.Now };
        }
    }

    private static bool IsHopeless(Draft turn, string code) => code is "UUID_INVALID" or "HANDLE_INVALID"
        or "VM_IS_TEMPLATE" or "OPERATION_BLOCKED" or "VM_HVM_REQUIRED" or "LICENCE_RESTRICTION"
        || (code == "VM_REQUIRES_SR" && turn.State.Status != HaStatus.Paired);

    private static void GiveUp(Draft turn, VmRecord vm, StartAttempt attempt, string text)
    {
        var wait = StartHope.Rest(attempt.GivenUpTimes);
        turn.Report(HaEventId.VmGivenUp, Severity.Critical,
            $"not started: {text}; tried again in {wait.TotalSeconds:F0} s, or as soon as something changes");
        Set(turn, vm.Uuid, attempt with
        {
            GivenUp = text,
            GivenUpTimes = Math.Min(attempt.GivenUpTimes + 1, StartHope.RestsMax),
            Tries = 0,
            RetryAt = turn.Now + wait,
        });
    }

    private static void Set(Draft turn, Guid vm, StartAttempt attempt) => turn.Starts = turn.Starts.SetItem(vm, attempt);
}
