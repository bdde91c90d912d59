using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// Starts protected VMs: in a takeover, and on the master of a pair when one runs nowhere. By level (<see cref="StartLevels"/>),
/// in parallel inside a level, each with bounded tries; the right to run is looked at before each start. This part: when starts
/// are cared for at all, and what becomes of their answers.
/// </summary>
internal static class VmStart
{
    public static void Advance(Draft turn)
    {
        var starting = turn.State.Status == HaStatus.TakingOver && turn.Durable.Takeover is { Step: TakeoverStep.StartVms };
        if (!starting && !CaresForOrphans(turn.View))
        {
            var meanwhile = StartHope.Meanwhile(turn);
            if (!turn.Procedures.OrphanSince.IsEmpty || turn.Procedures.CaredUnder != meanwhile)
            {
                turn.Procedures = turn.Procedures with { OrphanSince = turn.Procedures.OrphanSince.Clear(), CaredUnder = meanwhile };
            }

            return;
        }

        // Enabled counts once it is on disk.
        if (turn.Host.Database is null || !turn.Disk.Confirmed.Enabled)
        {
            return;
        }

        StartHope.Reconsider(turn);
        StartLevels.SeeStarted(turn);
        if (!starting)
        {
            Orphans.Watch(turn);
        }

        StartLevels.Order(turn, takeover: starting);
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

    /// <summary>When the next try is due, or the next level.</summary>
    public static Instant LookAgainAt(View view)
    {
        var first = Again.Never;

        // Every turn asks, and almost none has any: an enumerator of this type is not free.
        if (view.State.Procedures.Starts.IsEmpty)
        {
            return first;
        }

        foreach (var (uuid, attempt) in view.State.Procedures.Starts)
        {
            first = Instant.Min(first, Again.At(view, attempt.RetryAt));
            if (attempt.ShownAt is not null)
            {
                first = Instant.Min(first, Again.At(view, StartLevels.PassesAt(view, uuid, attempt)));
            }
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
            StartBook.Set(turn, uuid, attempt with
            {
                SucceededAt = turn.Now, Tries = 0, GivenUpTimes = 0, Trouble = StartTrouble.None, UnknownSince = null,
                RetryAt = turn.Now + Deadlines.StartIsShown,
            });
            turn.Schedule = turn.Schedule with { Domains = turn.Now };
            return;
        }

        turn.Report(HaEventId.VmStartFailed, Severity.Error, $"start of {name}: {finished.Code} {finished.Detail}".TrimEnd());
        Failed(turn, finished, vm, uuid, attempt);
    }

    private static void Failed(Draft turn, Observation.ActionFinished finished, VmRecord? vm, Guid uuid, StartAttempt attempt)
    {
        var trouble = StartTroubles.Of(finished.Outcome, finished.Code);
        attempt = attempt with { Trouble = trouble, UnknownSince = trouble == StartTrouble.Unknown ? turn.Now : null };
        if (trouble == StartTrouble.Unknown || finished.Code == "VM_BAD_POWER_STATE")
        {
            LookAgain(turn);
        }
        else if (turn.State.Status == HaStatus.Paired)
        {
            // A lock, a storage path or memory that is missing here may be there; between a pair no lock is forced.
            attempt = attempt with { OnPeer = !attempt.OnPeer };
        }

        if (vm is not null && IsEnough(turn, attempt))
        {
            StartBook.GiveUp(turn, vm, attempt, $"{vm.Name}: {finished.Code} after {attempt.Tries} tries");
            return;
        }

        ReleaseAgain(turn, trouble);
        var wait = Math.Min(Deadlines.StartRetryMax.TotalSeconds, 1 << Math.Min(attempt.Tries, 5));
        StartBook.Set(turn, uuid, attempt with { RetryAt = turn.Now + TimeSpan.FromSeconds(wait) });
    }

    /// <summary>Trying on would change nothing. In a pair the other host is asked first.</summary>
    private static bool IsEnough(Draft turn, StartAttempt attempt) => attempt.Tries >= turn.Config.Policy.StartAttempts
        || attempt.Trouble switch
        {
            StartTrouble.Permanent => true,
            StartTrouble.Missing => turn.State.Status != HaStatus.Paired || attempt.Tries > 1,
            StartTrouble.NoMemory => attempt.Tries > 1,
            _ => false,
        };

    private static bool CaresForOrphans(View view) =>
        view.Status is HaStatus.Paired or HaStatus.Sole && view.Durable.Enabled
            && view.Durable.Master == view.Config.Self.Uuid && view.IsMaster
            && view.ToolstackReady && Fitness.WhyNotCare(view) is null
            && PlacementIsKnown(view);

    /// <summary>
    /// A VM that runs nowhere is only known where both hypervisors' lists are known. Of a pair, one that attested is taken over
    /// from; a sole host has taken over, and a peer that runs nothing or is silent takes nothing from its care.
    /// </summary>
    private static bool PlacementIsKnown(View view) => view.Status == HaStatus.Sole
        || (!view.PeerAttested && view.PeerListsAll);

    /// <summary>What a takeover had undone and is back: a lock of the dead host is released again.</summary>
    private static void ReleaseAgain(Draft turn, StartTrouble trouble)
    {
        if (trouble == StartTrouble.Lock && turn.Durable.Takeover is { Step: TakeoverStep.StartVms } journal)
        {
            turn.Act(new HaAction.ReleaseStorageLocks(turn.Config.Peer.Uuid, !journal.WasMaster), Deadlines.ReleaseLocks);
        }
    }

    /// <summary>
    /// It may run, or be on its way: both lists and the database are read anew. A toolstack that died also lost its newest
    /// changes (the database is flushed every two seconds).
    /// </summary>
    private static void LookAgain(Draft turn)
    {
        turn.ReadToolstackAnew();
        turn.Schedule = turn.Schedule with { Database = turn.Now, Domains = turn.Now };
    }
}
