using System.Collections.Immutable;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Procedures;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Sim.Explore;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>
/// Leaves out quiet time. Whatever state the two hosts are in: when nothing is under way, they repeat themselves with a fixed period.
/// Two equal signatures of the whole world one period apart prove that the next period is the same again, so any number of whole
/// periods can be left out: only the time of the world goes on, all clocks and numbers stay as they are. What is beside the
/// pattern (<see cref="Time.IScheduler.Rest"/>) comes nearer by that time, and bounds it.
/// Not in the signature is what only the story changes: after each of its events two new looks are needed, unless the event acts through
/// what is in it, and the world is found where it was proven to repeat itself.
/// Not in the signature either, for a pair that is well, is for how long it has been so: nothing asks that until something goes wrong.
/// </summary>
internal sealed partial class QuietCycle(VirtualWorld world)
{
    /// <summary>All intervals of a quiet daemon divide it, or twice it: heartbeats, probes, feeding, readings of domains and toolstack.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(5);

    /// <summary>All that do not only read what is known to be the same, in a pair that is well.</summary>
    private static readonly TimeSpan ShortBeat = TimeSpan.FromSeconds(1);

    /// <summary>More unanswered rounds in a row than any rule counts.</summary>
    private const int UnansweredMax = (3 * Deadlines.YieldRounds) + 1;

    /// <summary>Older than every wait that asks for an age, and than what an operator is shown.</summary>
    private static readonly TimeSpan Ancient = TimeSpan.FromMinutes(5);

    private readonly List<(Signature Signature, Instant At)> _looks = [];
    private readonly Dictionary<Signature, TimeSpan> _orbit = [];
    private Instant? _next;
    private bool _settled;

    private TimeSpan Shortest => world.LeavesOutReadings ? ShortBeat : Beat;

    /// <summary>Time until the next look.</summary>
    public TimeSpan UntilLook => _next is { } next && next > world.Scheduler.Now ? next - world.Scheduler.Now : Shortest;

    /// <summary>The story changed something.</summary>
    /// <param name="visibly">Only what a signature shows.</param>
    public void Touched(bool visibly)
    {
        _looks.Clear();
        if (!visibly)
        {
            _orbit.Clear();
            _next = null;
        }
    }

    /// <summary>Leaves out time, at most <paramref name="left"/>; tells how much. Zero when nothing is proven.</summary>
    public TimeSpan Jump(TimeSpan left)
    {
        var now = world.Scheduler.Now;
        if (left < Shortest || now < _next)
        {
            return TimeSpan.Zero;
        }

        if (now != _next)
        {
            _looks.Clear();
        }

        _next = now + Shortest;
        if (!IsQuiet())
        {
            _looks.Clear();
            return TimeSpan.Zero;
        }

        _settled = IsSettled(world.Hosts[0]) && IsSettled(world.Hosts[1]);
        _next = now + (_settled ? Shortest : Beat);
        return Period(now) is { } period ? LeaveOut(period, left) : TimeSpan.Zero;
    }

    /// <summary>The period with which the world repeats itself from now on; null when that is not proven.</summary>
    private TimeSpan? Period(Instant now)
    {
        var signature = new Signature(Sign(world.Hosts[0]), Sign(world.Hosts[1]), SignRest());
        if (_orbit.TryGetValue(signature, out var known))
        {
            return known;
        }

        _looks.RemoveAll(look => now - look.At > Beat * 2);
        var same = _looks.FindLastIndex(look => look.Signature == signature);
        _looks.Add((signature, now));
        if (same < 0)
        {
            return null;
        }

        var period = now - _looks[same].At;
        for (var at = same + 1; at < _looks.Count; at++)
        {
            _orbit[_looks[at].Signature] = period;
        }

        return period;
    }

    private TimeSpan LeaveOut(TimeSpan period, TimeSpan left)
    {
        left = Earlier(left, world.Scheduler.UntilFirstBeside());
        foreach (var host in world.Hosts)
        {
            left = Earlier(Earlier(left, host.Toolstack.QuietLeft), host.Daemon?.QuietLeft);
            left = _settled ? Earlier(left, RulesRest(host.Daemon!)) : left;
        }

        var time = left < period || !LearnNothing() ? TimeSpan.Zero : period * Math.Floor(left / period);
        if (time > TimeSpan.Zero)
        {
            world.Scheduler.Hasten(time);
            foreach (var host in world.Hosts)
            {
                host.Toolstack.LeftOut(time);
                host.Daemon?.LeftOut(time, Ancient, _settled);
            }
        }

        return time;
    }

    /// <summary>A reading that is left out says what the last one said; it must not change anything either.</summary>
    private bool LearnNothing()
    {
        foreach (var host in world.Hosts)
        {
            if (world.LeavesOutReadings && host.Daemon is { } daemon && !QuietReadings.AreOldNews(daemon.Config, daemon.State, daemon.LocalNow))
            {
                return false;
            }
        }

        return true;
    }

    private static TimeSpan Earlier(TimeSpan left, TimeSpan? end) => end < left ? end.Value : left;

    private bool IsQuiet()
    {
        if (world.Held > 0 || world.Arbiter.Elects || world.Luns.InDoubt || (world.Luns.Count > 0 && !world.LeavesOutReadings) || !world.Hosts[0].Config.Config.Storage.DrbdResources.IsEmpty || world.Guardian is not null || world.Crash is not null)
        {
            return false;
        }

        foreach (var quality in world.Network.Quality)
        {
            if (!quality.IsPerfect)
            {
                return false;
            }
        }

        return IsQuiet(world.Hosts[0]) && IsQuiet(world.Hosts[1]);
    }

    private static bool IsQuiet(VirtualHost host) =>
        host is { Frozen: false, BootGuarded: false, GoingDown: false, Clock.DriftPpm: 0, Toolstack.Faults: { HangAll: false, HangDatabase: false } }
        && (host.Daemon is null || IsQuiet(host.Daemon));

    private static bool IsQuiet(VirtualDaemon daemon) => daemon is
    {
        Frozen: false, State:
        {
            Status: not (HaStatus.Unknown or HaStatus.Fencing or HaStatus.TakingOver or HaStatus.Departing),
            Procedures: { Takeover: null, Fence: null, Departure: null, GhostSince: null, EmptiedSince: null, PeerTooNewSince: null },
            Durable: { ReenableAtUnixMs: 0, Maintenance: null, PeerReturns: false },
        },
    }

        // A host that yielded lately is more patient than any age that is told apart here.
        && (daemon.QuietLeft is null || new View(daemon.Config, daemon.State, daemon.LocalNow).GatewayFresh)
        && (daemon.KnowsDatabase || daemon.State.Host.Toolstack is not { Answers: true, Emergency: false });

    /// <summary>
    /// Paired and well, and everything that could be otherwise is: how long that has been so is asked by rules only once something goes
    /// wrong. Such ages are not waited for: they are not in the signature, and grow by the time that is left out. What was read last is so:
    /// a change that no reading has shown yet would not be in the signature.
    /// </summary>
    private bool IsSettled(VirtualHost host) => host is { StorageLost: false, Daemon.State: { Status: HaStatus.Paired } state }
        && state is
        {
            Peer: { Beat.Attestation: 0, NearSince: not null, GatewaySince: not null, StorageSince: not null, StopsSeen.IsEmpty: true },
            Gateway: { FreshSince: not null, Unanswered: <= 1 },
            Host: { Storage: not Health.Lost, Database: not null },
            ThirdParty: { PeerPowerOffAt: null, StoreMissedAt: null },
            Procedures: { OrphanSince.IsEmpty: true, RoleConflictSince: null, DoubleSince: null, RoleChangeSince: null, StopAskedAt: null },
            Durable: { Committed: false, PeerPromise: 0, PromiseStands: false, Disarm: 0, PeerDisarm: 0, TakenOver.IsEmpty: true },
        }
        && new View(host.Daemon.Config, state, host.LocalNow) is { GatewayFresh: true, PeerFresh: true, PeerNear: true, ToolstackHealthy: true } view
        && (world.LeavesOutReadings ? AreOver(view, state.Procedures.Starts) && host.Daemon.KnowsAll : state.Procedures.Starts.IsEmpty);

    /// <summary>Each VM that was ordered to start was seen to run, and nothing waits for it any more: only how long ago that was may be asked.</summary>
    private static bool AreOver(View view, ImmutableSortedDictionary<Guid, StartAttempt> starts)
    {
        if (starts.IsEmpty)
        {
            return true;
        }

        foreach (var (_, start) in starts)
        {
            if (start is not { ShownAt: not null, UnknownSince: null, GivenUp: "" })
            {
                return false;
            }
        }

        return VmStart.LookAgainAt(view) >= Again.Never && !view.State.Pending.Has(Purpose.StartVm);
    }

    /// <summary>Time until a rule wants to be asked again that is no routine and does not look at what is renewed all the time.</summary>
    private static TimeSpan RulesRest(VirtualDaemon daemon)
    {
        var view = new View(daemon.Config, daemon.State, daemon.LocalNow);
        return Again.First(
            Grace.LookAgainAt(view), Conflict.LookAgainAt(view), HaSwitch.LookAgainAt(view), RoleChange.LookAgainAt(view), StoragePlug.LookAgainAt(view),
            Moves.LookAgainAt(view), VmStart.LookAgainAt(view), Core.Procedures.Coverage.LookAgainAt(view), PreferredMaster.LookAgainAt(view)) - view.Now;
    }

    /// <summary>What is left of the world: storage, third party, and when which callback is due.</summary>
    private StateHash SignRest()
    {
        var hash = new StateHasher();
        hash.Add(world.Storage.Locks().Count);
        hash.Add(world.Arbiter.Holder);
        hash.Add(world.Arbiter.LeaseLeft.Ticks);
        Luns(ref hash);
        var now = world.Scheduler.Now.Ticks;
        foreach (var due in world.Scheduler.Pattern())
        {
            hash.Add(due - now);
        }

        return hash.Result;
    }

    private StateHash Sign(VirtualHost host)
    {
        if (host.Daemon is not { } daemon)
        {
            var writer = new SituationWriter(0, 0, 0, default, default, default);
            WriteHost(ref writer, host);
            return writer.Result;
        }

        var (state, now) = (daemon.State, host.LocalNow);
        var timing = host.Config.Timing;
        var old = timing.TakeoverDelay + timing.QuietWindow + TimeSpan.FromSeconds(5);
        var (incarnation, heard) = (state.Life.Incarnation.Counter, state.Peer.Beat);
        var own = new HostNumbers(incarnation, state.Durable.Attestation, incarnation, state.Schedule.Sequence, heard?.Incarnation.Counter ?? 0, heard?.Sequence ?? 0);
        var other = new HostNumbers(heard?.Incarnation.Counter ?? 0, heard?.Attestation ?? 0, heard?.Incarnation.Counter ?? 0, heard?.Sequence ?? 0, incarnation, state.Schedule.Sequence);
        var (first, second) = host.Index == 0 ? (own, other) : (other, own);
        var full = new SituationWriter(now.Ticks, old.Ticks, state.Durable.Epoch, world.Hosts[0].Config.Self.Uuid, first, second);
        full.Self(host.Index);
        full.Add(_settled);
        state = WithoutPhases(host, state.Peer.LastHeard is { } silent && now - silent >= old ? OnOneClock(state, silent) : state, now);
        full.State(state);
        full.DueTime(LeaseOnRecord(host, state, now));
        if (world.Luns.Count > 0)
        {
            Reservations(ref full, state, _settled && world.LeavesOutReadings ? ReservationRules.QuietInterval : ReservationRules.ReadingInterval(timing), timing, now);
        }

        WriteHost(ref full, host);
        return full.Result;
    }

    /// <summary>
    /// What is remembered of a peer that is silent for long has times of that peer's clock. They are as old as its silence: counted
    /// from the own clock they would be an age that grows for ever, and a host that is alone would never repeat itself.
    /// </summary>
    private static HaState OnOneClock(HaState state, Instant silent) => state with
    {
        Peer = state.Peer with { Beat = state.Peer.Beat is { } heard ? heard with { SentAt = silent } : null },
        Schedule = state.Schedule with
        {
            LastBeat = state.Schedule.LastBeat is { AckSentAt: not null } last ? last with { AckSentAt = silent } : state.Schedule.LastBeat,
        },
    };

    /// <summary>
    /// Leaves out where in its interval a question is whose answer is known to be the same: the database and the list, while neither
    /// changes; the peer's kernel, while nothing can come back from it; the toolstack of a pair that is well (<see cref="QuietReadings"/>).
    /// Their intervals divide no period of the rest, or make it longer.
    /// </summary>
    private HaState WithoutPhases(VirtualHost host, HaState state, Instant now)
    {
        var (peer, reads) = (world.Hosts[1 - host.Index], state.Pending.Has(Purpose.ReadDomains));
        var known = _settled && world.LeavesOutReadings;
        state = _settled ? VirtualDaemon.Aged(state, Ancient, now - Ancient) : state;
        state = known ? QuietReadings.Aged(state, Ancient, now - Ancient) : state;
        return state with
        {
            Peer = state.Peer.ProbedAt is { } probed && now - probed <= Deadlines.PeerProbeRest * 2 ? state.Peer with { ProbedAt = now } : state.Peer,
            Procedures = state.Procedures with { Yields = null },
            Gateway = state.Gateway with { Unanswered = Math.Min(state.Gateway.Unanswered, UnansweredMax) },
            Host = state.Host with
            {
                DatabaseAt = state.Host.DatabaseAt is null ? null : now,
                ToolstackAt = known ? now : state.Host.ToolstackAt,
                DomainsAskedAt = reads ? state.Host.DomainsAskedAt : now,
            },
            Schedule = state.Schedule with
            {
                Database = now,
                Toolstack = known ? now : state.Schedule.Toolstack,
                Domains = reads ? state.Schedule.Domains : now,
                PeerProbe = peer.AnswersPing && world.Network.HostsHearEachOther() ? state.Schedule.PeerProbe : now,
            },
        };
    }

    private void WriteHost(ref SituationWriter writer, VirtualHost host)
    {
        var status = host.Toolstack.Status;
        writer.Add((host.PoweredOn ? 1 : 0) + (host.Booting ? 2 : 0) + (world.Blocked[host.Index] ? 4 : 0));
        writer.Add(host.Life);
        writer.Add((long)status.Service);
        writer.Add(status.DatabaseGeneration);
        writer.Add((status.Emergency ? 1 : 0) + (status.InitComplete ? 2 : 0) + (status.UnixListening ? 4 : 0));
        writer.Add(status.RoleFile.GetHashCode(StringComparison.Ordinal));
        writer.Add(host.Domains.WritingCount);
        writer.Add(host.Domains.Backends.Length);
        foreach (var domain in host.Domains.List())
        {
            writer.Add(domain.Domid);
            writer.Add((long)domain.State);
        }

        writer.Add(host.WatchdogDue is { } due ? (due - world.Scheduler.Now).Ticks : -1);
    }

    /// <summary>Everything that decides the future, and that not only the story changes.</summary>
    private readonly record struct Signature(StateHash First, StateHash Second, StateHash Rest);
}
