using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>
/// Readings of a pair that is well, each of which would say what the one before it said. In time that is left out they go on in their
/// rhythm: behind it the next one is due when it would have been.
/// </summary>
internal static class QuietReadings
{
    private static readonly TimeSpan Database = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whoever is told again what he knows would not change his mind. Not so where something else was taken in since: a stop that the peer told of
    /// behind the reading that shows the VM running again stands until the next one.
    /// </summary>
    public static bool AreOldNews(LocalConfig config, HaState state, Instant now)
    {
        if (state.Host is not { Toolstack: { } toolstack, Domains: { } domains } || state.Pending.Has(Purpose.ReadToolstack) || state.Pending.Has(Purpose.ReadDomains))
        {
            return true;
        }

        var id = state.Pending.LastId;
        var asked = state.Pending.With(new PendingCommand(id + 1, Purpose.ReadToolstack, default, 0)).With(new PendingCommand(id + 2, Purpose.ReadDomains, default, 0));
        var database = toolstack is { Answers: true, Emergency: false } ? state.Host.Database : null;
        var told = HaMachine.Step(config, state with { Pending = asked },
            [new Observation.ToolstackObserved(id + 1, toolstack with { Database = database }), new Observation.DomainsListed(id + 2, domains, "")], now).State;
        return told.Status == state.Status && told.Durable == state.Durable && told.Procedures == state.Procedures && told.Peer == state.Peer;
    }

    /// <summary>
    /// As <see cref="VirtualDaemon.Aged"/>, of what is over where all readings are known to be so: starts that were seen to run, the last probe
    /// of a peer that is heard again, the rest behind a copy of the database when there is nothing new to copy.
    /// </summary>
    public static HaState Aged(HaState state, TimeSpan time, Instant first)
    {
        var copied = state.Schedule.SyncedVms == state.Durable.Vms;
        return state with
        {
            Peer = state.Peer with { ProbedAt = Since(state.Peer.ProbedAt) },
            Schedule = state.Schedule with { Sync = copied ? VirtualDaemon.Earlier(state.Schedule.Sync, time, first) : state.Schedule.Sync },
            Procedures = state.Procedures.Starts.IsEmpty ? state.Procedures : state.Procedures with
            {
                Starts = state.Procedures.Starts.SetItems(state.Procedures.Starts.Select(start => KeyValuePair.Create(start.Key, start.Value with
                {
                    OrderedAt = Since(start.Value.OrderedAt), ShownAt = Since(start.Value.ShownAt), SucceededAt = Since(start.Value.SucceededAt),
                }))),
            },
        };

        Instant? Since(Instant? at) => at is { } known ? VirtualDaemon.Earlier(known, time, first) : null;
    }

    /// <summary>The state behind a time that was left out, on a clock that stood still meanwhile.</summary>
    public static HaState GoOn(HaState state, Instant now, TimeSpan time)
    {
        var (schedule, host) = (state.Schedule, state.Host);
        if (!state.Pending.Has(Purpose.ReadToolstack))
        {
            var next = DatabaseDue(schedule, now, time);
            var due = Due(schedule.Toolstack, Deadlines.QuietReading, now, time);
            host = host with
            {
                ToolstackAt = Asked(due, Deadlines.QuietReading, schedule.Toolstack, host.ToolstackAt),
                DatabaseAt = next - Database is var asked && host.DatabaseAt < asked && asked < now ? asked : host.DatabaseAt,
            };
            schedule = schedule with { Toolstack = due, Database = next };
        }

        if (!state.Pending.Has(Purpose.ReadDomains))
        {
            var due = Due(schedule.Domains, Deadlines.QuietReading, now, time);
            host = host with { DomainsAskedAt = Asked(due, Deadlines.QuietReading, schedule.Domains, host.DomainsAskedAt) };
            schedule = schedule with { Domains = due, DomainsAskedAt = host.DomainsAskedAt };
        }

        return Reservations(state with { Schedule = schedule, Host = host }, now, time);
    }

    private static HaState Reservations(HaState state, Instant now, TimeSpan time)
    {
        var (reserved, read, every) = (state.ThirdParty.Reservation, state.Schedule.Reservations, ReservationRules.QuietInterval);
        var newer = Due(read + every, every, now, time) - every;
        return state.Pending.Has(Purpose.ReadReservations) || newer == read ? state : state with
        {
            Schedule = state.Schedule with { Reservations = newer },
            ThirdParty = state.ThirdParty with
            {
                Reservation = reserved with { AskedAt = Moved(reserved.AskedAt), HeldAskedAt = Moved(reserved.HeldAskedAt) },
            },
        };

        Instant? Moved(Instant? at) => at is { } asked && now - asked <= every ? asked + (newer - read) : at;
    }

    /// <summary>What is due within an interval comes nearer, and again and again behind it. What is overdue, or farther off, is not of this rhythm.</summary>
    private static Instant Due(Instant due, TimeSpan every, Instant now, TimeSpan time) =>
        due > now && due - now <= every ? now + Rest(due - now, every, time) : due;

    private static TimeSpan Rest(TimeSpan rest, TimeSpan every, TimeSpan time)
    {
        var left = (rest - time).Ticks % every.Ticks;
        return new TimeSpan(left > 0 ? left : left + every.Ticks);
    }

    private static Instant Asked(Instant due, TimeSpan every, Instant before, Instant asked) => due == before ? asked : due - every;

    /// <summary>Read by the first reading of the toolstack at which it is due.</summary>
    private static Instant DatabaseDue(Schedule schedule, Instant now, TimeSpan time)
    {
        var (rest, tool) = (schedule.Database - now, schedule.Toolstack - now);
        if (rest <= TimeSpan.Zero || tool <= TimeSpan.Zero)
        {
            return schedule.Database;
        }

        var read = tool + (Deadlines.QuietReading * Math.Max(0, Math.Ceiling((rest - tool) / Deadlines.QuietReading)));
        return time < read ? schedule.Database - time : now + Rest(read, Database, time);
    }
}
