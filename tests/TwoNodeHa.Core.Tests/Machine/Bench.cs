using System.Collections.Immutable;
using System.Net;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Tests.Machine;

/// <summary>One host under test: feeds facts by hand and keeps the orders. Times are seconds of its clock.</summary>
internal sealed class Bench
{
    public static readonly Guid HostA = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");
    public static readonly Guid HostB = Guid.Parse("bbbbbbbb-0000-4000-8000-000000000002");
    public static readonly Guid Web = Guid.Parse("10000000-0000-4000-8000-000000000001");
    public static readonly Guid Db = Guid.Parse("20000000-0000-4000-8000-000000000002");
    private const ulong Nonce = 42;

    private long _peerSequence;

    public Bench(
        PolicyConfig? policy = null, WatchdogKind watchdog = WatchdogKind.Device, Func<HaConfig, HaConfig>? change = null)
    {
        var config = MakeConfig(policy ?? new PolicyConfig(), watchdog);
        Config = new LocalConfig(change is null ? config : change(config), 0);
        State = HaState.Initial(Config);
    }

    public LocalConfig Config { get; }

    public HaState State { get; private set; }

    public Instant Now { get; private set; } = Instant.FromSeconds(1000);

    /// <summary>Orders since the last <see cref="Take{T}"/> of everything.</summary>
    public List<Command> Orders { get; } = [];

    public HaStatus Status => State.Status;

    public Heartbeat LastBeat => State.Schedule.LastBeat ?? throw new InvalidOperationException("no heartbeat was sent yet");

    public IEnumerable<HaAction> Actions => Orders.OfType<Command.Act>().Select(act => act.Action);

    public IEnumerable<HaEvent> Events => Orders.OfType<Command.Report>().Select(report => report.Event);

    /// <summary>Posts one fact; writes to disk end at once, well unless <see cref="DiskWorks"/> is false.</summary>
    public void Post(params Observation[] observations)
    {
        var turn = HaMachine.Step(Config, State, observations, Now);
        State = turn.State;
        Orders.AddRange(turn.Commands);
        foreach (var persist in turn.Commands.OfType<Command.Persist>())
        {
            Post(new Observation.Persisted(persist.State.Version, DiskWorks, DiskWorks ? "" : "no space left on device"));
        }
    }

    /// <summary>Time passes, and then all of it is found waiting: one turn.</summary>
    public void Later(TimeSpan span, params Observation[] waiting)
    {
        Now += span;
        Post(waiting);
    }

    public bool DiskWorks { get; set; } = true;

    /// <summary>Starts from a durable state with HA enabled on both hosts, epoch 3, master A (this host).</summary>
    public Bench Start(DurableState? durable = null, DurableOrigin origin = DurableOrigin.Intact, Instant? carried = null)
    {
        Post(new Observation.Started(durable ?? Enabled(), origin, Nonce, carried, new WatchdogFacts(true, true, "test watchdog")));
        return this;
    }

    public static DurableState Enabled() => new()
    {
        Incarnation = 4,
        Epoch = 3,
        Master = HostA,
        SwitchGeneration = 1,
        Enabled = true,
        PeerSwitchGeneration = 1,
        PeerEnabled = true,
        PeerBound = true,
        Vms =
        [
            new VmRecord { Uuid = Web, Name = "web", Protected = true, Wanted = true, LastOn = HostA },
            new VmRecord { Uuid = Db, Name = "db", Protected = true, Wanted = true, LastOn = HostB },
        ],
    };

    /// <summary>Runs as a member of a pair: web here, db on the peer.</summary>
    public static Bench Paired(PolicyConfig? policy = null, Func<HaConfig, HaConfig>? change = null)
    {
        var bench = new Bench(policy, change: change).Start();
        bench.Lists(Web);
        bench.Toolstack();
        bench.Gateway();
        bench.Hear();
        bench.Hear();
        Assert.Equal(HaStatus.Paired, bench.Status);
        for (var i = 0; i < 8; i++)
        {
            bench.Pass(0.5, gateway: true, peer: true);
        }

        bench.Orders.Clear();
        return bench;
    }

    /// <summary>Time passes in steps of 0.1 s; with the gateway and the peer answering as told.</summary>
    public void Pass(double seconds, bool gateway = false, bool peer = false, Func<Heartbeat, Heartbeat>? peerBeat = null)
    {
        var end = Now + TimeSpan.FromSeconds(seconds);
        var beat = 0;
        while (Now < end)
        {
            Now = Instant.Min(end, Now + TimeSpan.FromSeconds(0.1));
            if (gateway)
            {
                Gateway();
            }

            if (peer && beat++ % 5 == 0)
            {
                Hear(peerBeat);
            }

            AnswerLists();
            Post(new Observation.Ticked(0));
        }
    }

    public void Gateway() => Post(new Observation.GatewayAnswered(0, State.Gateway.LastRound ?? Now));

    /// <summary>What the hypervisor shows from now on.</summary>
    public void Lists(params Guid[] guests)
    {
        _guests = guests;
        AnswerLists();
    }

    public int Backends { get; set; }

    public bool ListAnswers { get; set; } = true;

    /// <summary>In the place of <see cref="Lists"/>: a list with everything that it can show. Null: not.</summary>
    public Func<HypervisorFacts>? Shows { get; set; }

    private Guid[] _guests = [];

    private void AnswerLists()
    {
        if (ListAnswers && State.Pending.IdOf(Purpose.ReadDomains) is not 0 and var id)
        {
            var facts = new HypervisorFacts([.. _guests.Select((vm, index) => new DomainFact(index + 1, vm))], Backends + _guests.Length);
            Post(new Observation.DomainsListed(id, Shows?.Invoke() ?? facts, ""));
        }
    }

    public void Toolstack(PoolRole role = PoolRole.Master, bool ready = true, DatabaseFacts? database = null)
    {
        if (State.Pending.IdOf(Purpose.ReadToolstack) is not 0 and var id)
        {
            Post(new Observation.ToolstackObserved(id, new ToolstackFacts
            {
                Running = true,
                Answers = true,
                InitComplete = ready,
                RoleFile = role,
                MasterAddress = role == PoolRole.Slave ? "192.0.2.12" : "",
                Database = database,
            }));
        }
    }

    /// <summary>A heartbeat of a healthy, bound peer that acknowledges our newest one, changed as told.</summary>
    public void Hear(Func<Heartbeat, Heartbeat>? change = null, int link = 0) => Post(Said(change, link));

    /// <summary>The same, not posted yet.</summary>
    public Observation.HeartbeatReceived Said(Func<Heartbeat, Heartbeat>? change = null, int link = 0)
    {
        var beat = new Heartbeat
        {
            Sender = HostB,
            Incarnation = new Incarnation(7, 77),
            Sequence = ++_peerSequence,
            SentAt = Instant.FromSeconds(_peerSequence),
            AckIncarnation = State.Life.Incarnation,
            AckSentAt = State.Schedule.LastBeat?.SentAt,
            Status = HaStatus.Paired,
            Flags = HeartbeatFlags.Armed | HeartbeatFlags.GatewayFresh | HeartbeatFlags.Near | HeartbeatFlags.Fit
                | HeartbeatFlags.Enabled | HeartbeatFlags.ToolstackHealthy | HeartbeatFlags.StorageHealthy,
            Epoch = 3,
            Master = HostA,
            SwitchGeneration = 1,
            ConfigFingerprint = Config.Fingerprint,
            RunningCount = 1,
            Running = [VmShortId.Of(Db)],
        };
        return new Observation.HeartbeatReceived(link, change is null ? beat : change(beat));
    }

    /// <summary>Ends the newest order of a kind.</summary>
    public void Finish<T>(ActionOutcome outcome = ActionOutcome.Succeeded, string code = "")
        where T : HaAction
    {
        var act = Orders.OfType<Command.Act>().Last(order => order.Action is T);
        Post(new Observation.ActionFinished(act.Id, outcome, code, ""));
    }

    /// <summary>Ends an order by its id.</summary>
    public void Finish(long id, ActionOutcome outcome = ActionOutcome.Succeeded, string code = "") => Post(new Observation.ActionFinished(id, outcome, code, ""));

    private static HaConfig MakeConfig(PolicyConfig policy, WatchdogKind watchdog) => new()
    {
        Hosts =
        [
            new HostConfig("a", HostA, IPAddress.Parse("192.0.2.11")),
            new HostConfig("b", HostB, IPAddress.Parse("192.0.2.12")),
        ],
        Links = [new LinkConfig("mgmt", IPEndPoint.Parse("192.0.2.11:7757"), IPEndPoint.Parse("192.0.2.12:7757"))],
        Gateway = new GatewayConfig
        {
            Addresses = [IPAddress.Parse("192.0.2.1")],
            Require = 1,
            ProbeInterval = TimeSpan.FromSeconds(0.5),
            Timeout = TimeSpan.FromSeconds(5),
            YieldAfter = TimeSpan.FromSeconds(4),
        },
        Timing = new TimingConfig
        {
            Profile = "balanced",
            HeartbeatInterval = TimeSpan.FromSeconds(1),
            LossesTolerated = 4,
            StallTolerance = TimeSpan.FromSeconds(0.5),
            KillBound = TimeSpan.FromSeconds(4),
            ClockDriftPpm = 500,
            Margin = TimeSpan.FromSeconds(0.5),
            StaggerTolerance = TimeSpan.Zero,
            TakeoverDelay = TimeSpan.FromSeconds(10.01),
            FixedWatchdog = TimeSpan.Zero,
        },
        Policy = policy,
        Watchdog = new WatchdogConfig(watchdog, "/dev/watchdog"),
        Paths = new PathsConfig(),
        Tools = new ToolsConfig(),
    };
}
