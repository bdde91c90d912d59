using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Routine;

/// <summary>Reads the hypervisor and the toolstack when it is due, and has XAPI's database copied to the peer.</summary>
internal static class Reading
{
    public static void ReadDomains(Draft turn)
    {
        var schedule = turn.Schedule;
        if (IsUnderWay(turn, Purpose.ReadDomains, schedule.DomainsAskedAt, Deadlines.Reading * 2) || turn.Now < schedule.Domains)
        {
            return;
        }

        turn.Abandon(Purpose.ReadDomains);
        var id = turn.NextId(Purpose.ReadDomains);
        turn.Schedule = turn.Schedule with { DomainsAskedAt = turn.Now, Domains = turn.Now + DomainsInterval(turn) };
        turn.Emit(new Command.ListDomains(id, turn.State.Status == HaStatus.Fencing ? Deadlines.Reading / 4 : Deadlines.Reading));
    }

    public static void ReadToolstack(Draft turn)
    {
        var schedule = turn.Schedule;
        if (IsUnderWay(turn, Purpose.ReadToolstack, schedule.ToolstackAskedAt, Deadlines.DatabaseReading * 2)
            || !IsToolstackDue(turn) || turn.State.Status is HaStatus.Fencing)
        {
            return;
        }

        Order(turn, schedule, turn.Durable.Takeover is { Step: TakeoverStep.AwaitToolstack or TakeoverStep.ResetPowerStates });
    }

    private static void Order(Draft turn, Schedule schedule, bool awaiting)
    {
        var unread = turn.Host.Database is null;
        var database = (awaiting && WantsDatabase(turn.View)) || unread || turn.Now >= schedule.Database;
        turn.Abandon(Purpose.ReadToolstack);
        var id = turn.NextId(Purpose.ReadToolstack);
        turn.Schedule = turn.Schedule with
        {
            ToolstackAskedAt = turn.Now,
            Toolstack = turn.Now < schedule.Toolstack ? schedule.Toolstack : turn.Now + ToolstackInterval(turn, awaiting, unread),
            Database = database ? turn.Now + TimeSpan.FromSeconds(unread ? 0.5 : 30) : schedule.Database,
        };
        // One that is waited for may be slow: it is busy starting.
        turn.Emit(new Command.ReadToolstack(id, database, database || awaiting ? Deadlines.DatabaseReading : Deadlines.Reading)
        {
            Known = IsQuiet(turn.View) || SaidItJustNow(turn.View) ? turn.Host.Toolstack?.Listener : null,
            EventSpacing = StartsVms(turn.View) ? Deadlines.EventSpacing : Command.ReadToolstack.UsualSpacing,
        });
    }

    /// <summary>By time, or because something is wrong and the last reading asked nothing.</summary>
    private static bool IsToolstackDue(Draft turn) =>
        turn.Now >= turn.Schedule.Toolstack || (turn.Host.Toolstack is { Asked: false } && !IsQuiet(turn.View) && !SaidItJustNow(turn.View));

    /// <summary>
    /// While a takeover waits for its toolstack: once when it can be read, for what moved here, and when the toolstack is ready. A starting
    /// toolstack has better to do than to hand out all of its tables four times a second.
    /// </summary>
    private static bool WantsDatabase(View view) => view.Durable.Takeover is not { Step: TakeoverStep.AwaitToolstack }
        || view.ToolstackReady || !(view.State.Host.DatabaseAt >= view.State.Procedures.Takeover?.StepSince)
        || view.State.Host.Database?.Master != view.Config.Self.Uuid;

    private static bool StartsVms(View view) => view.Durable.Takeover is { Step: TakeoverStep.StartVms };

    /// <summary>
    /// A takeover waits for it, or starts VMs by it, and it answered a question a moment ago: two or four readings a second would put more
    /// calls to it than the starts themselves do. Nothing was left unanswered since, else it is to be asked.
    /// </summary>
    private static bool SaidItJustNow(View view) => view.State.Host.Toolstack is { Running: true, Answers: true, Emergency: false }
        && (StartsVms(view) || view.Durable.Takeover is { Step: TakeoverStep.AwaitToolstack })
        && view.State.Procedures.Takeover is { ToolstackSaidAt: { } said } && view.Now - said < Deadlines.QuietReading;

    /// <summary>
    /// Nothing is under way that the toolstack has a part in, and neither host is in any trouble: a toolstack that picks up and answered
    /// before need not be asked.
    /// </summary>
    private static bool IsQuiet(View view)
    {
        var (state, durable) = (view.State, view.Durable);
        return view is { Status: HaStatus.Paired, RoleIsSettled: true, PeerCanFollow: true, PeerNear: true, GatewayFresh: true, IsPausing: false }
            && state.Peer.Beat!.Has(HeartbeatFlags.GatewayFresh)
            && !state.Peer.Beat.Has(HeartbeatFlags.Departing)
            && state is
            {
                Gateway.Unanswered: < Deadlines.DoubtfulRounds,
                Host.Storage: not Health.Lost,
                Procedures: { Departure: null, GhostSince: null, Starts.IsEmpty: true, Moves.IsEmpty: true, OrphanSince.IsEmpty: true },
            }
            && durable is { Takeover: null, Maintenance: null, FencePending: false };
    }

    /// <summary>
    /// A promoted slave starts from its own copy of the database, up to five minutes old (pool_db_backup.ml): the master has
    /// it copied when a VM was started, stopped, moved or created. Soon after a move: a toolstack that starts from a copy in
    /// which the VM is elsewhere destroys its domain.
    /// </summary>
    public static void SyncDatabase(Draft turn)
    {
        if (turn.State.Status != HaStatus.Paired || turn.Schedule.SyncedVms == turn.Durable.Vms || turn.Now < SyncDue(turn.State)
            || !turn.View.IsMaster || !turn.View.ToolstackReady)
        {
            return;
        }

        turn.Schedule = turn.Schedule with { SyncedVms = turn.Durable.Vms, Sync = turn.Now + Deadlines.DatabaseSync };
        turn.Act(new HaAction.SyncDatabase(), Deadlines.DatabaseSync, Purpose.CopyDatabase);
    }

    /// <summary>A VM is elsewhere than the newest copy of the database has it.</summary>
    internal static bool HasMoved(HaState state)
    {
        foreach (var vm in state.Durable.Vms)
        {
            var found = false;
            foreach (var synced in state.Schedule.SyncedVms)
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

    private static Instant SyncDue(HaState state) =>
        HasMoved(state) ? state.Schedule.Sync - Deadlines.DatabaseSync + Deadlines.SyncAfterMove : state.Schedule.Sync;

    /// <summary>When a reading is due.</summary>
    public static Instant LookAgainAt(View view) => Instant.Min(
        Again.At(view, view.State.Schedule.Domains), Again.At(view, view.State.Schedule.Toolstack));

    /// <summary>One reading at a time; one whose answer is lost is not waited for.</summary>
    private static bool IsUnderWay(Draft turn, Purpose purpose, Instant askedAt, TimeSpan lost) =>
        turn.Pending.Has(purpose) && turn.Now - askedAt <= lost;

    private static TimeSpan DomainsInterval(Draft turn) => turn.State.Status switch
    {
        HaStatus.Fencing => TimeSpan.FromSeconds(0.1),
        HaStatus.Unknown => TimeSpan.FromSeconds(0.3),
        HaStatus.TakingOver => TimeSpan.FromSeconds(1),
        HaStatus.Departing => Deadlines.WordReading,
        HaStatus.Paired or HaStatus.Disabled => Deadlines.QuietReading,

        // An attestation is as true as the list behind it is new, and what arrives may begin to run at any moment.
        _ when (turn.Durable.Committed && turn.View.PeerHeard) || turn.View.OnlyArrives => Deadlines.WordReading,
        _ => TimeSpan.FromSeconds(2),
    };

    private static TimeSpan ToolstackInterval(Draft turn, bool awaiting, bool unread)
    {
        var starting = turn.State.Status is HaStatus.TakingOver or HaStatus.Joining or HaStatus.Fenced;
        return awaiting ? TimeSpan.FromSeconds(0.25) : starting || unread ? TimeSpan.FromSeconds(0.5) : Deadlines.QuietReading;
    }
}
