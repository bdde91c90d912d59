using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Daemon.Fencing;
using TwoNodeHa.Daemon.Host;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.Tools;

namespace TwoNodeHa.Daemon.Tests.Fencing;

/// <summary>Agents against real parts: ipmi_sim with ipmitool, fence_dummy, a Redfish board over HTTPS.</summary>
public sealed class FenceAgentTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly Scratch _scratch = new();
    private readonly CollectingSink _sink = new();
    private readonly ToolRunner _tools = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Ipmi_reads_switches_off_and_reads_back()
    {
        var port = RealPart.FreePort(ProtocolType.Udp);
        using var board = IpmiBoard(port);
        var agent = new IpmiAgent(Fence(FenceKind.Ipmi) with { Address = new IPEndPoint(IPAddress.Loopback, port) }, _tools);
        await Eventually.Holds(() => agent.StatusAsync(Limit).Result.Power == Power.On, "the board");

        Assert.NotNull(await agent.HostUuidAsync(Limit));
        var finished = await Order(agent);

        Assert.Equal(ActionOutcome.Succeeded, finished.Outcome);
        Assert.Equal("bmc", Assert.IsType<Observation.PeerPowerOff>(_sink.Posted.Single()).Agent);
        Assert.Equal("0", File.ReadAllText(_scratch["power"]).Trim());
    }

    [Fact]
    public async Task Ipmi_wrong_password_is_said_and_nothing_is_switched()
    {
        var port = RealPart.FreePort(ProtocolType.Udp);
        using var board = IpmiBoard(port);
        var right = new IpmiAgent(Fence(FenceKind.Ipmi) with { Address = new IPEndPoint(IPAddress.Loopback, port) }, _tools);
        await Eventually.Holds(() => right.StatusAsync(Limit).Result.Power == Power.On, "the board");
        var wrong = new IpmiAgent(Fence(FenceKind.Ipmi) with
        {
            Address = new IPEndPoint(IPAddress.Loopback, port), PasswordFile = RealPart.Secret(_scratch, "wrong", "nonsense"), Timeout = TimeSpan.FromSeconds(4),
        }, _tools);

        var reading = await wrong.StatusAsync(Limit);

        Assert.Equal(Power.Unknown, reading.Power);
        Assert.DoesNotContain("nonsense", reading.Detail, StringComparison.Ordinal);
        Assert.Equal("1", File.ReadAllText(_scratch["power"]).Trim());
    }

    [Fact]
    public async Task Program_reads_switches_off_and_reads_back()
    {
        var agent = new ProgramAgent(Dummy(("status_file", _scratch["power"])), _tools);
        File.WriteAllText(_scratch["power"], "on");

        Assert.Equal(Power.On, (await agent.StatusAsync(Limit)).Power);
        Assert.Equal(ActionOutcome.Succeeded, (await Order(agent)).Outcome);
        Assert.Equal(Power.Off, (await agent.StatusAsync(Limit)).Power);
    }

    [Fact]
    public async Task Program_unknown_parameter_is_named_by_the_agents_own_metadata()
    {
        var reading = await new ProgramAgent(Dummy(("statusfile", "/x")), _tools).StatusAsync(Limit);

        Assert.Equal(Power.Unknown, reading.Power);
        Assert.Contains("has no parameter statusfile", reading.Detail, StringComparison.Ordinal);
        Assert.Contains("status_file", reading.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_that_is_slow_leaves_the_power_unknown()
    {
        File.WriteAllText(_scratch["slow"], "#!/bin/sh\ngrep -q metadata && { echo '<r/>'; exit 0; }\nexec sleep 60\n");
        File.SetUnixFileMode(_scratch["slow"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var agent = new ProgramAgent(Fence(FenceKind.Program) with { Program = _scratch["slow"], PasswordFile = "", Timeout = TimeSpan.FromSeconds(1) }, _tools);

        var finished = await Order(agent, TimeSpan.FromSeconds(1));

        Assert.NotEqual(ActionOutcome.Succeeded, finished.Outcome);
        Assert.Empty(_sink.Posted);
    }

    [Fact]
    public async Task Redfish_reads_switches_off_and_reads_back()
    {
        var (board, agent) = Redfish();
        using var one = board;
        using var two = agent;

        Assert.Equal(Power.On, (await agent.StatusAsync(Limit)).Power);
        Assert.Equal(board.Uuid, await agent.HostUuidAsync(Limit));
        Assert.Equal(ActionOutcome.Succeeded, (await Order(agent)).Outcome);
        Assert.Equal(1, board.Orders);
    }

    [Fact]
    public async Task Redfish_board_that_takes_the_order_and_does_nothing_confirms_nothing()
    {
        var (board, agent) = Redfish(TimeSpan.FromSeconds(2));
        using var one = board;
        using var two = agent;
        board.Lazy = true;

        var finished = await Order(agent, TimeSpan.FromSeconds(2));

        Assert.Equal(ActionOutcome.Unknown, finished.Outcome);
        Assert.Empty(_sink.Posted);
        Assert.Equal(1, board.Orders);
    }

    [Fact]
    public async Task Redfish_board_that_is_off_already_is_read_and_not_switched()
    {
        var (board, agent) = Redfish();
        using var one = board;
        using var two = agent;
        board.State = "Off";

        Assert.Equal(ActionOutcome.Succeeded, (await Order(agent)).Outcome);
        Assert.Equal(0, board.Orders);
    }

    /// <summary>Redfish has more states than two, and a host that is going down still writes.</summary>
    [Theory]
    [InlineData("PoweringOff")]
    [InlineData("Paused")]
    [InlineData("")]
    public async Task Redfish_board_that_says_neither_on_nor_off_is_not_off(string state)
    {
        var (board, agent) = Redfish();
        using var one = board;
        using var two = agent;
        board.State = state;

        Assert.Equal(Power.Unknown, (await agent.StatusAsync(Limit)).Power);
    }

    [Fact]
    public async Task Redfish_board_of_this_host_is_not_switched_off()
    {
        var (board, agent) = Redfish();
        using var one = board;
        using var two = agent;

        var finished = await Port(agent, board.Uuid).RunAsync(new Command.Act(1, new HaAction.FencePeer(), Limit));

        Assert.Equal(ActionOutcome.Failed, finished.Outcome);
        Assert.Contains("is the one of this host", finished.Detail, StringComparison.Ordinal);
        Assert.Equal(0, board.Orders);
    }

    [Fact]
    public async Task Redfish_other_certificate_wrong_password_and_silence_are_told_apart()
    {
        var (board, agent) = Redfish();
        using var one = board;
        using var two = agent;
        var config = Fence(FenceKind.Redfish) with { Address = board.EndPoint, CaFile = new TestAuthority(_scratch, "other").CaFile };
        using var stranger = new RedfishAgent(config);
        using var guesser = new RedfishAgent(config with { CaFile = _scratch["ca.pem"], PasswordFile = RealPart.Secret(_scratch, "guess", "guess") });

        Assert.Contains("certificate is not trusted", (await stranger.StatusAsync(Limit)).Detail, StringComparison.Ordinal);
        Assert.Contains("refuses user ha", (await guesser.StatusAsync(Limit)).Detail, StringComparison.Ordinal);
        board.Hangs = true;
        Assert.Contains("no answer in time", (await agent.StatusAsync(TimeSpan.FromSeconds(0.5))).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Test_tells_swapped_boards_and_secrets_that_others_may_read()
    {
        var (board, agent) = Redfish();
        using var one = board;
        using var two = agent;
        var peers = new NamedAgent(Fence(FenceKind.Redfish), agent);
        var own = new NamedAgent(Fence(FenceKind.Redfish) with { Host = 0 }, agent);

        Assert.True((await Prober(board.Uuid).TestAsync(own)).Works);
        Assert.True((await Prober(Guid.NewGuid()).TestAsync(peers)).Works);
        Assert.Contains("may be swapped", (await Prober(board.Uuid).TestAsync(peers)).Detail, StringComparison.Ordinal);
        Assert.Contains("the board of another host", (await Prober(Guid.NewGuid()).TestAsync(own)).Detail, StringComparison.Ordinal);
        board.State = "Off";
        var off = await Prober(board.Uuid).TestAsync(own);
        Assert.False(off.Works);
        Assert.Contains("which is not: it is the board of another host", off.Detail, StringComparison.Ordinal);
        Assert.True((await Prober(Guid.NewGuid()).TestAsync(peers)).Works);
        File.SetUnixFileMode(_scratch["secret"], UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Contains("run chmod 600", (await Prober(null).TestAsync(peers)).Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00112233-4455-6677-8899-aabbccddeeff", true)]
    [InlineData("33221100-5544-7766-8899-aabbccddeeff", true)]
    [InlineData("ffeeddcc-bbaa-9988-7766-554433221100", true)]
    [InlineData("00112233-4455-6677-8899-aabbccddee00", false)]
    public void Uuid_of_a_board_is_compared_in_every_order_of_its_bytes(string board, bool same) =>
        Assert.Equal(same, BoardUuid.Same(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), Guid.Parse(board)));

    [Fact]
    public void Every_kind_has_its_own_agent_and_one_that_was_forgotten_is_not_taken_for_a_program()
    {
        var kinds = Enum.GetValues<FenceKind>();
        var agents = FenceAgents.Of(Samples.Config() with { Fences = [.. kinds.Select(Fence)] }, _tools);
        Assert.Equal(kinds.Length, agents.Select(named => named.Agent.GetType()).Distinct().Count());
        Assert.Throws<UnreachableException>(() => FenceAgents.Of(Samples.Config() with { Fences = [Fence((FenceKind)99)] }, _tools));
    }

    [Fact]
    public async Task Order_whose_reason_is_gone_is_not_carried_on_to_the_next_agent()
    {
        var (heard, asked) = (false, false);
        var slow = new FakeAgent { Off = () => heard = true };
        var strip = new FakeAgent { Status = () => asked = true };
        var port = Port([slow, strip], _ => !heard);

        var finished = await port.RunAsync(new Command.Act(1, new HaAction.FencePeer(), TimeSpan.FromSeconds(5)));

        Assert.Equal((1, 0, false), (slow.Orders, strip.Orders, asked));
        Assert.Equal(ActionOutcome.Unknown, finished.Outcome);
        Assert.Contains("the reason for the order is gone", finished.Detail, StringComparison.Ordinal);

        var late = new FakeAgent { Status = () => heard = true };
        heard = false;
        Assert.Equal(ActionOutcome.Failed, (await Port([late], _ => !heard).RunAsync(new Command.Act(2, new HaAction.FencePeer(), Limit))).Outcome);
        Assert.Equal(0, late.Orders);
    }

    /// <summary>Half a second is the agent's own limit here.</summary>
    [Fact]
    public async Task Order_gives_an_agent_no_more_time_than_is_left_of_it()
    {
        var agent = new FakeAgent { Power = Power.Off };
        await Port([agent], static _ => true).RunAsync(new Command.Act(1, new HaAction.FencePeer(), TimeSpan.FromSeconds(0.2)));
        Assert.InRange(agent.Limit, TimeSpan.Zero, TimeSpan.FromSeconds(0.2));
        await Port([agent], static _ => true).RunAsync(new Command.Act(2, new HaAction.FencePeer(), TimeSpan.FromSeconds(60)));
        Assert.InRange(agent.Limit, TimeSpan.Zero, TimeSpan.FromSeconds(0.5));
    }

    [Fact]
    public async Task Order_that_only_reads_switches_nothing()
    {
        var agent = new FakeAgent();
        var finished = await Port([agent], static _ => true).RunAsync(new Command.Act(1, new HaAction.FencePeer(OnlyRead: true), Limit));
        Assert.Equal((ActionOutcome.Failed, HaAction.IsOn, 0), (finished.Outcome, finished.Code, agent.Orders));
        Assert.DoesNotContain(_sink.Posted, posted => posted is Observation.PeerPowerOff);

        agent.Power = Power.Off;
        finished = await Port([agent], static _ => true).RunAsync(new Command.Act(2, new HaAction.FencePeer(OnlyRead: true), Limit));
        Assert.Equal((ActionOutcome.Succeeded, 0), (finished.Outcome, agent.Orders));
        Assert.Contains(_sink.Posted, posted => posted is Observation.PeerPowerOff);
    }

    private FencePort Port(FakeAgent[] agents, Func<long, bool> stands) => new(new LocalConfig(Samples.Config(), 0),
        [.. agents.Select(agent => new NamedAgent(Fence(FenceKind.Redfish) with { Timeout = TimeSpan.FromSeconds(0.5) }, agent))],
        new BootClock(), _sink, static () => null, stands);

    private sealed class FakeAgent : IFenceAgent
    {
        public Power Power { get; set; } = Power.On;

        public Action? Off { get; init; }

        public Action? Status { get; init; }

        public int Orders { get; private set; }

        public TimeSpan Limit { get; private set; }

        public Task<PowerReading> StatusAsync(TimeSpan limit)
        {
            Limit = limit;
            Status?.Invoke();
            return Task.FromResult(new PowerReading(Power, "fake"));
        }

        public Task<string?> OffAsync(TimeSpan limit)
        {
            Orders++;
            Off?.Invoke();
            return Task.FromResult<string?>(null);
        }

        public Task<Guid?> HostUuidAsync(TimeSpan limit) => Task.FromResult<Guid?>(null);
    }

    private FenceProber Prober(Guid? own) => new(new LocalConfig(Samples.Config(), 0), [], _sink, () => own);

    private FencePort Port(IFenceAgent agent, Guid? own = null, TimeSpan? limit = null) => new(
        new LocalConfig(Samples.Config(), 0), [new NamedAgent(Fence(FenceKind.Redfish) with { Timeout = limit ?? Limit }, agent)], new BootClock(), _sink, () => own, static _ => true);

    private Task<Observation.ActionFinished> Order(IFenceAgent agent, TimeSpan? limit = null) =>
        Port(agent, null, limit).RunAsync(new Command.Act(1, new HaAction.FencePeer(), limit ?? Limit));

    private FenceConfig Fence(FenceKind kind) => new()
    {
        Name = "bmc", Host = 1, Kind = kind, User = "ha", Timeout = Limit,
        PasswordFile = File.Exists(_scratch["secret"]) ? _scratch["secret"] : RealPart.Secret(_scratch, "secret", "test"),
    };

    private FenceConfig Dummy(params (string Name, string Value)[] parameters) => Fence(FenceKind.Program) with
    {
        Program = RealPart.Require("fence_dummy"), User = "", PasswordFile = "",
        Parameters = parameters.ToImmutableSortedDictionary(pair => pair.Name, pair => pair.Value),
    };

    private (RedfishBoard Board, RedfishAgent Agent) Redfish(TimeSpan? limit = null)
    {
        var authority = new TestAuthority(_scratch);
        var config = Fence(FenceKind.Redfish);
        var board = new RedfishBoard(authority.Issue("board"), "ha", "test");
        return (board, new RedfishAgent(config with { Address = board.EndPoint, CaFile = authority.CaFile, Timeout = limit ?? Limit }));
    }

    private RealPart IpmiBoard(int port)
    {
        var simulator = RealPart.Require("ipmi_sim");
        _ = RealPart.Require("ipmitool");
        File.WriteAllText(_scratch["power"], "1\n");
        File.WriteAllText(_scratch["chassis"], $$"""
            #!/bin/sh
            while [ $# -gt 0 ]; do
              case "$1" in
                get) shift; [ "$1" = power ] && echo "power:$(cat {{_scratch["power"]}})" || echo "$1:0";;
                set) shift; [ "$1" = power ] && echo "$2" > {{_scratch["power"]}}; shift;;
              esac
              shift
            done
            """);
        File.SetUnixFileMode(_scratch["chassis"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        File.WriteAllText(_scratch["emu"], "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nmc_enable 0x20\n");
        File.WriteAllText(_scratch["lan"], $"""
            name "board"
            set_working_mc 0x20
              startlan 1
                addr 127.0.0.1 {port}
                priv_limit admin
                allowed_auths_callback none md2 md5 straight
                allowed_auths_user none md2 md5 straight
                allowed_auths_operator none md2 md5 straight
                allowed_auths_admin none md2 md5 straight
                guid a123456789abcdefa123456789abcdef
              endlan
              chassis_control "{_scratch["chassis"]}"
              user 2 true "ha" "test" admin 10 none md2 md5 straight

            """);
        Directory.CreateDirectory(_scratch["state"]);
        return RealPart.Start(simulator, "-c", _scratch["lan"], "-f", _scratch["emu"], "-n", "-s", _scratch["state"]);
    }
}
