using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Machine;

/// <summary>Orders what is due by time, after the rules were evaluated: writes, heartbeats, probes, readings, the watchdog.</summary>
internal static class Periodic
{
    private static readonly TimeSpan AgentDeadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(75);
    /// <summary>Between two readings while nothing happens: a process and a few calls each, and events tell sooner.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan PeerProbeRest = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan ReadDeadline = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan DatabaseDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SyncSpacing = TimeSpan.FromSeconds(20);

    /// <summary>Between two copies while VMs move: a host that is evacuated moves many.</summary>
    private static readonly TimeSpan MoveSpacing = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan EndlessFeeding = TimeSpan.FromSeconds(60);

    public static void Order(TurnBuilder turn)
    {
        if (turn.State.ExitOrdered)
        {
            return;
        }

        Fencing.AfterFence(turn);
        Write(turn);
        Watchdog(turn);
        ProbeGateway(turn);
        Beat(turn);
        ProbePeer(turn);
        AskThirdParty(turn);
        ReadDomains(turn);
        ReadToolstack(turn);
        SyncDatabase(turn);
    }

    /// <summary>Between two readings of the hypervisor on a host that has given its word that nothing runs, and is heard.</summary>
    internal static readonly TimeSpan WordInterval = TimeSpan.FromSeconds(0.3);

    /// <summary>The latest time at which something is due if nothing is heard.</summary>
    public static Instant NextWake(TurnBuilder turn)
    {
        var state = turn.State;
        var schedule = state.Schedule;
        var wake = turn.Now + TimeSpan.FromSeconds(1);
        Consider(schedule.Heartbeat);
        Consider(schedule.Gateway);
        Consider(schedule.Domains);
        Consider(schedule.Toolstack);
        if (schedule.PeerProbe > turn.Now)
        {
            Consider(schedule.PeerProbe);
        }

        if (state.WatchdogArmed)
        {
            Consider(schedule.Watchdog);
        }

        var right = Rights.Evaluate(turn.Config, state, turn.Now);
        Consider(right.Until);
        ConsiderAfter(state.Peer.LastFresh, turn.Timing.Lease);
        ConsiderAfter(state.Peer.LastFresh, turn.Timing.TakeoverDelay);
        ConsiderAfter(state.Peer.LastAcked, turn.Timing.Lease);
        ConsiderAfter(state.Peer.HeardSince, turn.Timing.HeartbeatInterval);
        ConsiderAfter(state.Gateway.FreshSince, turn.Timing.TakeoverDelay);
        ConsiderAfter(state.StartedAt, turn.Timing.TakeoverDelay);
        ConsiderAfter(state.Peer.SignOfLife, turn.Timing.QuietWindow);
        ConsiderAfter(Knowledge.GatewayAnsweredAt(turn.Config, state), turn.Config.Config.Gateway.Timeout);
        Consider(state.Role.RetryAt);
        Consider(state.DiskRetryAt);
        if (state.Fence is { } fence)
        {
            Consider(Fencing.ResetAt(turn, fence));
        }

        if (state.Takeover is { } takeover)
        {
            Consider(takeover.RetryAt);
        }

        foreach (var attempt in state.Starts.Values)
        {
            Consider(attempt.RetryAt);
        }

        return wake;

        void Consider(Instant at)
        {
            if (at > turn.Now && at < wake)
            {
                wake = at;
            }
        }

        void ConsiderAfter(Instant? since, TimeSpan span)
        {
            if (since is { } instant)
            {
                // One tick later: the windows are closed intervals.
                Consider(instant + span + TimeSpan.FromTicks(1));
            }
        }
    }

    /// <summary>Arms or feeds the watchdog with the rest of the right to run plus the kill bound.</summary>
    internal static void Feed(TurnBuilder turn)
    {
        var right = Rights.Evaluate(turn.Config, turn.State, turn.Now);
        var rest = right.Until >= Rights.Forever ? EndlessFeeding
            : right.Holds ? right.Until - turn.Now + turn.Timing.KillBound
            : turn.Timing.Lease + turn.Timing.KillBound;
        turn.Emit(new Command.FeedWatchdog(rest));
        if (right.Holds && right.Until < Rights.Forever)
        {
            turn.Emit(new Command.RecordLease(right.Until));
        }

        turn.State = turn.State with
        {
            FedWithoutEnd = right.Until >= Rights.Forever,
            Schedule = turn.State.Schedule with { Watchdog = turn.Now + Shorter(turn.Timing.HeartbeatInterval, TimeSpan.FromSeconds(0.5)) },
        };
    }

    private static void Write(TurnBuilder turn)
    {
        var state = turn.State;
        if (state.Writing != 0 || turn.Now < state.DiskRetryAt || ReferenceEquals(state.Durable, state.Confirmed)
            || state.Durable == state.Confirmed)
        {
            return;
        }

        var version = Math.Max(state.Durable.Version, state.Confirmed.Version) + 1;
        turn.Durable = state.Durable with { Version = version };
        turn.State = turn.State with { Writing = version, BeingWritten = turn.Durable };
        turn.Emit(new Command.Persist(turn.Durable));
    }

    /// <summary>Fed only while a right to run holds or nothing runs here; a fence under way is timed by the watchdog too.</summary>
    private static void Watchdog(TurnBuilder turn)
    {
        if (!turn.State.WatchdogArmed || (turn.Now < turn.State.Schedule.Watchdog && !turn.State.FedWithoutEnd))
        {
            return;
        }

        // A right without end has ended: fed anew before the next heartbeat says that this host is bound.
        var right = Rights.Evaluate(turn.Config, turn.State, turn.Now);
        if (turn.Now < turn.State.Schedule.Watchdog && right.Until >= Rights.Forever)
        {
            return;
        }

        if (turn.State.Status != HaStatus.Fencing && (right.Holds || !Knowledge.MayRun(turn.State)))
        {
            Feed(turn);
        }
    }

    private static void Beat(TurnBuilder turn)
    {
        // A host that does not know yet what runs on it has nothing to say; and an incarnation that is not durable
        // could be given out twice.
        if (turn.State.Status == HaStatus.Unknown || turn.State.Confirmed.Incarnation != turn.State.Incarnation.Counter)
        {
            return;
        }

        var next = HeartbeatComposer.Compose(turn);
        if (turn.Now < turn.State.Schedule.Heartbeat && !HeartbeatComposer.IsNews(turn.State.LastBeat, next))
        {
            return;
        }

        var sequence = turn.State.Sequence + 1;
        next = next with { Sequence = sequence, SentAt = turn.Now };
        turn.State = turn.State with
        {
            Sequence = sequence,
            LastBeat = next,
            Schedule = turn.State.Schedule with { Heartbeat = turn.Now + BeatInterval(turn) },
        };
        turn.Emit(new Command.SendHeartbeat(next));
    }

    /// <summary>Doubt shortens the interval: a lossy link then costs heartbeats, not VMs.</summary>
    private static TimeSpan BeatInterval(TurnBuilder turn)
    {
        var interval = turn.Timing.HeartbeatInterval;
        var acked = turn.State.Peer.LastAcked;
        var lately = turn.State.Peer.LastHeard is { } heard && turn.Now - heard <= turn.Timing.QuietWindow;
        var doubt = acked is { } at && turn.Now - at > (interval * 2) + Burst
            && (lately || turn.Now - at <= turn.Timing.QuietWindow);

        // A peer that has lost its gateway waits for our newest word before it yields.
        var asked = turn.State.Status == HaStatus.Paired && turn.State.Peer.Beat is { } beat && !beat.Has(HeartbeatFlags.GatewayFresh)
            && lately && Knowledge.GatewayFresh(turn.Config, turn.State, turn.Now);
        return doubt || asked ? interval / 8 : interval;
    }

    private static void ProbeGateway(TurnBuilder turn)
    {
        if (turn.Now < turn.State.Schedule.Gateway)
        {
            return;
        }

        var gateway = turn.State.Gateway;
        var unanswered = Math.Min(gateway.Unanswered + 1, 1000);
        turn.State = turn.State with
        {
            Gateway = gateway with { Unanswered = unanswered, LastRound = turn.Now },
            Schedule = turn.State.Schedule with { Gateway = turn.Now + GatewayInterval(turn, unanswered) },
        };
        turn.Emit(new Command.ProbeGateway());
    }

    /// <summary>A missing answer shortens the wait, until it is plain that the gateway is gone; an answer sets it back.</summary>
    private static TimeSpan GatewayInterval(TurnBuilder turn, int unanswered)
    {
        var interval = turn.Config.Config.Gateway.ProbeInterval;
        return unanswered switch
        {
            1 => Shorter(2 * Burst, interval),
            <= 3 * Knowledge.YieldRounds => Burst,
            _ => interval,
        };
    }

    private static void ProbePeer(TurnBuilder turn)
    {
        var silent = !(turn.State.Peer.LastFresh is { } fresh && turn.Now - fresh <= turn.Timing.Lease / 2);
        if (!silent || turn.State.Status is HaStatus.Disabled or HaStatus.Unknown || turn.Now < turn.State.Schedule.PeerProbe)
        {
            return;
        }

        turn.State = turn.State with
        {
            Schedule = turn.State.Schedule with { PeerProbe = turn.Now + PeerProbeInterval(turn) },
        };
        turn.Emit(new Command.ProbePeer());
    }

    /// <summary>
    /// While the wait of a takeover runs, an unanswered question is repeated soon: at 60 % loss each way a kernel that lives
    /// is then missed for the quiet window about once in 10^6 waits, at two questions a second once in ten.
    /// </summary>
    private static TimeSpan PeerProbeInterval(TurnBuilder turn)
    {
        var answered = turn.State.Peer.SignOfLife is { } sign && turn.Now - sign < PeerProbeRest;
        var counting = turn.State.Status is HaStatus.Suspecting or HaStatus.Holding or HaStatus.Joining or HaStatus.Fenced;
        return counting && !answered ? Burst : PeerProbeRest;
    }

    /// <summary>Early: the arbiter's lease must be in hand before R1 ends.</summary>
    private static bool SilentForAMoment(TurnBuilder turn) =>
        !(turn.State.Peer.LastFresh is { } fresh && turn.Now - fresh <= turn.Timing.AttestWindow);

    /// <summary>A silent peer: ask for the arbiter's lease, and have the peer switched off, until one of them gives leave.</summary>
    private static void AskThirdParty(TurnBuilder turn)
    {
        var policy = turn.Config.Policy;
        if ((!policy.UsesArbiter && !policy.UsesFenceAgent) || turn.Now < turn.State.Schedule.ThirdParty
            || !turn.Durable.Enabled || !SilentForAMoment(turn)
            || turn.State.Status is HaStatus.Unknown or HaStatus.Disabled or HaStatus.Fencing or HaStatus.Maintenance)
        {
            return;
        }

        turn.State = turn.State with
        {
            Schedule = turn.State.Schedule with { ThirdParty = turn.Now + TimeSpan.FromSeconds(1) },
        };
        if (policy.UsesArbiter)
        {
            turn.Act(new HaAction.AcquireLease(), TimeSpan.FromSeconds(5));
        }

        // One order at a time: a second one would switch the host off again after it was switched on. And a daemon that has just
        // started has heard nobody yet.
        if (policy.UsesFenceAgent && (turn.State.AgentPending == 0 || turn.Now >= turn.State.AgentRetryAt)
            && turn.State.Status == HaStatus.Suspecting && !Knowledge.PowerOffCounts(turn.State)
            && !Knowledge.PeerHeard(turn.Config, turn.State, turn.Now)
            && turn.Now - turn.State.StartedAt > turn.Timing.Lease)
        {
            var id = turn.Act(new HaAction.FencePeer(), AgentDeadline);
            turn.State = turn.State with { AgentPending = id, AgentRetryAt = turn.Now + AgentDeadline };
        }
    }

    private static void ReadDomains(TurnBuilder turn)
    {
        var schedule = turn.State.Schedule;
        var lost = schedule.DomainsPending != 0 && turn.Now - schedule.DomainsAskedAt > ReadDeadline * 2;
        if ((schedule.DomainsPending != 0 && !lost) || turn.Now < schedule.Domains)
        {
            return;
        }

        var interval = turn.State.Status switch
        {
            HaStatus.Fencing => TimeSpan.FromSeconds(0.1),
            HaStatus.Unknown => TimeSpan.FromSeconds(0.3),
            HaStatus.TakingOver => TimeSpan.FromSeconds(1),
            HaStatus.Departing => WordInterval,
            HaStatus.Paired or HaStatus.Disabled => Quiet,

            // An attestation is as true as the list behind it is new.
            _ when turn.Durable.Committed && Knowledge.PeerHeard(turn.Config, turn.State, turn.Now) => WordInterval,
            _ => TimeSpan.FromSeconds(2),
        };
        var id = turn.NextId();
        turn.State = turn.State with
        {
            Schedule = turn.State.Schedule with
            {
                DomainsPending = id,
                DomainsAskedAt = turn.Now,
                Domains = turn.Now + interval,
            },
        };
        turn.Emit(new Command.ListDomains(id, turn.State.Status == HaStatus.Fencing ? ReadDeadline / 4 : ReadDeadline));
    }

    private static void ReadToolstack(TurnBuilder turn)
    {
        var schedule = turn.State.Schedule;
        var lost = schedule.ToolstackPending != 0 && turn.Now - schedule.ToolstackAskedAt > DatabaseDeadline * 2;
        if ((schedule.ToolstackPending != 0 && !lost) || turn.Now < schedule.Toolstack
            || turn.State.Status is HaStatus.Fencing)
        {
            return;
        }

        var awaiting = turn.Durable.Takeover is { Step: TakeoverStep.AwaitToolstack or TakeoverStep.ResetPowerStates };
        var starting = turn.State.Status is HaStatus.TakingOver or HaStatus.Joining or HaStatus.Fenced;
        var unread = turn.State.Database is null;
        var database = awaiting || unread || turn.Now >= schedule.Database;
        var id = turn.NextId();
        turn.State = turn.State with
        {
            Schedule = turn.State.Schedule with
            {
                ToolstackPending = id,
                ToolstackAskedAt = turn.Now,
                Toolstack = turn.Now + (awaiting ? TimeSpan.FromSeconds(0.25) : starting || unread ? TimeSpan.FromSeconds(0.5) : Quiet),
                Database = database ? turn.Now + TimeSpan.FromSeconds(unread ? 0.5 : 30) : schedule.Database,
            },
        };
        turn.Emit(new Command.ReadToolstack(id, database, database ? DatabaseDeadline : ReadDeadline));
    }

    /// <summary>
    /// A promoted slave starts from its own copy of the database, up to five minutes old (pool_db_backup.ml): the master has
    /// it copied when a VM was started, stopped, moved or created. Soon after a move: a toolstack that starts from a copy in
    /// which the VM is elsewhere destroys its domain.
    /// </summary>
    private static void SyncDatabase(TurnBuilder turn)
    {
        var state = turn.State;
        if (state.Status != HaStatus.Paired || state.SyncedVms == state.Durable.Vms || turn.Now < SyncDue(state)
            || !Knowledge.IsMaster(state) || !Knowledge.ToolstackReady(state))
        {
            return;
        }

        turn.State = state with
        {
            SyncedVms = state.Durable.Vms,
            Schedule = state.Schedule with { Sync = turn.Now + SyncSpacing },
        };
        turn.Act(new HaAction.SyncDatabase(), TimeSpan.FromSeconds(20));
    }

    private static Instant SyncDue(HaState state) =>
        HasMoved(state) ? state.Schedule.Sync - SyncSpacing + MoveSpacing : state.Schedule.Sync;

    /// <summary>A VM is elsewhere than the newest copy of the database has it.</summary>
    internal static bool HasMoved(HaState state)
    {
        foreach (var vm in state.Durable.Vms)
        {
            var found = false;
            foreach (var synced in state.SyncedVms)
            {
                found |= synced.Uuid == vm.Uuid && synced.LastOn == vm.LastOn;
            }

            if (!found)
            {
                return true;
            }
        }

        return false;
    }

    private static TimeSpan Shorter(TimeSpan left, TimeSpan right) => left <= right ? left : right;
}
