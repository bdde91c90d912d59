using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Host;
using TwoNodeHa.Daemon.Reservations;
using TwoNodeHa.Daemon.Tools;
using TwoNodeHa.Sim.Lab;
using TwoNodeHa.Sim.Lab.Parts;

namespace TwoNodeHa.Lab.Tests;

/// <summary>The daemon's own orders to LUNs against a real target, from both hosts, without daemons: what a scripted tool cannot show.</summary>
public sealed class ReservationSeamTests
{
    private const int Rounds = 20;
    private static readonly LabOptions Hosts = new() { Luns = 2, WithDaemons = false };
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Whoever is second finds its own key gone on the first LUN, and touches no other: none wins one and loses another.</summary>
    [Fact]
    public Task Of_two_that_preempt_at_once_one_wins_all() => PlayAsync(async (a, b) =>
    {
        for (int round = 0; round < Rounds; round++)
        {
            Assert.Equal(ActionOutcome.Succeeded, (await a.OrderAsync(new HaAction.RegisterKeys([0, 1]))).Outcome);
            Assert.Equal(ActionOutcome.Succeeded, (await b.OrderAsync(new HaAction.RegisterKeys([0, 1]))).Outcome);
            Assert.All(b.Luns, lun => Assert.True(lun is { IsHeld: true, Peer: true, Others: 0 }));

            Observation.ActionFinished[] both = await Task.WhenAll(a.OrderAsync(new HaAction.PreemptPeer()), b.OrderAsync(new HaAction.PreemptPeer()));
            Assert.Single(both, one => one.Outcome == ActionOutcome.Succeeded);
            (Side winner, Side loser) = both[0].Outcome == ActionOutcome.Succeeded ? (a, b) : (b, a);
            await Task.WhenAll(winner.OrderAsync(new HaAction.ReadReservations()), loser.OrderAsync(new HaAction.ReadReservations()));
            Assert.All(winner.Luns, lun => Assert.True(lun.IsExclusive));
            Assert.All(loser.Luns, lun => Assert.True(lun is { Readable: true, Own: false, Peer: true }));
        }
    });

    /// <summary>What <c>ha-ctl check</c> says of a LUN comes from the LUN: before and after keys, without it, and where it went away.</summary>
    [Fact]
    public Task The_test_of_a_lun_says_what_this_target_can_do() => PlayAsync(async (a, b) =>
    {
        Assert.StartsWith("nobody is registered", (await a.TestAsync(0)).Detail, StringComparison.Ordinal);
        await a.OrderAsync(new HaAction.RegisterKeys([0, 1]));
        await b.OrderAsync(new HaAction.RegisterKeys([0]));
        Observation.ThirdPartySeen both = await a.TestAsync(0);
        Assert.True(both.Works);
        Assert.StartsWith("both hosts are registered; it does not keep that through a loss of power", both.Detail, StringComparison.Ordinal);
        Assert.Contains("no PREEMPT AND ABORT", both.Detail, StringComparison.Ordinal);
        Assert.StartsWith("only a is registered", (await a.TestAsync(1)).Detail, StringComparison.Ordinal);
        await b.OrderAsync(new HaAction.ReadReservations());
        Assert.All(b.Luns, lun => Assert.True(lun.Peer, "the question took no key away"));

        b.Lab.San!.Remove(2);
        Assert.False((await a.TestAsync(1)).Works);
        b.Lab.San.Add(2);
        await a.OrderAsync(new HaAction.ReadReservations());
        Assert.True(a.Luns is [{ IsHeld: true }, { IsBlank: true }]);
        b.Lab.San.Freeze();
        Assert.Contains("did not end in time", (await a.TestAsync(0)).Detail, StringComparison.Ordinal);
        b.Lab.San.Thaw();
    });

    private static async Task PlayAsync(Func<Side, Side, Task> story)
    {
        LabSystem.Require();
        Assert.SkipWhen(LabParts.WhyMissing(Hosts) is not null, LabParts.WhyMissing(Hosts) ?? "");
        await using LabHarness lab = LabHarness.Start(Hosts);
        await lab.UntilAsync("both hosts run", view => view is { A.Power: Power.On, B.Power: Power.On });
        var (a, b) = (new Side(lab, 0), new Side(lab, 1));
        await a.UntilReadableAsync();
        await b.UntilReadableAsync();
        await story(a, b);
    }

    /// <summary>What a daemon has for its LUNs, with the tools of its host.</summary>
    private sealed class Side : IObservationSink
    {
        private readonly LocalConfig _config;
        private readonly ReservationPort _port;
        private readonly ReservationProber _prober;
        private volatile LunFact[] _luns = [];

        public Side(LabHarness lab, int index)
        {
            Lab = lab;
            string host = index == 0 ? "a" : "b";
            _config = new LocalConfig(ConfigParser.Parse("ha.conf", File.ReadAllText(lab.ConfigOf(host))).Config!, index);
            var tool = new PersistTool(new ToolRunner(), $"nsenter --net={lab.Network.SpaceOf(host).Path} {_config.Config.Tools.Reservations}");
            _port = new ReservationPort(_config, tool, new BootClock(), this, _ => true);
            _prober = new ReservationProber(_config, tool, this);
        }

        public LabHarness Lab { get; }

        public LunFact[] Luns => _luns;

        public void Post(Observation observation) => _luns = observation is Observation.ReservationsRead read ? [.. read.Luns] : _luns;

        public Task<Observation.ActionFinished> OrderAsync(HaAction action) => _port.RunAsync(new Command.Act(1, action, Limit));

        public Task<Observation.ThirdPartySeen> TestAsync(int lun) => _prober.TestAsync(_config.Config.Storage.ReservedLuns[lun]);

        /// <summary>The host has booted, and its session is there.</summary>
        public async Task UntilReadableAsync()
        {
            for (DateTime limit = DateTime.UtcNow + (Limit * LabOptions.Patience); _luns is not [{ Readable: true }, { Readable: true }];)
            {
                Assert.True(DateTime.UtcNow < limit, "the LUNs cannot be read");
                await OrderAsync(new HaAction.ReadReservations());
            }
        }
    }
}
