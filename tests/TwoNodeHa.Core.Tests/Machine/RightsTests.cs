using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;

namespace TwoNodeHa.Core.Tests.Machine;

public sealed class RightsTests
{
    private static RightRules RulesOf(Bench bench) => RightToRun.Of(new View(bench.Config, bench.State, bench.Now)).Rules;

    [Fact]
    public void Pair_GatewayAndPeerAnswer_R1AndR2Hold() =>
        Assert.Equal(RightRules.R1 | RightRules.R2, RulesOf(Bench.Paired()));

    [Fact]
    public void Pair_NeitherPeerNorGateway_FencesBeforeThePeerMayAct()
    {
        var bench = Bench.Paired();
        var cut = bench.Now;
        bench.Pass(6);
        Assert.Equal(HaStatus.Fencing, bench.Status);
        Assert.True(bench.State.Procedures.Fence!.DecidedAt - cut <= bench.Config.Timing.Lease);
    }

    [Fact]
    public void Pair_OnlyGatewayLostForBoth_NothingDies()
    {
        var bench = Bench.Paired();
        bench.Pass(60, peer: true, peerBeat: beat => beat with { Flags = beat.Flags & ~(HeartbeatFlags.GatewayFresh | HeartbeatFlags.Fit) });
        Assert.Equal(HaStatus.Paired, bench.Status);
        Assert.Empty(bench.Actions);
    }

    [Fact]
    public void R1_HeardButNotAcknowledged_DoesNotLast()
    {
        // The peer goes on talking and acknowledges only what was sent before the cut: one-way.
        var bench = Bench.Paired();
        var acked = bench.LastBeat.SentAt;
        bench.Pass(7, gateway: true, peer: true, peerBeat: beat => beat with { AckSentAt = acked });
        Assert.Equal(HaStatus.Fencing, bench.Status);
        Assert.True(bench.State.Procedures.Fence!.DecidedAt <= acked + bench.Config.Timing.Lease + TimeSpan.FromSeconds(0.1));
    }

    [Fact]
    public void R2_PeerSilent_KeepsTheHostUp()
    {
        var bench = Bench.Paired();
        bench.Pass(8, gateway: true);
        Assert.Equal(HaStatus.Suspecting, bench.Status);
        Assert.Equal(RightRules.R2, RulesOf(bench));
    }

    [Fact]
    public void R5_DisabledAndAcknowledged_NothingIsFenced()
    {
        var bench = Bench.Paired();
        bench.Post(new Observation.OperatorAsked(1, new Control.OperatorRequest.Disable(0, "test")));
        bench.Hear(beat => beat with { SwitchGeneration = 2, Flags = beat.Flags & ~(HeartbeatFlags.Enabled | HeartbeatFlags.Armed) });
        Assert.Equal(HaStatus.Disabled, bench.Status);
        bench.Pass(60);
        Assert.Equal(HaStatus.Disabled, bench.Status);
        Assert.Empty(bench.Actions);
    }

    [Fact]
    public void Disable_NotAcknowledged_StaysBoundAndStillFences()
    {
        var bench = Bench.Paired();
        bench.Post(new Observation.OperatorAsked(1, new Control.OperatorRequest.Disable(0, "test")));
        Assert.True(Assert.Single(bench.Orders.OfType<Command.Reply>()).Answer.Pending);
        bench.Pass(6);
        Assert.Equal(HaStatus.Fencing, bench.Status);
    }

    [Fact]
    public void Corrupt_VmsRun_WaitsOneLeaseForTheMirrorAndThenCountsAsFenced()
    {
        var bench = new Bench().Start(new DurableState { Incarnation = 1_000_000 }, DurableOrigin.Corrupt);
        bench.Gateway();
        bench.Lists(Bench.Web);
        Assert.Equal(HaStatus.Suspecting, bench.Status);
        Assert.Equal(RightRules.None, RulesOf(bench));
        bench.Pass(bench.Config.Timing.Lease.TotalSeconds - 0.2, gateway: true);
        Assert.Equal(HaStatus.Suspecting, bench.Status);
        Assert.DoesNotContain(bench.Orders, order => order is Command.FeedWatchdog);
        bench.Pass(0.4, gateway: true);
        Assert.Equal(HaStatus.Fencing, bench.Status);
    }

    [Fact]
    public void Corrupt_ThePeerTellsWhatWasLost_NothingIsFenced()
    {
        var bench = new Bench().Start(new DurableState { Incarnation = 1_000_000 }, DurableOrigin.Corrupt);
        bench.Gateway();
        bench.Lists(Bench.Web);
        bench.Toolstack();
        bench.Hear();
        bench.Hear();
        Assert.False(bench.State.Durable.StateLost);
        bench.Pass(8, gateway: true, peer: true);
        Assert.NotEqual(HaStatus.Fencing, bench.Status);
        Assert.True(RulesOf(bench).HasFlag(RightRules.R1));
    }

    [Fact]
    public void Lost_AnEmptyHostGivesItsWordWhenThePeerHasTold()
    {
        var bench = new Bench().Start(new DurableState { Incarnation = 1_000_000 }, DurableOrigin.Corrupt);
        bench.Gateway();
        bench.Lists();
        Assert.Equal(HaStatus.Joining, bench.Status);
        Assert.False(bench.State.Durable.Committed);
        Assert.DoesNotContain(bench.Orders, order => order is Command.FeedWatchdog);
        bench.Hear();
        bench.Hear();
        Assert.True(bench.State.Durable.Committed);
        Assert.Contains(bench.Orders, order => order is Command.FeedWatchdog);
    }

    [Fact]
    public void Corrupt_ThePeerHasTakenOver_FencesAtOnce()
    {
        var bench = new Bench().Start(new DurableState { Incarnation = 1_000_000 }, DurableOrigin.Corrupt);
        bench.Gateway();
        bench.Lists(Bench.Web);
        bench.Hear(beat => beat with { Status = HaStatus.Sole, Epoch = 9 });
        bench.Hear(beat => beat with { Status = HaStatus.Sole, Epoch = 9 });
        Assert.Equal(HaStatus.Fencing, bench.Status);
    }

    [Fact]
    public void R4_ANewerHeartbeatWithoutThePromise_EndsAtOnce()
    {
        var bench = Bench.Paired();
        bench.Hear(beat => beat with { Promise = 3 });
        Assert.True(RulesOf(bench).HasFlag(RightRules.R4));
        Assert.False(Bond.Holds(new View(bench.Config, bench.State, bench.Now)), "a right without end");
        bench.Hear(beat => beat with { Promise = 0 });
        Assert.False(RulesOf(bench).HasFlag(RightRules.R4));
        Assert.Equal(0, bench.State.Durable.PeerPromise);
    }

    [Fact]
    public void SoleHeld_NotBesideAnArbiter_AndNeverBound()
    {
        foreach (var arbiter in (bool[])[false, true])
        {
            var bench = Bench.Paired(new PolicyConfig { LoneStart = LoneStart.Hold, UsesArbiter = arbiter });
            var sole = bench.State with { Status = HaStatus.Sole };
            Assert.Equal(!arbiter, RightToRun.Of(new View(bench.Config, sole, bench.Now)).Rules.HasFlag(RightRules.SoleHeld));
            Assert.Equal(arbiter, Bond.Holds(new View(bench.Config, sole, bench.Now)));
        }
    }

    [Fact]
    public void Restart_WithinTheCarriedLease_KeepsRunning()
    {
        var bench = new Bench();
        bench.Start(carried: bench.Now + TimeSpan.FromSeconds(3));
        bench.Lists(Bench.Web);
        Assert.Equal(HaStatus.Suspecting, bench.Status);
        bench.Pass(1);
        Assert.True(RulesOf(bench).HasFlag(RightRules.Carried));
        bench.Pass(3);
        Assert.Equal(HaStatus.Fencing, bench.Status);
    }
}
