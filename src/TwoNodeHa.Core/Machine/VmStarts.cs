using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Machine;

/// <summary>
/// Starts protected VMs: in a takeover, and on the master of a pair when one runs nowhere. By level (priority, order),
/// in parallel inside a level, each with bounded tries; the right to run is looked at before each start.
/// </summary>
internal static class VmStarts
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan OrphanPatience = TimeSpan.FromSeconds(8);

    public static void Continue(TurnBuilder turn)
    {
        var starting = turn.State.Status == HaStatus.TakingOver && turn.Durable.Takeover is { Step: TakeoverStep.StartVms };
        if (!starting && !CaresForOrphans(turn))
        {
            if (!turn.State.OrphanSince.IsEmpty)
            {
                turn.State = turn.State with { OrphanSince = turn.State.OrphanSince.Clear() };
            }

            return;
        }

        if (turn.State.Database is null)
        {
            return;
        }

        if (!starting)
        {
            WatchOrphans(turn);
        }

        OrderLevel(turn, takeover: starting);
    }

    /// <summary>Nothing is under way, and everything missing was given up.</summary>
    public static bool AllSettled(TurnBuilder turn)
    {
        foreach (var vm in Knowledge.Missing(turn.State))
        {
            if (!turn.State.Starts.TryGetValue(vm.Uuid, out var attempt) || attempt.GivenUp.Length == 0)
            {
                return false;
            }
        }

        return true;
    }

    public static bool Finished(TurnBuilder turn, Observation.ActionFinished finished)
    {
        foreach (var (vm, attempt) in turn.State.Starts)
        {
            if (attempt.Pending == finished.Id)
            {
                Judge(turn, vm, attempt, finished);
                return true;
            }
        }

        return false;
    }

    private static bool CaresForOrphans(TurnBuilder turn) =>
        turn.State.Status is HaStatus.Paired or HaStatus.Sole && turn.Durable.Enabled
            && turn.Durable.Master == turn.Config.Self.Uuid && Knowledge.IsMaster(turn.State)
            && Knowledge.ToolstackReady(turn.State) && Knowledge.Unfit(turn.Config, turn.State, turn.Now) is null
            && !Knowledge.PeerAttested(turn.State) && PlacementKnown(turn);

    /// <summary>A VM that runs nowhere is only known where both hypervisors' lists are known.</summary>
    private static bool PlacementKnown(TurnBuilder turn) => turn.State.Status == HaStatus.Sole
        || (turn.State.Peer.Beat is { RunningCount: >= 0 } beat && !beat.Has(HeartbeatFlags.RunningTruncated)
            && Knowledge.PeerFresh(turn.Config, turn.State, turn.Now));

    private static void WatchOrphans(TurnBuilder turn)
    {
        var since = turn.State.OrphanSince;
        foreach (var vm in turn.Durable.Vms)
        {
            var fact = turn.State.Database!.Vms.FirstOrDefault(candidate => candidate.Uuid == vm.Uuid);
            var orphan = vm is { Protected: true, Wanted: true } && fact is { PowerState: VmPowerState.Halted }
                && !Knowledge.RunsHere(turn.State, vm.Uuid) && !Knowledge.RunsOnPeer(turn.State, vm.Uuid);
            since = orphan
                ? since.ContainsKey(vm.Uuid) ? since : since.Add(vm.Uuid, turn.Now)
                : since.Remove(vm.Uuid);
        }

        if (since != turn.State.OrphanSince)
        {
            turn.State = turn.State with { OrphanSince = since };
        }
    }

    private static void OrderLevel(TurnBuilder turn, bool takeover)
    {
        (bool BestEffort, int Order)? level = null;
        var under = turn.State.Starts.Values.Count(attempt => attempt.Pending != 0);
        foreach (var vm in Knowledge.Missing(turn.State))
        {
            if (!takeover && (!turn.State.OrphanSince.TryGetValue(vm.Uuid, out var since) || turn.Now - since < OrphanPatience))
            {
                continue;
            }

            var attempt = turn.State.Starts.GetValueOrDefault(vm.Uuid) ?? new StartAttempt();
            if (attempt.GivenUp.Length > 0 && turn.Now < attempt.RetryAt)
            {
                continue;
            }

            var own = (vm.Priority == RestartPriority.BestEffort, vm.Order);
            level ??= own;
            if (level != own)
            {
                return;
            }

            if (attempt.Pending == 0 && turn.Now >= attempt.RetryAt && under < turn.Config.Policy.StartParallel)
            {
                under += Order(turn, vm, attempt) ? 1 : 0;
            }
        }
    }

    private static bool Order(TurnBuilder turn, VmRecord vm, StartAttempt attempt)
    {
        var free = turn.State.Database!.FreeMemoryBytes;
        var promised = turn.State.Starts.Where(pair => pair.Value.Pending != 0 || pair.Value.SucceededAt > turn.State.DatabaseAt)
            .Sum(pair => turn.Durable.Vms.FirstOrDefault(record => record.Uuid == pair.Key)?.MemoryBytes ?? 0);
        var onPeer = attempt.OnPeer && turn.State is { Status: HaStatus.Paired, Peer.Beat.Status: HaStatus.Paired }
            && Knowledge.PeerFresh(turn.Config, turn.State, turn.Now);
        if (!onPeer && free >= 0 && vm.MemoryBytes > free - promised)
        {
            if (turn.State.Status == HaStatus.Paired && attempt.Tries == 0)
            {
                Set(turn, vm.Uuid, attempt with { OnPeer = true });
                return false;
            }

            var text = $"{vm.Name} needs {vm.MemoryBytes >> 20} MiB, {Math.Max(0, free - promised) >> 20} MiB are free";
            GiveUp(turn, vm, attempt, text, HaEventId.VmGivenUp);
            return false;
        }

        var id = turn.Act(new HaAction.StartVm(vm.Uuid, onPeer ? turn.Config.Peer.Uuid : turn.Config.Self.Uuid), StartDeadline + (2 * vm.StartDelay));
        Set(turn, vm.Uuid, attempt with { Pending = id, Tries = attempt.Tries + 1, GivenUp = "" });
        turn.Report(HaEventId.VmStartOrdered, Severity.Notice, $"starting {vm.Name} on {(onPeer ? turn.Config.Peer.Name : turn.Config.Self.Name)}");
        return true;
    }

    private static void Judge(TurnBuilder turn, Guid uuid, StartAttempt attempt, Observation.ActionFinished finished)
    {
        var vm = turn.Durable.Vms.FirstOrDefault(record => record.Uuid == uuid);
        var name = vm?.Name ?? uuid.ToString();
        attempt = attempt with { Pending = 0 };
        if (finished.Outcome == ActionOutcome.Succeeded)
        {
            // The hypervisor's list is the proof; it is read again at once.
            turn.Report(HaEventId.VmStarted, Severity.Notice, $"{name} was started");
            Set(turn, uuid, attempt with { SucceededAt = turn.Now, Tries = 0, RetryAt = turn.Now + TimeSpan.FromSeconds(10) });
            turn.State = turn.State with { Schedule = turn.State.Schedule with { Domains = turn.Now } };
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
            GiveUp(turn, vm, attempt, $"{name}: {finished.Code} after {attempt.Tries} tries", HaEventId.VmGivenUp);
            return;
        }

        ReleaseAgain(turn, finished);
        var wait = TimeSpan.FromSeconds(Math.Min(30, 1 << Math.Min(attempt.Tries, 5)));
        Set(turn, uuid, attempt with { RetryAt = turn.Now + wait });
    }

    /// <summary>What a takeover had undone and is back: a lock of the dead host is released again, a lost reset is found.</summary>
    private static void ReleaseAgain(TurnBuilder turn, Observation.ActionFinished finished)
    {
        if (finished.Code == "SR_BACKEND_FAILURE_46" && turn.Durable.Takeover is { Step: TakeoverStep.StartVms } journal)
        {
            turn.Act(new HaAction.ReleaseStorageLocks(turn.Config.Peer.Uuid, !journal.WasMaster), TimeSpan.FromSeconds(60));
        }
        else if (finished.Code == "VM_BAD_POWER_STATE" && turn.Durable.Takeover is { Step: TakeoverStep.StartVms })
        {
            // A toolstack that died lost its newest changes (the database is flushed every two seconds): look what it shows now.
            turn.State = turn.State with
            {
                Schedule = turn.State.Schedule with { Toolstack = turn.Now, Database = turn.Now, ToolstackPending = 0 },
            };
        }
    }

    private static bool IsHopeless(TurnBuilder turn, string code) => code is "UUID_INVALID" or "HANDLE_INVALID"
        or "VM_IS_TEMPLATE" or "OPERATION_BLOCKED" or "VM_HVM_REQUIRED" or "LICENCE_RESTRICTION"
        || (code == "VM_REQUIRES_SR" && turn.State.Status != HaStatus.Paired);

    private static void GiveUp(TurnBuilder turn, VmRecord vm, StartAttempt attempt, string text, HaEventId id)
    {
        turn.Report(id, Severity.Critical, $"not started: {text}; tried again in 60 s");
        Set(turn, vm.Uuid, attempt with { GivenUp = text, Tries = 0, RetryAt = turn.Now + TimeSpan.FromSeconds(60) });
    }

    private static void Set(TurnBuilder turn, Guid vm, StartAttempt attempt) =>
        turn.State = turn.State with { Starts = turn.State.Starts.SetItem(vm, attempt) };
}
