using System.Collections.Immutable;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Machine;

/// <summary>
/// The takeover as a step machine driven by results: intent, prepare, promote, await the toolstack, reset power states,
/// release locks, start VMs, recover slaves. Every step may be repeated; the leave is looked at again before each.
/// </summary>
internal static class Takeovers
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(5);
    private const int ResetsMax = 3;

    /// <summary>A start that takes longer than this hangs, and is not waited for.</summary>
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan ToolstackPatience = TimeSpan.FromMinutes(4);

    public static void Begin(TurnBuilder turn, TakeoverRule rule)
    {
        var state = turn.State;
        var peer = turn.Config.Peer;
        var epoch = Math.Max(turn.Durable.Epoch, state.Peer.Beat?.Epoch ?? 0) + 1;
        var held = turn.Durable.Vms.Where(vm => vm.LastOn == peer.Uuid).Select(vm => vm.Uuid).ToImmutableArray();
        turn.Durable = turn.Durable with
        {
            Epoch = epoch,
            Master = turn.Config.Self.Uuid,
            Committed = false,
            PromiseStands = rule != TakeoverRule.Operator && turn.Durable.PromiseStands,
            FenceReason = "",
            Takeover = new TakeoverJournal
            {
                Epoch = epoch,
                Rule = rule,
                Step = TakeoverStep.Intent,
                WasMaster = Knowledge.IsMaster(state),
                PeerHeld = held,
            },
        };
        turn.State = turn.State with
        {
            OperatorSaysDead = false,
            PeerPowerOffAt = null,
            LastRefusal = "",
            StandsDownSince = null,
            Schedule = turn.State.Schedule with { Domains = turn.Now, DomainsPending = 0 },
            Starts = turn.State.Starts.Clear(),
            OrphanSince = turn.State.OrphanSince.Clear(),
            Takeover = new TakeoverProgress { StartedAt = turn.Now, StepSince = turn.Now },
        };
        turn.Become(HaStatus.TakingOver, Sentence(turn, rule));
        turn.Report(HaEventId.TakeoverDecided, Severity.Critical,
            $"taking over from {peer.Name}, epoch {epoch}: {Sentence(turn, rule)}");

        // Armed before the first start, not after it.
        Decisions.Arm(turn);
    }

    /// <summary>A daemon restarted in the middle of a takeover goes on where the journal stands.</summary>
    public static void Resume(TurnBuilder turn, TakeoverJournal journal)
    {
        // What a later step needs to know of the toolstack died with the former daemon; every step may be repeated.
        if (journal.Step > TakeoverStep.AwaitToolstack)
        {
            turn.Durable = turn.Durable with { Takeover = journal with { Step = TakeoverStep.AwaitToolstack } };
        }

        turn.State = turn.State with
        {
            Takeover = new TakeoverProgress { StartedAt = turn.Now, StepSince = turn.Now },
            CarriedLease = turn.State.CarriedLease ?? turn.State.StartedAt + turn.Config.Config.Gateway.Timeout,
        };
        turn.Become(HaStatus.TakingOver, $"continued after a restart of the daemon at step {journal.Step}");
        Decisions.Arm(turn);
    }

    public static void Continue(TurnBuilder turn)
    {
        var progress = turn.State.Takeover;
        var journal = turn.Durable.Takeover;
        if (progress is null || journal is null)
        {
            throw new InvalidOperationException("taking over without a journal");
        }

        if (WhyAbandon(turn, journal) is { } reason)
        {
            Abandon(turn, journal, reason);
            return;
        }

        if (turn.Now < progress.RetryAt)
        {
            return;
        }

        switch (journal.Step)
        {
            case TakeoverStep.Intent:
                // An order about the own role that is still under way would undo the promotion.
                if (turn.State.Confirmed.Takeover is { } durable && durable.Epoch == journal.Epoch && turn.State.Role.Pending == 0)
                {
                    turn.State = turn.State with { Role = new RoleProgress() };
                    Advance(turn, TakeoverStep.Prepare);
                }

                break;
            case TakeoverStep.Prepare:
                Prepare(turn, progress);
                break;
            case TakeoverStep.Promote:
                Promote(turn, progress);
                break;
            case TakeoverStep.AwaitToolstack:
                AwaitToolstack(turn, progress);
                break;
            case TakeoverStep.ResetPowerStates:
                ResetPowerStates(turn, progress);
                break;
            case TakeoverStep.ReleaseLocks:
                ReleaseLocks(turn, progress, journal);
                break;
            case TakeoverStep.StartVms:
                if (turn.State.DatabaseAt > progress.StepSince && progress.Resets < ResetsMax && HeldByPeer(turn).Any())
                {
                    Advance(turn, TakeoverStep.ResetPowerStates);
                }
                else if (VmStarts.AllSettled(turn))
                {
                    Advance(turn, TakeoverStep.RecoverSlaves);
                }

                break;
            default:
                Finish(turn, progress, journal);
                break;
        }
    }

    public static bool Finished(TurnBuilder turn, Observation.ActionFinished finished)
    {
        if (turn.State.Takeover is not { } progress || !progress.Pending.TryGetValue(finished.Id, out var vm))
        {
            return false;
        }

        progress = progress with { Pending = progress.Pending.Remove(finished.Id) };
        if (finished.Outcome == ActionOutcome.Succeeded)
        {
            progress = progress with { DoneVms = progress.DoneVms.Add(vm), Phase = progress.Phase + (vm == Guid.Empty ? 1 : 0) };
        }
        else
        {
            progress = progress with { Tries = progress.Tries + 1, RetryAt = turn.Now + TimeSpan.FromSeconds(0.5) };
            turn.Report(HaEventId.ActionTrouble, Severity.Error,
                $"takeover step {turn.Durable.Takeover?.Step}: {finished.Code} {finished.Detail}".TrimEnd());
        }

        turn.State = turn.State with { Takeover = progress };
        return true;
    }

    private static string? WhyAbandon(TurnBuilder turn, TakeoverJournal journal)
    {
        var state = turn.State;
        if (!turn.Durable.Enabled)
        {
            return "HA was disabled";
        }

        if (state.Database is { NativeHaEnabled: true })
        {
            return "the platform's own HA is on";
        }

        // Nothing was done yet: whatever gave leave is looked at anew, now that the peer is back.
        if (journal is { Step: TakeoverStep.Intent, Rule: not TakeoverRule.Attested }
            && Knowledge.PeerFresh(turn.Config, state, turn.Now) && state.Peer.LastFresh > state.Takeover!.StartedAt)
        {
            return $"{turn.Config.Peer.Name} is heard again";
        }

        // Once the power states were reset the deed is done; a peer that appears then is settled by rank.
        if (journal.Step >= TakeoverStep.ResetPowerStates || state.Peer.Beat is not { } beat
            || !Knowledge.PeerHeard(turn.Config, state, turn.Now) || state.Peer.LastHeard <= state.Takeover!.StartedAt)
        {
            return null;
        }

        return beat is { Attestation: 0, RunningCount: not 0 }
            ? $"{turn.Config.Peer.Name} is heard again and runs VMs"
            : null;
    }

    private static void Abandon(TurnBuilder turn, TakeoverJournal journal, string reason)
    {
        turn.Report(HaEventId.TakeoverAbandoned, Severity.Critical, $"takeover abandoned at step {journal.Step}: {reason}");
        var promoted = journal is { WasMaster: false, Step: >= TakeoverStep.Promote and < TakeoverStep.ResetPowerStates };
        turn.Durable = turn.Durable with { Takeover = null };
        turn.State = turn.State with { Takeover = null, Starts = turn.State.Starts.Clear(), Role = new RoleProgress() };
        Unblock(turn);
        if (promoted && !Knowledge.Runs(turn.State))
        {
            // Nothing was touched yet but the own role: the peer stays master of the new epoch.
            turn.Durable = turn.Durable with { Master = turn.Config.Peer.Uuid };
        }

        if (Knowledge.MayRun(turn.State))
        {
            turn.Become(HaStatus.Suspecting, $"takeover abandoned: {reason}");
        }
        else
        {
            Decisions.AttestAnew(turn);
            turn.Become(HaStatus.Joining, $"takeover abandoned: {reason}");
        }
    }

    private static void Prepare(TurnBuilder turn, TakeoverProgress progress)
    {
        if (progress.Phase > 0 || progress.Tries > 1)
        {
            Advance(turn, TakeoverStep.Promote);
        }
        else if (progress.Pending.IsEmpty)
        {
            Order(turn, new HaAction.BlockPeerToolstack(true), Guid.Empty, TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>Promotion by XAPI where it answers, by the role file where it does not; then a restart instead of the fuse.</summary>
    private static void Promote(TurnBuilder turn, TakeoverProgress progress)
    {
        if (!progress.Pending.IsEmpty)
        {
            return;
        }

        var toolstack = turn.State.Toolstack;
        if (progress.Phase == 0 && toolstack is { RoleFile: PoolRole.Master })
        {
            if (toolstack is { Running: true })
            {
                Advance(turn, TakeoverStep.AwaitToolstack);
            }
            else
            {
                turn.State = turn.State with { Takeover = progress with { Phase = 1 } };
                Order(turn, new HaAction.StartToolstack(), Guid.Empty, TimeSpan.FromSeconds(20));
            }

            return;
        }

        switch (progress.Phase)
        {
            case 0 when toolstack is { Running: true } && progress.Tries < 2:
                Order(turn, new HaAction.PromoteToMaster(), Guid.Empty, Short);
                break;
            case 0:
                Order(turn, new HaAction.WriteRoleMaster(), Guid.Empty, Short);
                break;
            case 1:
                Order(turn, new HaAction.RestartToolstack(), Guid.Empty, TimeSpan.FromSeconds(20));
                break;
            default:
                Advance(turn, TakeoverStep.AwaitToolstack);
                break;
        }
    }

    private static void AwaitToolstack(TurnBuilder turn, TakeoverProgress progress)
    {
        var state = turn.State;
        var seenAfter = state.ToolstackAt >= progress.StepSince && state.DatabaseAt >= progress.StepSince;
        if (seenAfter && Knowledge.ToolstackReady(state) && Knowledge.IsMaster(state)
            && state.Database is { } database && database.Master == turn.Config.Self.Uuid
            && database.EnabledHosts.Contains(turn.Config.Self.Uuid))
        {
            if (!AwaitPeer(turn, progress))
            {
                Advance(turn, TakeoverStep.ResetPowerStates);
            }
        }
        else if (state.ToolstackAt >= progress.StepSince && state.Toolstack is { RoleFile: not PoolRole.Master and not PoolRole.Unknown })
        {
            turn.Report(HaEventId.ToolstackChanged, Severity.Error, "the role of this host was changed during the takeover: promoting again");
            Advance(turn, TakeoverStep.Promote);
        }
        else if (progress.Pending.IsEmpty && state.ToolstackAt >= progress.StepSince && state.Toolstack is { Emergency: true, RoleFile: PoolRole.Master })
        {
            // A master is never in emergency mode: the process was started before its role file was written, and reads it once.
            turn.Report(HaEventId.ToolstackChanged, Severity.Warning, "the toolstack was started in another role: it is restarted as master");
            turn.State = turn.State with { Takeover = progress with { StepSince = turn.Now, Tries = progress.Tries + 1 } };
            Order(turn, new HaAction.RestartToolstack(), Guid.Empty, TimeSpan.FromSeconds(20));
        }
        else if (progress.Pending.IsEmpty && turn.Now - progress.StepSince > ToolstackPatience * (progress.Tries + 1))
        {
            turn.Report(HaEventId.Alert, Severity.Critical, "the toolstack does not come up as master: it is restarted");
            turn.State = turn.State with { Takeover = progress with { Tries = progress.Tries + 1 } };
            Order(turn, new HaAction.RestartToolstack(), Guid.Empty, TimeSpan.FromSeconds(20));
        }
    }

    /// <summary>
    /// An attested peer that is heard may have a start under way that its list does not show yet: by its own toolstack, which
    /// stands down when it hears of this takeover, or by an order of this host's, which the database shows. Its list is
    /// looked at again behind both. A peer that falls silent meanwhile is given the time of a fence.
    /// </summary>
    private static bool AwaitPeer(TurnBuilder turn, TakeoverProgress progress)
    {
        var peer = turn.State.Peer;
        if (peer.Beat is not { Attestation: not 0 } beat || peer.LastFresh is not { } fresh
            || turn.Now >= fresh + turn.Timing.TakeoverDelay)
        {
            return false;
        }

        // A peer with a higher epoch, from a takeover of its own that it never finished, would not stand down for this one.
        RoleCare.RunnerRaises(turn, beat);
        var ordered = turn.Now - progress.StepSince < StartPatience && turn.State.Database!.Vms.Any(vm => vm.StartUnderWay);
        var standsDown = beat is { Status: HaStatus.Fenced } && !beat.Has(HeartbeatFlags.ToolstackHealthy);
        return beat.Has(HeartbeatFlags.MayStart)
            || (!standsDown && (ordered || turn.Now - progress.StepSince < 2 * Periodic.WordInterval));
    }

    /// <summary>Only what the dead host held by the database, and what does not run here by the hypervisor's own list.</summary>
    private static void ResetPowerStates(TurnBuilder turn, TakeoverProgress progress)
    {
        var left = HeldByPeer(turn).Where(vm => !progress.DoneVms.Contains(vm.Uuid)).ToList();
        if (left.Count == 0 || progress.Tries >= 3 * (left.Count + progress.DoneVms.Count))
        {
            if (left.Count > 0)
            {
                turn.Report(HaEventId.Alert, Severity.Error,
                    $"power state not reset: {string.Join(", ", left.Select(vm => vm.Name))}");
            }

            if (progress.Pending.IsEmpty)
            {
                Advance(turn, TakeoverStep.ReleaseLocks);
            }

            return;
        }

        foreach (var vm in left)
        {
            if (!turn.State.Takeover!.Pending.ContainsValue(vm.Uuid))
            {
                Order(turn, new HaAction.ResetPowerState(vm.Uuid), vm.Uuid, TimeSpan.FromSeconds(20));
            }
        }
    }

    /// <summary>VMs that the database shows on the peer. One that the peer, heard again, really runs is not among them.</summary>
    private static IEnumerable<VmFact> HeldByPeer(TurnBuilder turn) => turn.State.Database!.Vms.Where(vm =>
        vm.ResidentOn == turn.Config.Peer.Uuid && vm.PowerState != VmPowerState.Halted && !Knowledge.RunsHere(turn.State, vm.Uuid)
        && !(Knowledge.PeerHeard(turn.Config, turn.State, turn.Now) && (Knowledge.RunsOnPeer(turn.State, vm.Uuid) || vm.StartUnderWay)));

    private static void ReleaseLocks(TurnBuilder turn, TakeoverProgress progress, TakeoverJournal journal)
    {
        if (progress.Phase > 0 || progress.Tries >= 3)
        {
            Advance(turn, TakeoverStep.StartVms);
        }
        else if (progress.Pending.IsEmpty)
        {
            var peer = turn.Config.Peer.Uuid;
            Order(turn, new HaAction.ReleaseStorageLocks(peer, !journal.WasMaster), Guid.Empty, TimeSpan.FromSeconds(60));
        }
    }

    private static void Finish(TurnBuilder turn, TakeoverProgress progress, TakeoverJournal journal)
    {
        Unblock(turn);

        // For a peer whose toolstack is up with the old role; a dead one costs it a time-out that nobody waits for.
        turn.Act(new HaAction.RecoverSlaves(), TimeSpan.FromSeconds(30));
        // The peer's word is used up, whatever could be started: what is missing is tried again by the care for orphans.
        turn.Durable = turn.Durable with
        {
            Takeover = null,
            Declined = Math.Max(turn.Durable.Declined, turn.State.Peer.Beat?.Attestation ?? 0),
        };
        turn.State = turn.State with { Takeover = null };
        turn.Become(HaStatus.Sole, "takeover finished");
        var missing = Knowledge.Missing(turn.State);
        var rest = missing.IsEmpty ? "everything protected runs" : $"not running: {string.Join(", ", missing.Select(vm => vm.Name))}";
        turn.Report(HaEventId.TakeoverDone, missing.IsEmpty ? Severity.Notice : Severity.Critical,
            $"takeover of epoch {journal.Epoch} finished in {(turn.Now - progress.StartedAt).TotalSeconds:F1} s; {rest}");
    }

    /// <summary>Fire and forget; repeated at the start of a daemon, so that no rule is left behind by a dead one.</summary>
    internal static void Unblock(TurnBuilder turn) => turn.Act(new HaAction.BlockPeerToolstack(false), TimeSpan.FromSeconds(2));

    private static void Order(TurnBuilder turn, HaAction action, Guid vm, TimeSpan deadline)
    {
        var id = turn.Act(action, deadline);
        var progress = turn.State.Takeover!;
        turn.State = turn.State with { Takeover = progress with { Pending = progress.Pending.Add(id, vm) } };
    }

    private static void Advance(TurnBuilder turn, TakeoverStep step)
    {
        var journal = turn.Durable.Takeover!;
        turn.Durable = turn.Durable with { Takeover = journal with { Step = step } };
        turn.State = turn.State with
        {
            Takeover = new TakeoverProgress
            {
                StartedAt = turn.State.Takeover!.StartedAt,
                StepSince = turn.Now,
                Resets = turn.State.Takeover.Resets + (step == TakeoverStep.ResetPowerStates ? 1 : 0),
            },
        };
        if (step == TakeoverStep.ReleaseLocks)
        {
            DropShells(turn);
        }

        if (step == TakeoverStep.AwaitToolstack)
        {
            // Looked at now; the periodic reading of a quiet pair is seconds away.
            turn.State = turn.State with { Schedule = turn.State.Schedule with { Toolstack = turn.Now, ToolstackPending = 0 } };
        }

        turn.Report(HaEventId.TakeoverStep, Severity.Info, $"takeover step {step}");
        Continue(turn);
    }

    /// <summary>
    /// Targets of migrations from the dead host: nothing ever ran in them, nobody goes on with them, and the VM that is started
    /// here needs their memory.
    /// </summary>
    private static void DropShells(TurnBuilder turn)
    {
        var guests = turn.State.Domains?.Guests ?? [];
        foreach (var shell in guests)
        {
            if (shell is { IsShell: true, Part: DomainPart.Incoming } && guests.All(other => other == shell || other.Vm != shell.Vm))
            {
                turn.Act(new HaAction.DestroyDomain(shell.Domid, shell.Vm), Short);
            }
        }
    }

    private static string Sentence(TurnBuilder turn, TakeoverRule rule)
    {
        var peer = turn.Config.Peer.Name;
        return rule switch
        {
            TakeoverRule.Attested => $"T1: {peer} attested that nothing protected runs on it",
            TakeoverRule.Silence => $"T2: {peer} has been silent for {turn.Timing.TakeoverDelay.TotalSeconds:F1} s, the gateway "
                + "answered all that time, and a bound host has fenced by now",
            TakeoverRule.PowerOff => $"T3: {turn.State.PeerPowerOffAgent} confirmed that {peer} is off",
            TakeoverRule.Arbiter => $"T4: the arbiter's lease of {peer} has ended",
            _ => $"T5: the operator said that {peer} is dead",
        };
    }
}
