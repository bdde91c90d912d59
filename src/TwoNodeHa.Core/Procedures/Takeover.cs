using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Host;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Peer;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.States;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// The takeover as a step machine driven by results: intent, prepare, promote, await the toolstack, reset power states,
/// release locks, start VMs, recover slaves. Every step may be repeated; the permit is looked at again before each.
/// </summary>
internal static class Takeover
{
    public static void Begin(Draft turn, TakeoverRule rule)
    {
        var peer = turn.Config.Peer;
        var epoch = Math.Max(turn.Durable.Epoch, turn.Peer.Beat?.Epoch ?? 0) + 1;
        var held = turn.Durable.Vms.Where(vm => vm.LastOn == peer.Uuid).Select(vm => vm.Uuid).ToImmutableArray();
        turn.Durable = turn.Durable with
        {
            Epoch = epoch,
            Master = turn.Config.Self.Uuid,
            Committed = false,
            PromiseStands = rule != TakeoverRule.Operator && turn.Durable.PromiseStands,
            FenceReason = "",
            PeerReturns = false,

            // A pause that the peer acknowledged would be a right without end.
            Disarm = 0,
            DisarmAcknowledged = false,
            Takeover = new TakeoverJournal
            {
                Epoch = epoch,
                Rule = rule,
                Step = TakeoverStep.Intent,
                WasMaster = turn.View.IsMaster,
                PeerHeld = held,
            },
        };
        if (rule == TakeoverRule.Attested && turn.Peer.Beat is { } yielded && !yielded.Has(HeartbeatFlags.GatewayFresh))
        {
            turn.Procedures = turn.Procedures with { Yields = YieldRecord.OneMore(turn.Procedures.Yields, turn.Now) };
        }

        turn.ThirdParty = turn.ThirdParty with { PeerPowerOffAt = null };
        turn.Peer = turn.Peer with { ToolstackAnsweredAt = null };
        turn.Host = turn.Host with { StandsDownSince = null };
        turn.ReadDomainsAnew();
        turn.DropStarts();
        turn.Abandon(Purpose.TakeoverStep);
        turn.Abandon(Purpose.ResetVm);
        turn.Procedures = turn.Procedures with
        {
            LastRefusal = "",
            OrphanSince = turn.Procedures.OrphanSince.Clear(),
            Takeover = new TakeoverProgress { StartedAt = turn.Now, StepSince = turn.Now },
        };
        turn.Become(Cause.PermitGranted, Sentence(turn, rule));
        turn.Report(HaEventId.TakeoverDecided, Severity.Critical,
            $"taking over from {peer.Name}, epoch {epoch}: {Sentence(turn, rule)}");

        // Armed before the first start, not after it.
        Watchdog.Arm(turn);
    }

    /// <summary>A daemon restarted in the middle of a takeover goes on where the journal stands.</summary>
    public static void Resume(Draft turn, TakeoverJournal journal)
    {
        // What a later step needs to know of the toolstack died with the former daemon; every step may be repeated.
        if (journal.Step > TakeoverStep.AwaitToolstack)
        {
            turn.Durable = turn.Durable with { Takeover = journal with { Step = TakeoverStep.AwaitToolstack } };
        }

        turn.Takeover = new TakeoverProgress { StartedAt = turn.Now, StepSince = turn.Now };
        turn.Become(Cause.TakeoverResumed, $"continued after a restart of the daemon at step {journal.Step}");
        Watchdog.Arm(turn);
    }

    public static void Advance(Draft turn)
    {
        // A step that has nothing to wait for is followed by the next one in the same turn.
        while (turn.State is { Status: HaStatus.TakingOver, Durable.Takeover: { } journal } && AdvanceOnce(turn, journal) is { } next)
        {
            Enter(turn, next);
        }
    }

    /// <summary>When a failed step is tried again, or a reset.</summary>
    public static Instant LookAgainAt(View view) => view.State.Procedures.Takeover is { } takeover
        ? Instant.Min(Again.At(view, takeover.RetryAt), PowerStates.LookAgainAt(view, takeover)) : Again.Never;

    public static void Done(Draft turn, Observation.ActionFinished finished, PendingCommand pending)
    {
        if (turn.Takeover is not { } progress)
        {
            return;
        }

        if (pending is { Purpose: Purpose.ResetVm, Vm: var vm })
        {
            PowerStates.Done(turn, finished, vm);
            return;
        }

        if (finished.Outcome == ActionOutcome.Succeeded)
        {
            turn.Takeover = progress with
            {
                DoneVms = progress.DoneVms.Add(pending.Vm),
                Phase = pending.Vm == Guid.Empty ? progress.Phase + 1 : progress.Phase,
            };
            return;
        }

        turn.Takeover = progress with { Tries = progress.Tries + 1, RetryAt = turn.Now + Deadlines.StepRetry };
        turn.Report(HaEventId.ActionTrouble, Severity.Error,
            $"takeover step {turn.Durable.Takeover?.Step}: {finished.Code} {finished.Detail}".TrimEnd());
    }

    /// <summary>The step that follows now; null while this one is not done, or the takeover ended.</summary>
    private static TakeoverStep? AdvanceOnce(Draft turn, TakeoverJournal journal)
    {
        if (WhyAbandon(turn.View, journal) is { } reason)
        {
            Abandon(turn, journal, reason);
            return null;
        }

        var progress = turn.Takeover ?? throw new InvalidOperationException("taking over without a progress");
        return turn.Now < progress.RetryAt ? null : journal.Step switch
        {
            TakeoverStep.Intent => Intend(turn, journal),
            TakeoverStep.Prepare => TakeoverSteps.Prepare(turn, progress),
            TakeoverStep.Promote => TakeoverSteps.Promote(turn, progress),
            TakeoverStep.AwaitToolstack => ToolstackWait.Advance(turn, progress),
            TakeoverStep.ResetPowerStates => PowerStates.First(turn, progress),
            TakeoverStep.ReleaseLocks => TakeoverSteps.ReleaseLocks(turn, progress, journal),
            TakeoverStep.StartVms => TakeoverSteps.StartVms(turn, progress),
            _ => Finish(turn, progress, journal),
        };
    }

    private static TakeoverStep? Intend(Draft turn, TakeoverJournal journal)
    {
        // An order about the own role that is still under way would undo the promotion.
        if (turn.Disk.Confirmed.Takeover is { } durable && durable.Epoch == journal.Epoch && !turn.Pending.Has(Purpose.ChangeRole))
        {
            turn.Role = new RoleProgress();
            return TakeoverStep.Prepare;
        }

        return null;
    }

    private static string? WhyAbandon(View view, TakeoverJournal journal)
    {
        if (!view.Durable.Enabled)
        {
            return "HA was disabled";
        }

        if (view.State.Host.Database is { NativeHaEnabled: true })
        {
            return "the platform's own HA is on";
        }

        return view.State.Peer.ToolstackAnsweredAt is null ? PeerIsBack(view, journal)
            : $"XAPI says that {view.Config.Peer.Name} lives (HOST_IS_LIVE)";
    }

    private static string? PeerIsBack(View view, TakeoverJournal journal)
    {
        var peer = view.State.Peer;
        var startedAt = view.State.Procedures.Takeover!.StartedAt;

        // Nothing was done yet: whatever gave the permit is looked at anew, now that the peer is back.
        if (journal is { Step: TakeoverStep.Intent, Rule: not (TakeoverRule.Attested or TakeoverRule.Promised) } && view.PeerFresh && peer.LastFresh > startedAt)
        {
            return $"{view.Config.Peer.Name} is heard again";
        }

        // Once the power states were reset the deed is done; a peer that appears then is settled by rank.
        return journal.Step < TakeoverStep.ResetPowerStates && view.PeerHeard && !(peer.LastHeard <= startedAt)
            && peer.Beat is { Attestation: 0, RunningCount: not 0 }
                ? $"{view.Config.Peer.Name} is heard again and runs VMs"
                : null;
    }

    private static void Abandon(Draft turn, TakeoverJournal journal, string reason)
    {
        turn.Report(HaEventId.TakeoverAbandoned, Severity.Critical, $"takeover abandoned at step {journal.Step}: {reason}");
        var untouched = journal is { WasMaster: false, Step: < TakeoverStep.Promote };
        var promoted = journal is { WasMaster: false, Step: >= TakeoverStep.Promote and <= TakeoverStep.ResetPowerStates }
            && (journal.Step < TakeoverStep.ResetPowerStates || (turn.Takeover is { Resets: 1 } progress && PowerStates.IsNothingDone(progress)));
        turn.Durable = turn.Durable with { Takeover = null };
        turn.DropTakeover();
        turn.DropStarts();
        turn.DropRoleChange();
        PeerBlock.Lift(turn);
        if (untouched || (promoted && !turn.View.Runs))
        {
            // Nothing was touched yet, or only the own role: the peer stays master of the new epoch.
            turn.Durable = turn.Durable with { Master = turn.Config.Peer.Uuid };
        }

        if (turn.View.MayRun)
        {
            turn.Become(Cause.TakeoverAbandoned, $"takeover abandoned: {reason}");
        }
        else
        {
            Attestation.Renew(turn);
            turn.Become(Cause.NothingRuns, $"takeover abandoned: {reason}");
        }
    }

    private static TakeoverStep? Finish(Draft turn, TakeoverProgress progress, TakeoverJournal journal)
    {
        PeerBlock.Lift(turn);

        // For a peer whose toolstack is up with the old role; a dead one costs it a time-out that nobody waits for.
        turn.Act(new HaAction.RecoverSlaves(), Deadlines.RecoverSlaves);

        // The peer's word is used up, whatever could be started: what is missing is tried again by the care for orphans.
        turn.Durable = turn.Durable with
        {
            Takeover = null,
            TakenOver = journal.PeerHeld,
            Declined = Math.Max(turn.Durable.Declined, turn.Peer.Beat?.Attestation ?? 0),
        };
        turn.Become(Cause.TakeoverFinished, "takeover finished");
        var missing = turn.View.Missing();
        var rest = missing.IsEmpty ? "everything protected runs" : $"not running: {string.Join(", ", missing.Select(vm => vm.Name))}";
        turn.Report(HaEventId.TakeoverDone, missing.IsEmpty ? Severity.Notice : Severity.Critical,
            $"takeover of epoch {journal.Epoch} finished in {(turn.Now - progress.StartedAt).TotalSeconds:F1} s; {rest}");
        return null;
    }

    private static void Enter(Draft turn, TakeoverStep step)
    {
        turn.Durable = turn.Durable with { Takeover = turn.Durable.Takeover! with { Step = step } };
        turn.Abandon(Purpose.TakeoverStep);
        turn.Takeover = new TakeoverProgress
        {
            StartedAt = turn.Takeover!.StartedAt,
            StepSince = turn.Now,
            PowerStates = turn.Takeover.PowerStates,
            Resets = turn.Takeover.Resets + (step == TakeoverStep.ResetPowerStates ? 1 : 0),
        };
        if (step == TakeoverStep.ReleaseLocks)
        {
            TakeoverSteps.DropShells(turn);
        }

        if (step == TakeoverStep.AwaitToolstack)
        {
            // Looked at now; the periodic reading of a quiet pair is seconds away.
            turn.ReadToolstackAnew();
        }

        turn.Report(HaEventId.TakeoverStep, Severity.Info, $"takeover step {step}");
    }

    private static string Sentence(Draft turn, TakeoverRule rule)
    {
        var peer = turn.Config.Peer.Name;
        return rule switch
        {
            TakeoverRule.Attested => $"T1: {peer} attested that nothing protected runs on it",
            TakeoverRule.Silence => $"T2: {peer} has been silent for {turn.Timing.TakeoverDelay.TotalSeconds:F1} s, the gateway "
                + "answered all that time, and a bound host has fenced by now",
            TakeoverRule.PowerOff => $"T3: {turn.ThirdParty.PeerPowerOffAgent} confirmed that {peer} is off",
            TakeoverRule.Promised => $"T6: {peer} is under its promise and runs nothing",
            TakeoverRule.Arbiter when turn.Config.Policy.UsesReservation => $"T4: the storage refuses what {peer} writes, and a bound host has fenced by now",
            TakeoverRule.Arbiter => $"T4: the arbiter's lease of {peer} has ended",
            _ => $"T5: the operator said that {peer} is dead",
        };
    }
}
