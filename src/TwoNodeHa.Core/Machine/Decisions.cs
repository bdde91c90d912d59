using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Machine;

/// <summary>Evaluates the rules in a fixed order, every turn. The order is part of the design: the right to run comes first.</summary>
internal static class Decisions
{
    /// <summary>How long a new daemon waits for the first list of its hypervisor before it assumes that VMs run.</summary>
    private static readonly TimeSpan ListPatience = TimeSpan.FromSeconds(1);

    /// <summary>How long a write of the state may take before a new daemon whose peer says "disabled" fences all the same.</summary>
    private static readonly TimeSpan SlowDisk = TimeSpan.FromSeconds(30);

    /// <summary>Between two readings of the hypervisor's list while a VM stands on both.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(0.5);

    public static void Decide(TurnBuilder turn)
    {
        BootGuard.Continue(turn);
        Evaluate(turn);
        if (turn.State.Status != HaStatus.Fencing)
        {
            Pausing.Continue(turn);
        }
    }

    private static void Evaluate(TurnBuilder turn)
    {
        Housekeeping(turn);
        if (turn.State.Status == HaStatus.Unknown)
        {
            Settle(turn);
            return;
        }

        if (turn.State.Status == HaStatus.Fencing)
        {
            Fencing.Continue(turn);
            return;
        }

        if (FollowSwitch(turn))
        {
            RepayToolstack(turn);
            return;
        }

        if (!HoldsRight(turn) || MeetsConflict(turn))
        {
            return;
        }

        Departures.Begin(turn);
        switch (turn.State.Status)
        {
            case HaStatus.Maintenance:
                LeaveMaintenance(turn);
                break;
            case HaStatus.TakingOver:
                Takeovers.Continue(turn);
                break;
            case HaStatus.Departing:
                Departures.Continue(turn);
                break;
            default:
                Cooperate(turn);
                break;
        }

        if (turn.State.Status is HaStatus.Paired or HaStatus.Sole or HaStatus.Suspecting)
        {
            RoleCare.KeepMaster(turn);
            RoleCare.LookForGhosts(turn);
        }

        VmStarts.Continue(turn);
    }

    private static void Housekeeping(TurnBuilder turn)
    {
        var gateway = turn.State.Gateway;
        if (gateway.FreshSince is not null && !Knowledge.GatewayFresh(turn.Config, turn.State, turn.Now))
        {
            turn.State = turn.State with { Gateway = gateway with { FreshSince = null } };
            turn.Report(HaEventId.GatewayChanged, Severity.Warning, "the gateway does not answer");
        }

        if (turn.State.Peer.Beat is { Running.Length: > 0 })
        {
            VmBook.SeePeer(turn);
        }

        if (turn.Durable.RecordYoung && turn.State.Peer.Beat is { Missing: { Length: > 0 } missing })
        {
            VmBook.HearMissing(turn, missing);
        }

        var durable = turn.Durable;
        if (durable is { Enabled: false, ReenableAtUnixMs: > 0 } && turn.State.WallUnixMs >= durable.ReenableAtUnixMs)
        {
            turn.Durable = durable with
            {
                Enabled = true,
                SwitchGeneration = durable.SwitchGeneration + 1,
                ReenableAtUnixMs = 0,
                DisabledReason = "",
            };
            turn.Report(HaEventId.SwitchChanged, Severity.Notice, "the time of the disablement is over: HA is enabled again");
        }
    }

    /// <summary>The first state, as soon as the own hypervisor was read and the incarnation is durable.</summary>
    private static void Settle(TurnBuilder turn)
    {
        var state = turn.State;
        if (state.Domains is null)
        {
            var right = Rights.Evaluate(turn.Config, state, turn.Now);
            if (state.CarriedLease is not null && !right.Holds && turn.Now - state.StartedAt > ListPatience && !HearsDisabled(turn))
            {
                Fencing.Begin(turn, "the hypervisor's list could not be read, and the lease of the former daemon ended");
            }

            return;
        }

        if (state.Confirmed.Incarnation != state.Incarnation.Counter)
        {
            if (state.CarriedLease is not null && Knowledge.Runs(state) && !Rights.Evaluate(turn.Config, state, turn.Now).Holds
                && turn.Now - state.StartedAt > ListPatience && !HearsDisabled(turn))
            {
                Fencing.Begin(turn, "the state cannot be written, so this daemon cannot speak, and the lease of the former one ended");
            }

            return;
        }

        if (Knowledge.DisabledForBoth(state))
        {
            turn.Durable = turn.Durable with { Takeover = null, Committed = false };
            turn.Become(HaStatus.Disabled, "HA is disabled");
            Disarm(turn);
        }
        else if (turn.Durable.FencePending && Knowledge.MayWrite(state))
        {
            Fencing.Begin(turn, $"continued after a restart: {turn.Durable.FenceReason}");
        }
        else if (turn.Durable.PromiseStands && !Knowledge.Runs(state))
        {
            turn.Become(HaStatus.Maintenance, "a promise not to take over stands");
        }
        else if (turn.Durable.Takeover is { } journal && !turn.Durable.Committed && Knowledge.Runs(state))
        {
            Takeovers.Resume(turn, journal);
        }
        else if (Knowledge.Runs(state))
        {
            SettleRunning(turn);
        }
        else
        {
            AttestAnew(turn);
            turn.Become(HaStatus.Joining, "nothing runs here");
        }
    }

    /// <summary>The peer says now that HA is disabled: it takes nothing over, and here nothing is fenced for a slow disk.</summary>
    private static bool HearsDisabled(TurnBuilder turn) => !turn.Durable.Enabled && turn.Now - turn.State.StartedAt < SlowDisk
        && turn.State.Peer.Beat is { } beat && !beat.Has(HeartbeatFlags.Enabled) && beat.SwitchGeneration >= turn.Durable.SwitchGeneration
        && Knowledge.PeerHeard(turn.Config, turn.State, turn.Now);

    private static void SettleRunning(TurnBuilder turn)
    {
        if (Knowledge.BoundByWord(turn.State))
        {
            Fencing.Begin(turn, "VMs run here although this host gave its word that none do");
            return;
        }

        // Without a recorded lease the first answers must come within the time in which they always come.
        turn.State = turn.State with
        {
            CarriedLease = turn.State.CarriedLease ?? turn.State.StartedAt + turn.Config.Config.Gateway.Timeout,
        };
        turn.Become(HaStatus.Suspecting, "VMs run here, the peer is not heard yet");
        Arm(turn);
    }

    /// <summary>A new attestation of an empty host. A takeover in the journal that started nothing is abandoned by it.</summary>
    internal static void AttestAnew(TurnBuilder turn)
    {
        turn.Durable = turn.Durable with
        {
            Attestation = turn.Durable.Attestation + 1,
            Committed = true,
            FencePending = false,
            Takeover = null,
        };
        turn.State = turn.State with { AttestedAt = turn.Now, Takeover = null };
    }

    private static bool FollowSwitch(TurnBuilder turn)
    {
        var disabled = Knowledge.DisabledForBoth(turn.State);
        if (disabled && turn.State.Status != HaStatus.Disabled)
        {
            EnterDisabled(turn);
            return true;
        }

        if (disabled || turn.State.Status != HaStatus.Disabled)
        {
            return turn.State.Status == HaStatus.Disabled;
        }

        LeaveDisabled(turn);
        return false;
    }

    /// <summary>HA was disabled while the toolstack was down by our hand: it comes up again, in the role that the epoch gives it.</summary>
    private static void RepayToolstack(TurnBuilder turn)
    {
        if (turn.State.Departure is null && (turn.Durable.ToolstackOwed || turn.State.Role.Phase != 0) && turn.State.Peer.Beat is { } beat
            && Knowledge.PeerFresh(turn.Config, turn.State, turn.Now))
        {
            RoleCare.FollowEpoch(turn, beat);
            RoleCare.Continue(turn, beat);
        }
    }

    private static void EnterDisabled(TurnBuilder turn)
    {
        turn.State = turn.State with { Takeover = null, Starts = turn.State.Starts.Clear() };
        turn.Durable = turn.Durable with { Takeover = null, Committed = false };
        turn.Become(HaStatus.Disabled, "HA is disabled on both hosts");
        Disarm(turn);
    }

    /// <summary>Fed first: one that a former daemon left armed is opened by that, and can then be closed in order.</summary>
    internal static void Disarm(TurnBuilder turn)
    {
        if (turn.State.WatchdogArmed)
        {
            Periodic.Feed(turn);
            turn.Emit(new Command.DisarmWatchdog());
            turn.State = turn.State with { WatchdogArmed = false };
        }
    }

    private static void LeaveDisabled(TurnBuilder turn)
    {
        if (turn.Durable.PromiseStands)
        {
            turn.Become(HaStatus.Maintenance, "HA was enabled while a promise stands");
        }
        else if (Knowledge.MayRun(turn.State))
        {
            turn.Become(HaStatus.Suspecting, "HA was enabled, VMs run here");
            Arm(turn);
        }
        else
        {
            AttestAnew(turn);
            turn.Become(HaStatus.Joining, "HA was enabled, nothing runs here");
        }
    }

    /// <summary>No right, but something runs or may run: fence, before anything else is thought of.</summary>
    private static bool HoldsRight(TurnBuilder turn)
    {
        if (turn.State.Status == HaStatus.Disabled)
        {
            return true;
        }

        var right = Rights.Evaluate(turn.Config, turn.State, turn.Now);
        if (right.Holds || !Knowledge.MayRun(turn.State))
        {
            return right.Holds || KeepsWithoutRight(turn);
        }

        Fencing.Begin(turn, WhyNoRight(turn));
        return false;
    }

    /// <summary>An empty host needs no right; but a takeover that has started nothing must not go on without one.</summary>
    private static bool KeepsWithoutRight(TurnBuilder turn)
    {
        if (turn.State.Status is HaStatus.TakingOver or HaStatus.Sole or HaStatus.Paired or HaStatus.Suspecting
            or HaStatus.Holding or HaStatus.Isolated)
        {
            Fencing.Begin(turn, WhyNoRight(turn));
            return false;
        }

        return true;
    }

    private static string WhyNoRight(TurnBuilder turn)
    {
        if (Knowledge.BoundByWord(turn.State))
        {
            return "a VM runs here although this host gave its word that none do";
        }

        if (Knowledge.OneWay(turn.Config, turn.State, turn.Now))
        {
            return "the peer is heard but does not hear us, so it may take over: no right to run is left";
        }

        return "neither the peer nor the gateway answers: no right to run is left";
    }

    /// <summary>
    /// Two hosts that both run something by a claim of their own: the lower (epoch, uuid) fences at once. A VM on both lists
    /// of a pair is a migration until it has stood there for a lease: each list is as old as its reading, and both are read anew.
    /// </summary>
    private static bool MeetsConflict(TurnBuilder turn)
    {
        var state = turn.State;
        if (state.Status == HaStatus.Disabled || state.Peer.Beat is not { } beat || !Knowledge.Runs(state)
            || !Knowledge.PeerHeard(turn.Config, state, turn.Now))
        {
            turn.State = state.DoubleSince is null ? state : state with { DoubleSince = null };
            return false;
        }

        var taken = beat.Status is HaStatus.Sole or HaStatus.TakingOver;
        var sameVm = StaysOnBoth(turn, taken) && beat.Epoch > turn.Durable.Epoch && beat.RunningCount > 0;
        var bothClaim = taken && beat.RunningCount > 0 && state.Status is HaStatus.Sole or HaStatus.TakingOver;
        if (Knowledge.OutranksPeer(turn.Config, state) || (!sameVm && !bothClaim))
        {
            return false;
        }

        turn.Report(HaEventId.Conflict, Severity.Critical,
            $"{turn.Config.Peer.Name} claims the pool with epoch {beat.Epoch}, this host has {turn.Durable.Epoch}: the lower fences");
        Fencing.Begin(turn, $"conflict: {turn.Config.Peer.Name} outranks this host and runs VMs too");
        return true;
    }

    private static bool StaysOnBoth(TurnBuilder turn, bool taken)
    {
        var state = turn.State;
        if (!state.Domains!.Guests.Any(guest => !guest.IsShell && Knowledge.RunsOnPeer(state, guest.Vm)))
        {
            turn.State = state.DoubleSince is null ? state : state with { DoubleSince = null };
            return false;
        }

        var since = state.DoubleSince ?? turn.Now;
        var again = Instant.Min(state.Schedule.Domains, state.DoubleSince is null ? turn.Now : turn.Now + Again);
        turn.State = state with { DoubleSince = since, Schedule = state.Schedule with { Domains = again } };
        return taken || (turn.Now - since >= turn.Timing.Lease && state.DomainsAskedAt > since);
    }

    private static void LeaveMaintenance(TurnBuilder turn)
    {
        if (!turn.Durable.PromiseStands && !turn.State.Confirmed.PromiseStands)
        {
            AttestAnew(turn);
            turn.Become(HaStatus.Joining, "readmitted");
        }
        else if (Leave.Evaluate(turn.Config, turn.State, turn.Now) is { Granted: true } leave)
        {
            Takeovers.Begin(turn, leave.Rule);
        }
    }

    private static void Cooperate(TurnBuilder turn)
    {
        var fresh = Knowledge.PeerFresh(turn.Config, turn.State, turn.Now);
        if (fresh)
        {
            RoleCare.RunnerRaises(turn, turn.State.Peer.Beat!);
            Decline(turn);
            RenewAttestation(turn);
        }

        var leave = Leave.Evaluate(turn.Config, turn.State, turn.Now);
        if (leave.Granted)
        {
            Takeovers.Begin(turn, leave.Rule);
            return;
        }

        if (fresh)
        {
            WithPeer(turn);
        }
        else
        {
            WithoutPeer(turn, leave);
        }
    }

    /// <summary>Nothing to take over, or not able to: the peer is set free of its word.</summary>
    private static void Decline(TurnBuilder turn)
    {
        if (turn.State.Peer.Beat is not { } beat || beat.Attestation <= turn.Durable.Declined)
        {
            return;
        }

        var nothing = !Leave.NeedsTakeover(turn.State, attested: true) && turn.State.Domains is not null && KnowsVms(turn.State);
        var unfit = Knowledge.Unfit(turn.Config, turn.State, turn.Now)
            ?? (KnowsVms(turn.State) ? null : "the VMs of the pool are not known here");
        var unfitLong = unfit is not null && turn.State.Peer.AttestedSince is { } since && turn.Now - since > turn.Timing.Lease;
        if (nothing || unfitLong)
        {
            turn.Durable = turn.Durable with { Declined = beat.Attestation };
            turn.Report(HaEventId.Handshake, Severity.Info, nothing
                ? $"the attestation of {turn.Config.Peer.Name} is declined: nothing is missing here"
                : $"the attestation of {turn.Config.Peer.Name} is declined: {unfit}");
        }
    }

    /// <summary>The VMs of the pool are known: without that, "nothing is missing" means nothing.</summary>
    private static bool KnowsVms(HaState state) => state.DatabaseAt is not null || !state.Durable.Vms.IsEmpty;

    /// <summary>Two empty hosts that both declined: a new round.</summary>
    private static void RenewAttestation(TurnBuilder turn)
    {
        var durable = turn.Durable;
        if (durable.Committed && turn.State.Peer.Beat is { Attestation: not 0 } beat && beat.Declined >= durable.Attestation
            && beat.Attestation <= durable.Declined && turn.Now - turn.State.AttestedAt > 2 * turn.Timing.Lease)
        {
            AttestAnew(turn);
        }
    }

    private static void WithPeer(TurnBuilder turn)
    {
        var beat = turn.State.Peer.Beat!;
        if (turn.State.Status is HaStatus.Joining or HaStatus.Fenced)
        {
            Join(turn, beat);
            return;
        }

        if (turn.State.Status is not HaStatus.Paired && CanPair(turn, beat) is null)
        {
            Arm(turn);
            turn.State = turn.State with { CarriedLease = null };
            turn.Durable = turn.Durable with { DisarmAcknowledged = false, Disarm = 0, RecordYoung = false };
            turn.Become(HaStatus.Paired, $"{turn.Config.Peer.Name} is heard and bound by the same rules");
        }

        if (turn.State.Status == HaStatus.Paired)
        {
            RoleCare.FollowEpoch(turn, beat);
            Yield(turn, beat);
        }
        else if (Knowledge.IsMember(turn.State.Status) && turn.State.Status is not (HaStatus.TakingOver or HaStatus.Departing) && RoleCare.IsEmpty(beat))
        {
            RoleCare.FollowHandover(turn, beat);
        }

        if (turn.State.Status == HaStatus.Paired)
        {
            StorageLoss.Consider(turn, beat);
        }
    }

    /// <summary>Why the two cannot be paired yet; null when they can.</summary>
    internal static string? CanPair(TurnBuilder turn, Heartbeat beat)
    {
        if (beat.ConfigFingerprint != turn.Config.Fingerprint)
        {
            return "the configurations differ";
        }

        if (!beat.Has(HeartbeatFlags.Enabled) || beat.SwitchGeneration != turn.Durable.SwitchGeneration)
        {
            return "the peer has not adopted that HA is enabled";
        }

        if (beat.Attestation != 0 || !Knowledge.IsMember(beat.Status))
        {
            return $"the peer is {beat.Status}";
        }

        if (!KnowsVms(turn.State))
        {
            return "the VMs of the pool are not known yet: the toolstack's database was not read";
        }

        return Knowledge.WatchdogUsable(turn.Config, turn.State) ? null : "the watchdog cannot be counted on";
    }

    private static void Join(TurnBuilder turn, Heartbeat beat)
    {
        if (turn.State.Departure is not null)
        {
            return;
        }

        RoleCare.FollowEpoch(turn, beat);
        RoleCare.Continue(turn, beat);
        var ends = beat.RunningCount > 0 || beat.Declined >= turn.Durable.Attestation;
        if (!Leave.FreeOfWord(turn.State) || beat.Attestation != 0 || beat.Master != turn.Durable.Master || !ends || !RoleCare.Settled(turn)
            || CanPair(turn, beat) is not null || StorageLoss.KeepsOut(turn))
        {
            return;
        }

        Arm(turn);
        turn.Durable = turn.Durable with { Committed = false, FenceReason = "", DisarmAcknowledged = false, Disarm = 0, RecordYoung = false };
        turn.Become(HaStatus.Paired, $"admitted by {turn.Config.Peer.Name}, toolstack ready as "
            + (Knowledge.IsMaster(turn.State) ? "master" : "slave"));
    }

    /// <summary>The watchdog is armed before the first right to run is taken.</summary>
    internal static void Arm(TurnBuilder turn)
    {
        if (turn.Config.Config.Watchdog.Kind != WatchdogKind.None && turn.State.Watchdog.Present && !turn.State.WatchdogArmed)
        {
            turn.State = turn.State with { WatchdogArmed = true };
            Periodic.Feed(turn);
        }
    }

    /// <summary>Own gateway lost, the peer has one and is fit: fence attested, so that the peer goes on at once.</summary>
    private static void Yield(TurnBuilder turn, Heartbeat beat)
    {
        if (turn.Config.Policy.OnGatewayLoss != OnGatewayLoss.Yield || beat.Status != HaStatus.Paired
            || !beat.Has(HeartbeatFlags.GatewayFresh | HeartbeatFlags.Fit)
            || !Knowledge.PeerNear(turn.Config, turn.State, turn.Now)
            || !PeerKeptGateway(turn)
            || !Knowledge.PeerSpokeSinceLoss(turn.Config, turn.State)
            || !Knowledge.GatewayGoneForYield(turn.Config, turn.State, turn.Now)
            || !(Knowledge.Runs(turn.State) || Knowledge.IsMaster(turn.State)))
        {
            return;
        }

        Fencing.Begin(turn, $"the gateway is lost here, {turn.Config.Peer.Name} has it and can take over: yielding");
    }

    /// <summary>When a gateway comes back for both, one host sees it first: that is no reason for the other to fence.</summary>
    private static bool PeerKeptGateway(TurnBuilder turn) => turn.State.Peer.GatewaySince is { } since
        && turn.Now - since >= Knowledge.YieldAfter + (2 * turn.Timing.HeartbeatInterval);

    private static void WithoutPeer(TurnBuilder turn, LeaveToTakeOver leave)
    {
        if (turn.State.Status is HaStatus.Joining or HaStatus.Fenced)
        {
            Refused(turn, leave);
            return;
        }

        if (turn.State.Status == HaStatus.Sole)
        {
            return;
        }

        if (!Knowledge.GatewayFresh(turn.Config, turn.State, turn.Now))
        {
            turn.Become(HaStatus.Isolated, $"neither {turn.Config.Peer.Name} nor the gateway answers");
            return;
        }

        if (leave.Ambiguous)
        {
            if (turn.State.Status != HaStatus.Holding && turn.State.Status != HaStatus.Suspecting)
            {
                turn.Become(HaStatus.Suspecting, $"{turn.Config.Peer.Name} is silent, the gateway answers");
            }

            turn.Become(HaStatus.Holding, leave.Refusal);
            Refused(turn, leave);
        }
        else
        {
            turn.Become(HaStatus.Suspecting, $"{turn.Config.Peer.Name} is silent, the gateway answers");
        }
    }

    private static void Refused(TurnBuilder turn, LeaveToTakeOver leave)
    {
        if (leave.Ambiguous && leave.Refusal != turn.State.LastRefusal)
        {
            turn.State = turn.State with { LastRefusal = leave.Refusal };
            turn.Report(HaEventId.TakeoverRefused, Severity.Critical,
                $"no takeover: {leave.Refusal}. If {turn.Config.Peer.Name} is surely off, say: ha-ctl takeover --peer-is-dead");
        }
    }
}
