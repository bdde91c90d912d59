using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;
using TwoNodeHa.Core.Vms;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// Which of the missing VMs are to be started now: one level after the other, the next when each VM of the one before runs, was
/// given up, or fails for longer than a level is held back, and when start delays and guest agents have been waited for.
/// </summary>
internal static class StartLevels
{
    /// <summary>A start that failed so often holds the next level back no more.</summary>
    private const int TriesThatHold = 1;

    /// <summary>Which of the VMs that were ordered to start the hypervisors show by now.</summary>
    public static void SeeStarted(Draft turn)
    {
        // Every turn asks, and almost none has any: an enumerator of this type is not free.
        if (turn.Starts.IsEmpty)
        {
            return;
        }

        foreach (var (vm, attempt) in turn.Starts)
        {
            if (attempt is { OrderedAt: not null, ShownAt: null } && StartBook.Runs(turn.View, vm))
            {
                StartBook.Set(turn, vm, attempt with { ShownAt = turn.Now, UnknownSince = null, GivenUp = "", Tries = 0 });
            }
        }
    }

    public static void Order(Draft turn, bool takeover)
    {
        if (!AnyMayBeDue(turn, takeover) || turn.View.StartPlan() is not { } plan)
        {
            return;
        }

        int? level = null;
        var free = turn.Config.Policy.StartParallel - UnderWay(turn);
        foreach (var planned in PlannedStart.InOrder(plan))
        {
            var attempt = turn.Starts.GetValueOrDefault(planned.Vm.Uuid) ?? new StartAttempt();
            if (!IsDue(turn, planned.Vm, attempt, takeover))
            {
                continue;
            }

            if (level is { } open ? open != planned.Level : !IsOpen(turn.View, planned.Vm))
            {
                return;
            }

            if (takeover && PowerStates.Awaited(turn, planned.Vm.Uuid) is { } reset ? WaitsForReset(turn, planned.Vm, attempt, reset) : Serve(turn, plan, planned, attempt, ref free))
            {
                level = planned.Level;
            }
        }
    }

    /// <summary>Starts it if it may be started now. True when it holds its level.</summary>
    private static bool Serve(Draft turn, FailoverPlan plan, PlannedStart planned, StartAttempt attempt, ref int free)
    {
        var vm = planned.Vm;
        var pending = turn.Pending.IdOf(Purpose.StartVm, vm.Uuid) != 0;
        var ordered = !pending && free > 0 && IsReady(turn, vm, attempt) && StartCall.Give(turn, plan, planned, attempt);
        free -= ordered ? 1 : 0;
        return ordered || HoldsLevel(turn, turn.Starts.GetValueOrDefault(vm.Uuid) ?? attempt, pending);
    }

    /// <summary>It is started behind its own reset. True while that holds its level: one that failed is named when it is given up, and holds nothing up.</summary>
    private static bool WaitsForReset(Draft turn, VmRecord vm, StartAttempt attempt, ResetAttempt reset)
    {
        if (reset.GivenUp && attempt.GivenUp.Length > 0)
        {
            PowerStates.TryAnew(turn, vm.Uuid);
            StartBook.Set(turn, vm.Uuid, attempt with { GivenUp = "" });
        }
        else if (reset.GivenUp)
        {
            StartBook.GiveUp(turn, vm, attempt, $"{vm.Name} is not started until its power state is reset: {reset.Trouble}");
        }

        return reset.Tries == 0 && !reset.GivenUp;
    }

    /// <summary>Whether anything is missing, and may be started by now: else no plan need be made, which is not free.</summary>
    private static bool AnyMayBeDue(Draft turn, bool takeover) =>
        turn.View.AnyMissing && (takeover || (!turn.Procedures.OrphanSince.IsEmpty && AnyOrphanMayBeDue(turn)));

    private static bool AnyOrphanMayBeDue(Draft turn) => turn.Procedures.OrphanSince.Keys.Any(vm => Orphans.IsLong(turn, vm)
        && (!turn.Starts.TryGetValue(vm, out var attempt) || attempt.GivenUp.Length == 0 || turn.Now >= attempt.RetryAt));

    private static bool IsReady(Draft turn, VmRecord vm, StartAttempt attempt) =>
        turn.Now >= attempt.RetryAt && IsSettled(turn.View, vm.Uuid, attempt);

    /// <summary>When a VM that was started holds later levels back no more: its start delay, and its guest's agent or the wait for that.</summary>
    public static Instant PassesAt(View view, Guid uuid, StartAttempt attempt)
    {
        var shown = attempt.ShownAt!.Value;
        var record = RecordOf(view, uuid);
        var delayed = shown + (record?.StartDelay ?? TimeSpan.Zero);
        var ready = view.Policy.StartReady == TimeSpan.Zero || Orphans.FactOf(view, uuid) is not { AgentReports: false }
            ? shown : shown + view.Policy.StartReady;
        return Instant.Max(delayed, ready);
    }

    /// <summary>
    /// The outcome of the newest start is known: its answer came, or lists and database were read behind it, show nothing of
    /// it and no operation that goes on. Before that nothing else is tried, least of all on the other host.
    /// </summary>
    internal static bool IsSettled(View view, Guid vm, StartAttempt attempt)
    {
        if (attempt.UnknownSince is not { } since)
        {
            return true;
        }

        var listed = view.State.Host.DomainsAskedAt > since
            && (!attempt.OrderedOnPeer || !view.PeerFresh || view.State.Peer.Beat?.AckSentAt > since + Deadlines.QuietReading);
        return listed && view.State.Host.DatabaseAt > since
            && Orphans.FactOf(view, vm) is not { StartUnderWay: true } and not { PowerState: VmPowerState.Running or VmPowerState.Paused };
    }

    private static bool IsDue(Draft turn, VmRecord vm, StartAttempt attempt, bool takeover) =>
        (takeover || Orphans.IsLong(turn, vm.Uuid)) && (attempt.GivenUp.Length == 0 || turn.Now >= attempt.RetryAt)
        && !IsLostForLong(turn, vm, attempt);

    /// <summary>No VM of a level before that of this one, started a while ago, is still waited for.</summary>
    private static bool IsOpen(View view, VmRecord vm)
    {
        List<VmRecord>? waited = null;
        foreach (var (uuid, attempt) in view.State.Procedures.Starts)
        {
            if (attempt.ShownAt is not null && RecordOf(view, uuid) is { } record && StartBook.Runs(view, uuid) && view.Now < PassesAt(view, uuid, attempt))
            {
                (waited ??= [vm]).Add(record);
            }
        }

        if (waited is null)
        {
            return true;
        }

        var ranked = StartOrder.Of(waited);
        var own = ranked.First(each => each.Vm.Uuid == vm.Uuid).Level;
        return ranked[0].Level == own;
    }

    /// <summary>A start whose outcome stays unknown is named, and holds nothing up; it is still the only one that counts.</summary>
    private static bool IsLostForLong(Draft turn, VmRecord vm, StartAttempt attempt)
    {
        if (IsSettled(turn.View, vm.Uuid, attempt) || turn.Now - attempt.UnknownSince < Deadlines.StartHoldsLevel)
        {
            return false;
        }

        var host = attempt.OrderedOnPeer ? turn.Config.Peer.Name : turn.Config.Self.Name;
        StartBook.GiveUp(turn, vm, attempt, $"{vm.Name}: whether its start on {host} succeeded is not known, and nothing else is tried before it is");
        return true;
    }

    private static bool HoldsLevel(Draft turn, StartAttempt attempt, bool pending)
    {
        if (attempt.GivenUp.Length > 0 || (attempt.OrderedAt is { } at && turn.Now - at > Deadlines.StartHoldsLevel))
        {
            return false;
        }

        return pending || attempt.Tries <= TriesThatHold;
    }

    /// <summary>A VM that runs already takes no slot, however long XAPI sleeps its start delay in the call.</summary>
    private static int UnderWay(Draft turn)
    {
        var count = 0;
        foreach (var command in turn.Pending.Open)
        {
            count += command.Purpose == Purpose.StartVm && !StartBook.Runs(turn.View, command.Vm) ? 1 : 0;
        }

        return count;
    }

    private static VmRecord? RecordOf(View view, Guid uuid)
    {
        foreach (var vm in view.Durable.Vms)
        {
            if (vm.Uuid == uuid)
            {
                return vm;
            }
        }

        return null;
    }
}
