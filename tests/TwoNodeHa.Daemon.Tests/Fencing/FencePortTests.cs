using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Fencing;
using TwoNodeHa.Daemon.Host;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Fencing;

/// <summary>What an agent must say before "off" is believed. Agents are scripted: each lies in a way of its own.</summary>
public sealed class FencePortTests
{
    private static readonly Guid Own = Guid.Parse("564d1b3b-5d7f-4000-8000-000000000017");
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private readonly CollectingSink _sink = new();
    private readonly BootClock _clock = new();

    private async Task<Observation.ActionFinished> OrderAsync(params (int Host, Agent Agent)[] agents)
    {
        var named = agents.Select((each, index) => new NamedAgent(
            new FenceConfig { Name = $"board{index}", Host = each.Host, Kind = FenceKind.Program, Timeout = Limit }, each.Agent)).ToList();
        return await new FencePort(new LocalConfig(Samples.Config(), 0), named, _clock, _sink, () => Own, static _ => true).RunAsync(
            new Command.Act(7, new HaAction.FencePeer(), agents.Length * Limit));
    }

    [Fact]
    public async Task Off_is_what_was_read_back_after_the_order_and_counts_from_the_question()
    {
        var agent = new Agent(Power.On, Power.On, Power.Off);
        var before = _clock.Now;
        var finished = await OrderAsync((1, agent));
        Assert.Equal((7, ActionOutcome.Succeeded), (finished.Id, finished.Outcome));
        var off = Assert.Single(_sink.Of<Observation.PeerPowerOff>());
        Assert.Equal(("board0", 1), (off.Agent, agent.Orders));
        Assert.True(off.AskedAt > before && off.AskedAt <= agent.LastAsked);
    }

    [Theory]
    [InlineData("Unknown", ActionOutcome.Unknown)]
    [InlineData("On", ActionOutcome.Unknown)]
    public async Task What_is_not_read_as_off_is_not_off(string says, ActionOutcome expected)
    {
        var agent = new Agent(Power.On, Enum.Parse<Power>(says));
        Assert.Equal(expected, (await OrderAsync((1, agent))).Outcome);
        Assert.Empty(_sink.Posted);
        Assert.Equal(1, agent.Orders);
    }

    /// <summary>The board may carry out what it was told after it went silent.</summary>
    [Fact]
    public async Task An_order_that_was_refused_by_a_board_that_cannot_be_read_leaves_the_power_unknown()
    {
        var agent = new Agent(Power.On, Power.Unknown) { Refusal = "no answer" };
        var finished = await OrderAsync((1, agent));
        Assert.Equal(ActionOutcome.Unknown, finished.Outcome);
        Assert.Contains("no answer", finished.Detail, StringComparison.Ordinal);
        Assert.Empty(_sink.Posted);
    }

    [Fact]
    public async Task Off_already_is_read_and_not_ordered()
    {
        var agent = new Agent(Power.Off);
        Assert.Equal(ActionOutcome.Succeeded, (await OrderAsync((1, agent))).Outcome);
        Assert.Equal(0, agent.Orders);
        Assert.Single(_sink.Of<Observation.PeerPowerOff>());
    }

    [Fact]
    public async Task The_board_of_this_host_is_never_switched()
    {
        var swapped = new Agent(Power.On, Power.Off) { Uuid = Own };
        Assert.Equal(ActionOutcome.Failed, (await OrderAsync((1, swapped))).Outcome);
        Assert.Equal(0, swapped.Orders);

        // By the file it is the one of this host.
        var own = new Agent(Power.On, Power.Off);
        Assert.Equal(ActionOutcome.Failed, (await OrderAsync((0, own))).Outcome);
        Assert.Equal((0, 0), (own.Orders, own.Asked));
        Assert.Empty(_sink.Posted);
    }

    [Fact]
    public async Task A_second_agent_is_asked_when_the_first_did_not_confirm()
    {
        var (first, second) = (new Agent(Power.Unknown), new Agent(Power.On, Power.Off));
        Assert.Equal(ActionOutcome.Succeeded, (await OrderAsync((1, first), (1, second))).Outcome);
        Assert.Equal("board1", Assert.Single(_sink.Of<Observation.PeerPowerOff>()).Agent);
    }

    [Fact]
    public async Task An_agent_that_throws_is_answered_as_unknown()
    {
        var finished = await OrderAsync((1, new Agent(Power.On) { Throws = true }));
        Assert.Equal((7, ActionOutcome.Unknown), (finished.Id, finished.Outcome));
    }

    /// <summary>Says one reading after the other, the last one for ever.</summary>
    private sealed class Agent(params Power[] readings) : IFenceAgent
    {
        private readonly BootClock _clock = new();

        public int Orders { get; private set; }

        public int Asked { get; private set; }

        public Instant LastAsked { get; private set; }

        public string? Refusal { get; init; }

        public Guid? Uuid { get; init; }

        public bool Throws { get; init; }

        public Task<PowerReading> StatusAsync(TimeSpan limit)
        {
            LastAsked = _clock.Now;
            var power = readings[Math.Min(Asked++, readings.Length - 1)];
            return Task.FromResult(new PowerReading(power, power.ToString()));
        }

        public Task<string?> OffAsync(TimeSpan limit)
        {
            Orders++;
            return Throws ? throw new InvalidOperationException("nobody foresaw it") : Task.FromResult(Refusal);
        }

        public Task<Guid?> HostUuidAsync(TimeSpan limit) => Task.FromResult(Uuid);
    }
}
