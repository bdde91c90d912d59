using System.Collections.Immutable;
using System.Diagnostics;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>The daemon's loop over virtual adapters: loop and decision code are the shipped ones, the world is not.</summary>
public sealed class VirtualDaemon : ICommandExecutor
{
    /// <summary>A question leaves a moment after its order, and carries the time at which it left.</summary>
    private static readonly TimeSpan SendDelay = TimeSpan.FromMicroseconds(50);

    private readonly VirtualWorld _world;
    private readonly VirtualHost _host;
    private readonly VirtualToolstackPort _toolstack;
    private readonly Dictionary<long, Action<OperatorReply>> _questions = [];
    private readonly List<Observation> _whileFrozen = [];
    private readonly LoopCore _loop;
    private readonly Action _tick;
    private IDisposable? _wake;
    private bool _dead;
    private bool _frozen;
    private HypervisorFacts? _lastList;
    private ImmutableArray<BackendFact> _lastBackends;
    private readonly HashSet<int> _owned = [];
    private long _requests;

    public VirtualDaemon(VirtualWorld world, VirtualHost host)
    {
        _world = world;
        _host = host;
        _toolstack = new VirtualToolstackPort(world, host, this);
        Config = host.Config;
        _loop = new LoopCore(Config, this);
        _tick = () => Post(Tick());
    }

    /// <summary>What it read at its start.</summary>
    public LocalConfig Config { get; }

    public HaState State => _loop.State;

    public bool Frozen => _frozen;

    /// <summary>What its clock shows.</summary>
    public Instant LocalNow => _host.LocalNow;

    /// <summary>Time until the loop turns by itself.</summary>
    public TimeSpan NextWakeIn => _loop.NextWake - _host.LocalNow;

    /// <summary>It knows the pool's database as it is now.</summary>
    public bool KnowsDatabase => _toolstack.IsCurrent(State.Host.Database);

    /// <summary>What it read last of toolstack, hypervisor and storage is so: read again, it would be told the same.</summary>
    internal bool KnowsAll => _toolstack.IsCurrent(State.Host.Toolstack) && KnowsDomains && _world.Luns.IsCurrent(_host, State.ThirdParty.Reservation.Luns);

    private bool KnowsDomains
    {
        get
        {
            var domains = _host.Domains.List();
            if (_host.ListHangs || State.Host.Domains is not { } known || known != _lastList || _lastBackends != _host.Domains.Backends || known.Guests.Length != domains.Count)
            {
                return false;
            }

            for (var at = 0; at < domains.Count; at++)
            {
                if ((known.Guests[at].Domid, known.Guests[at].State) != (domains[at].Domid, domains[at].State))
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>How much time may be left out before a memory of this daemon that is not renewed ends; null for no end.</summary>
    internal TimeSpan? QuietLeft => State.Procedures.Yields is { } yields && yields.RestUntil > LocalNow ? yields.RestUntil - LocalNow : null;

    /// <summary>Time was left out: that memory is so much older.</summary>
    /// <param name="time">How much.</param>
    /// <param name="oldest">What only lasts is so much older too, but never made older than this.</param>
    /// <param name="settled">All that only lasts; else only for how long the host has had its key on the storage.</param>
    internal void LeftOut(TimeSpan time, TimeSpan oldest, bool settled)
    {
        var state = settled ? Aged(State, time, LocalNow - oldest) : WithOlderKey(State, time, LocalNow - oldest);
        if (state.Procedures.Yields is { } yields)
        {
            state = state with
            {
                Procedures = state.Procedures with { Yields = yields with { NewestAt = yields.NewestAt - time } },
                Durable = Older(state.Durable, time),
                Disk = state.Disk with { Confirmed = Older(state.Disk.Confirmed, time) },
            };
            _host.StateFile = _host.StateFile is { } file ? Older(file, time) : null;
        }

        if (!settled || !_world.LeavesOutReadings)
        {
            _loop.Replace(state, _loop.NextWake);
            return;
        }

        state = QuietReadings.GoOn(QuietReadings.Aged(state, time, LocalNow - oldest), LocalNow, time);
        _loop.Replace(state, WakeUp.Next(new View(Config, state, LocalNow)));
        WakeAt(_loop.NextWake);
    }

    private static DurableState Older(DurableState state, TimeSpan time) => state.Yields is { } noted
        ? state with { Yields = noted with { NewestUnixMs = noted.NewestUnixMs - (long)time.TotalMilliseconds } } : state;

    /// <summary>What has lasted since some time lasts longer by <paramref name="time"/>, down to <paramref name="first"/>.</summary>
    internal static HaState Aged(HaState state, TimeSpan time, Instant first)
    {
        state = WithOlderKey(state, time, first);
        return state with
        {
            Life = state.Life with { StatusSince = Older(state.Life.StatusSince), StartedAt = Older(state.Life.StartedAt), EnabledAt = Since(state.Life.EnabledAt) },
            Peer = state.Peer with
            {
                HeardSince = Since(state.Peer.HeardSince),
                NearSince = Since(state.Peer.NearSince),
                StorageSince = Since(state.Peer.StorageSince),
                IncarnationSince = Since(state.Peer.IncarnationSince),
                GatewaySince = Since(state.Peer.GatewaySince),
                SignOfLife = Since(state.Peer.SignOfLife),
                ProbedSince = Older(state.Peer.ProbedSince),
            },
            Gateway = state.Gateway with { FreshSince = Since(state.Gateway.FreshSince) },
            Procedures = state.Procedures with
            {
                AttestedAt = Older(state.Procedures.AttestedAt),
                AttestedBy = Older(state.Procedures.AttestedBy),
            },
        };

        Instant? Since(Instant? at) => at is { } known ? Older(known) : null;

        Instant Older(Instant at) => Earlier(at, time, first);
    }

    private static HaState WithOlderKey(HaState state, TimeSpan time, Instant first)
    {
        return state.ThirdParty.Reservation is not { KeySince: { } key } reserved ? state : state with
        {
            ThirdParty = state.ThirdParty with
            {
                Reservation = reserved with
                {
                    KeySince = Earlier(key, time, first),
                    ExclusiveSince = reserved.ExclusiveSince is { } alone ? Earlier(alone, time, first) : null,
                },
            },
        };
    }

    internal static Instant Earlier(Instant at, TimeSpan by, Instant first) => at <= first ? at : Instant.Max(at - by, first);

    /// <summary>Turns of the loop so far.</summary>
    public long Turns { get; private set; }

    public void Start()
    {
        _world.Checker.DaemonStarted(_host);
        var origin = _host.StateFile is not null ? _host.StateFileOrigin : _host.Marked ? DurableOrigin.Lost : DurableOrigin.Missing;
        var durable = origin == DurableOrigin.Intact ? _host.StateFile!
            : new DurableState { Incarnation = 1_000_000 + (long)_world.Elapsed.TotalSeconds };
        Post(new Observation.Started(durable, origin, (ulong)_world.Random.NextInt64(), _host.LeaseFile,
            new WatchdogFacts(_host.WatchdogPresent, _host.WatchdogPresent, _host.WatchdogPresent ? "virtual watchdog" : "no such device")
            {
                Running = _host.WatchdogDue is not null,
                SaysRunning = _host.WatchdogDue is not null,
            }));
    }

    public void Die()
    {
        _dead = true;
        _wake?.Dispose();
    }

    /// <summary>SIGSTOP: nothing is decided and nothing is fed; packets wait in the sockets.</summary>
    public void Freeze()
    {
        _world.Checker.Disturbed();
        _frozen = true;
        _wake?.Dispose();
    }

    public void Thaw()
    {
        _world.Checker.Disturbed();
        _frozen = false;
        Observation[] waiting = [.. _whileFrozen];
        _whileFrozen.Clear();

        // As the loop does: a batch of what waits, and the clock is looked at with each.
        foreach (var batch in waiting.Chunk(HaLoop.BatchMax).DefaultIfEmpty([]))
        {
            Turn([.. batch, Tick()]);
        }
    }

    /// <summary>An operator's request; the answer comes within the turn.</summary>
    public OperatorReply? Ask(OperatorRequest request)
    {
        OperatorReply? answer = null;
        var id = ++_requests;
        _questions[id] = reply => answer = reply;
        Post(new Observation.OperatorAsked(id, request));
        return answer;
    }

    /// <summary>SIGTERM.</summary>
    public void Stop() => Post(new Observation.StopRequested());

    public StatusReport Status() => _loop.Status(_host.LocalNow);

    internal void Post(Observation observation)
    {
        if (_dead)
        {
            return;
        }

        if (_frozen)
        {
            if (_whileFrozen.Count < 1000)
            {
                _whileFrozen.Add(observation);
            }

            return;
        }

        Turn([observation]);
    }

    private void Turn(Observation[] observations)
    {
        if (_dead || _frozen)
        {
            return;
        }

        _loop.Turn(observations, _host.LocalNow);
        Turns++;
        if (AnyHeartbeat(observations))
        {
            _world.Checker.Heard(_host, _loop.State.Peer.Beat);
        }

        _wake?.Dispose();
        if (!_dead)
        {
            WakeAt(_loop.NextWake);
        }
    }

    /// <summary>A function of the state, which is looked at itself.</summary>
    private void WakeAt(Instant at)
    {
        _wake?.Dispose();
        _wake = _world.Scheduler.Beside(_host.Clock.WorldAt(at) - _world.Scheduler.Now, _tick, Pool.Xapi.XapiProcess.AsksOn);
    }

    private static bool AnyHeartbeat(Observation[] observations)
    {
        foreach (var observation in observations)
        {
            if (observation is Observation.HeartbeatReceived)
            {
                return true;
            }
        }

        return false;
    }

    private Observation.Ticked Tick() =>
        new(VirtualWorld.WallOrigin + (long)(_world.Elapsed + _host.WallOffset).TotalMilliseconds);

    void ICommandExecutor.Execute(Command command)
    {
        Crash(command, after: false);

        // What dies in the middle of a turn gives no further order.
        if (!_dead)
        {
            Carry(command);
            Crash(command, after: true);
        }
    }

    private void Crash(Command command, bool after)
    {
        switch (_dead ? null : _world.Crash?.Invoke(_host, command, after))
        {
            case Fuzz.CrashKind.Daemon:
                _world.Log("story", $"the daemon of {_host.Name} dies {(after ? "after" : "before")} {command.GetType().Name}");
                _host.KillDaemon();
                break;
            case Fuzz.CrashKind.Host:
                _world.Log("story", $"{_host.Name} is reset {(after ? "after" : "before")} {command.GetType().Name}");
                _host.Reset();
                break;
            default:
                break;
        }
    }

    private void Carry(Command command)
    {
        switch (command)
        {
            case Command.SendHeartbeat send:
                SendHeartbeat(send.Beat);
                break;
            case Command.ProbeGateway:
                ProbeGateway();
                break;
            case Command.ProbePeer:
                ProbePeer();
                break;
            case Command.FeedWatchdog feed:
                _world.Checker.WatchdogFed(_host);
                _host.Feed(TimeSpan.FromSeconds(Math.Max(1, Math.Floor(feed.Timeout.TotalSeconds))));
                break;
            case Command.DisarmWatchdog:
                _world.Checker.WatchdogDisarmed(_host);
                _host.DisarmWatchdog();
                break;
            case Command.RecordLease lease:
                _host.LeaseFile = lease.Until;
                break;
            case Command.Persist persist:
                Persist(persist.State);
                break;
            case Command.ListDomains list:
                After(TimeSpan.FromMilliseconds(5) + _host.ListSlowBy, () => ListDomains(list.Id));
                break;
            case Command.ReadToolstack read:
                _ = _toolstack.ReadAsync(read, Post);
                break;
            case Command.Act act:
                _world.Checker.Ordered(_host, act.Action);
                _ = _toolstack.ActAsync(act, Post);
                break;
            case Command.Reply reply:
                if (_questions.Remove(reply.RequestId, out var answer))
                {
                    answer(reply.Answer);
                }

                break;
            case Command.Report report:
                _world.Log(_host.Name, $"[{(int)report.Event.Id}] {report.Event.Sentence}");
                _world.Checker.Reported(report.Event);
                _world.OnEvent?.Invoke(_host.Index, report.Event);
                break;
            case Command.Exit:
                Die();
                _host.DaemonExited();
                break;
            default:
                throw new UnreachableException(command.GetType().Name);
        }
    }

    private void SendHeartbeat(Heartbeat beat)
    {
        var peer = _world.Hosts[1 - _host.Index];
        _world.Checker.Sent(_host, beat);
        for (var link = 0; link < _host.Config.Config.Links.Length; link++)
        {
            var at = link;
            _world.Network.Send(link, _world.Network.Carries(link, _host.Index), () =>
            {
                if (!peer.WrongKey && !_host.WrongKey && !peer.Filtered)
                {
                    _world.Checker.Arrived(peer, beat);
                    peer.Daemon?.Post(new Observation.HeartbeatReceived(at, beat));
                }
            });
        }
    }

    private void ProbeGateway()
    {
        var sent = _host.LocalNow + SendDelay;
        var (world, index) = (_world, _host.Index);
        for (var i = 0; i < _host.Config.Config.Gateway.Addresses.Length; i++)
        {
            var address = i;
            world.Network.Send(0, world.Network.ReachesGateway(index), () => world.Network.Send(
                0, world.Network.ReachesGateway(index), () => Post(new Observation.GatewayAnswered(address, sent))));
        }
    }

    private void ProbePeer()
    {
        var sent = _host.LocalNow + SendDelay;
        var peer = _world.Hosts[1 - _host.Index];
        for (var link = 0; link < _host.Config.Config.Links.Length; link++)
        {
            var at = link;
            var name = _host.Config.Config.Links[link].Name;
            _world.Network.Send(at, _world.Network.Carries(at, _host.Index), () =>
                _world.Network.Send(at, peer.AnswersPing && _world.Network.Carries(at, peer.Index), () =>
                    Post(new Observation.PeerAnswered($"icmp on {name}", sent))));
        }
    }

    private void Persist(DurableState state) => After(TimeSpan.FromMilliseconds(5) + _host.DiskSlowBy, () =>
    {
        if (_host.DiskReadOnly || (_host.DiskFull && _host.StateFile is null))
        {
            Post(new Observation.Persisted(state.Version, false, "no space left on device"));
            return;
        }

        var before = _host.StateFile;
        (_host.StateFile, _host.StateFileOrigin) = (state, DurableOrigin.Intact);
        _host.Marked |= state.Enabled;
        _world.Checker.StateWritten(_host, before);
        Post(new Observation.Persisted(state.Version, true, ""));
    });

    private void ListDomains(long id)
    {
        if (_host.ListHangs)
        {
            After(TimeSpan.FromSeconds(2), () => Post(new Observation.DomainsListed(id, null, "no answer within 2 s")));
            return;
        }

        var guests = _host.Domains.List().Select(domain => new DomainFact(domain.Domid, Guid.Parse(domain.Handle)) { State = domain.State });
        var facts = new HypervisorFacts([.. guests], 0) { Backends = Attributed(_host.Domains.Backends) };

        // An unchanged list is the same object: whoever compares need not look inside.
        _lastBackends = _host.Domains.Backends;
        _lastList = _lastList is not null && _lastList.Backends == facts.Backends
            && _lastList.Guests.AsSpan().SequenceEqual(facts.Guests.AsSpan()) ? _lastList : facts;
        Post(new Observation.DomainsListed(id, _lastList, ""));
    }

    /// <summary>
    /// Whose a tapdisk is stands in xenstore for as long as its domain lives; this daemon keeps what it has read once. The same
    /// object where all is known.
    /// </summary>
    private ImmutableArray<BackendFact> Attributed(ImmutableArray<BackendFact> backends)
    {
        foreach (var backend in backends)
        {
            if (backend.Domid == 0 || _host.Domains.Lives(backend.Domid))
            {
                _owned.Add(backend.Pid);
            }
        }

        return backends.All(IsKnown) ? backends
            : [.. backends.Select(backend => IsKnown(backend) ? backend : backend with { Owner = BackendOwner.Unknown, Domid = 0 })];
    }

    private bool IsKnown(BackendFact backend) => backend.Kind != BackendKind.Tapdisk || _owned.Contains(backend.Pid);

    private void After(TimeSpan delay, Action action) => _world.Scheduler.After(delay, () =>
    {
        if (!_dead)
        {
            action();
        }
    });
}
