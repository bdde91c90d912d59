using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Daemon.Control;
using TwoNodeHa.Daemon.Host;
using TwoNodeHa.Daemon.Hypervisor;
using TwoNodeHa.Daemon.Journal;
using TwoNodeHa.Daemon.Links;
using TwoNodeHa.Daemon.Probes;
using TwoNodeHa.Daemon.State;
using TwoNodeHa.Daemon.Telemetry;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.Tools;
using TwoNodeHa.Daemon.Toolstack;
using TwoNodeHa.Daemon.Watchdog;

namespace TwoNodeHa.Daemon.Tests.Host;

public sealed class CommandExecutorTests : IAsyncLifetime
{
    private static readonly Dictionary<Type, Command> Commands = new Command[]
    {
        new Command.SendHeartbeat(Samples.Beat()),
        new Command.ProbeGateway(),
        new Command.ProbePeer(),
        new Command.FeedWatchdog(TimeSpan.FromSeconds(7)),
        new Command.DisarmWatchdog(),
        new Command.RecordLease(new Instant(99)),
        new Command.Persist(new DurableState { Version = 5 }),
        new Command.ListDomains(21, Eventually.Ceiling),
        new Command.ReadToolstack(22, true, TimeSpan.FromSeconds(2)),
        new Command.Act(23, new HaAction.StartToolstack(), Eventually.Ceiling),
        new Command.Reply(24, new OperatorReply(true, false, "")),
        new Command.Report(new HaEvent(HaEventId.Started, Severity.Info, "hello")),
        new Command.Exit("test"),
    }.ToDictionary(command => command.GetType());

    private readonly Scratch _scratch = new();
    private readonly CollectingSink _sink = new();
    private readonly RecordingWatchdog _watchdog = new();
    private readonly List<string> _exits = [];
    private readonly List<IDisposable> _owned = [];
    private readonly Socket _peer;
    private readonly ToolstackPort _toolstack;
    private readonly EventLog _events;
    private readonly LeaseFile _lease;
    private readonly CommandExecutor _executor;

    public CommandExecutorTests()
    {
        _peer = Own(new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        _peer.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
        File.WriteAllBytes(_scratch["disk"], new byte[DiskSlot.DiskBytes]);
        var loopback = Samples.OnLoopback(_scratch, 0, ((IPEndPoint)_peer.LocalEndPoint!).Port);
        var config = new LocalConfig(loopback with { DiskLinks = [new DiskLinkConfig("disk", _scratch["disk"])] }, 0);
        var tools = new ToolRunner();
        var logger = NullLogger.Instance;
        _toolstack = new ToolstackPort(config, _sink, tools, logger);
        _events = Own(new EventLog(_scratch["events"], TimeProvider.System, logger));
        _lease = new LeaseFile(_scratch.Directory, "boot");
        _executor = new CommandExecutor
        {
            Links = Own(new UdpLinks(config, Samples.Key, _sink, new Counters(), logger)),
            DiskLinks = Own(new DiskLinks(config, Samples.Key, _sink, new Counters(), logger)),
            Prober = Own(new Prober(config, new BootClock(), _sink, new Counters(), logger)),
            Watchdog = _watchdog,
            State = Own(new StateWriter(_ => { }, _sink)),
            Lease = _lease,
            Hypervisor = Own(new HypervisorPort(config.Config.Tools, _sink, tools, new Backends(_scratch.Directory))),
            Toolstack = _toolstack,
            Events = _events,
            Desk = new ControlDesk(() => throw new InvalidOperationException(), _ => [], _sink, "1", _ => { }, () => new VmReport { Vms = [] }),
            Exit = _exits.Add,
        };
    }

    public static TheoryData<string> Names => [.. Actions.Nested(typeof(Command)).Select(type => type.Name)];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _owned.ForEach(owned => owned.Dispose());
        await _toolstack.DisposeAsync();
        _scratch.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_command_has_an_adapter(string name)
    {
        var command = Commands.Single(pair => pair.Key.Name == name).Value;
        _executor.Execute(command);
        switch (command)
        {
            case Command.FeedWatchdog:
                Assert.Equal(["feed 7"], _watchdog.Calls);
                break;
            case Command.DisarmWatchdog:
                Assert.Equal(["disarm"], _watchdog.Calls);
                break;
            case Command.RecordLease:
                Assert.Equal(new Instant(99), _lease.Read());
                break;
            case Command.Persist:
                await AnsweredAsync(new Observation.Persisted(5, true, ""));
                break;
            case Command.ListDomains:
                // /bin/true lists nothing, not even dom0: no facts, not "no guests".
                await AnsweredAsync(new Observation.DomainsListed(21, null, "the list of domains does not show dom0"));
                break;
            case Command.ReadToolstack:
                await Eventually.Holds(() => _sink.Posted.Length == 1, name);
                var observed = Assert.IsType<Observation.ToolstackObserved>(_sink.Posted[0]);
                Assert.Equal((22, false, false, PoolRole.Unknown), (observed.Id, observed.Facts.Running, observed.Facts.Answers, observed.Facts.RoleFile));
                break;
            case Command.Act:
                await AnsweredAsync(new Observation.ActionFinished(23, ActionOutcome.Succeeded, "", ""));
                break;
            case Command.Report:
                Assert.Equal("hello", _events.Newest(0).Single().Sentence);
                break;
            case Command.Exit:
                Assert.Equal(["test"], _exits);
                break;
            default:
                Assert.True(command is Command.SendHeartbeat or Command.ProbeGateway or Command.ProbePeer or Command.Reply, name);
                break;
        }
    }

    [Fact]
    public async Task A_heartbeat_goes_out_on_every_link_of_both_kinds()
    {
        _executor.Links.Start();
        _executor.DiskLinks.Start();
        var datagram = new byte[HeartbeatCodec.DatagramMax];
        var beat = Samples.Beat(42);
        await Eventually.Holds(
            () =>
            {
                _executor.Execute(new Command.SendHeartbeat(beat));
                return _peer.Available > 0;
            },
            "a datagram");
        var length = _peer.Receive(datagram);
        Assert.Equal(42, HeartbeatCodec.Decode(datagram.AsSpan(0, length), Samples.Key).Beat?.Sequence);
        await Eventually.Holds(() => Written()?.Sequence == 42, "the same in this host's slot of the disk");
    }

    private Heartbeat? Written()
    {
        var slot = new byte[DiskSlot.Bytes];
        using var file = File.OpenHandle(_scratch["disk"], share: FileShare.ReadWrite);
        _ = RandomAccess.Read(file, slot, DiskSlot.OffsetOf(0));
        return DiskSlot.Read(0, slot, out _, out var datagram) == DiskSlotContent.Datagram
            ? HeartbeatCodec.Decode(datagram, Samples.Key).Beat
            : null;
    }

    [Theory]
    [MemberData(nameof(ActionNames))]
    public async Task Every_action_is_answered_once(string name)
    {
        var action = Actions.All.Single(pair => pair.Key.Name == name).Value;
        _executor.Execute(new Command.Act(31, action, Eventually.Ceiling));
        await Eventually.Holds(() => _sink.Posted.Length > 0, name);
        Assert.Equal(31, Assert.IsType<Observation.ActionFinished>(Assert.Single(_sink.Posted)).Id);
    }

    public static TheoryData<string> ActionNames => [.. Actions.Nested(typeof(HaAction)).Select(type => type.Name)];

    private async Task AnsweredAsync(Observation expected)
    {
        await Eventually.Holds(() => _sink.Posted.Length > 0, expected.ToString());
        Assert.Equal(expected, Assert.Single(_sink.Posted));
    }

    private T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Once_the_end_of_the_host_is_ordered_its_watchdog_is_left_alone(bool reset)
    {
        _executor.Execute(new Command.FeedWatchdog(TimeSpan.FromSeconds(7)));
        HaAction end = reset ? new HaAction.ResetHost("test") : new HaAction.PowerOffHost("test");
        _executor.Execute(new Command.Act(40, end, Eventually.Ceiling));
        _executor.Execute(new Command.FeedWatchdog(TimeSpan.FromSeconds(6)));
        _executor.Execute(new Command.DisarmWatchdog());
        Assert.Equal(["feed 7"], _watchdog.Calls);
        await Eventually.Holds(() => _sink.Of<Observation.ActionFinished>().Any(), "the answer of the harmless tool");
    }

    private sealed class RecordingWatchdog : IWatchdog
    {
        public List<string> Calls { get; } = [];

        public WatchdogFacts Open() => new(true, true, "test");

        public void Feed(TimeSpan timeout) => Calls.Add($"feed {timeout.TotalSeconds}");

        public void Disarm() => Calls.Add("disarm");

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
