using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using Xunit;

namespace TwoNodeHa.Core.Tests.Machine;

/// <summary>What arbiters and fence agents say, and how long it counts.</summary>
public sealed class ThirdPartyTests
{
    private static Bench WithAgent() => Bench.Paired(new PolicyConfig { UsesFenceAgent = true });

    private static Bench WithArbiter() => Bench.Paired(new PolicyConfig { UsesArbiter = true });

    private static TakeoverRule Permit(Bench bench) => TakeoverPermit.Of(new View(bench.Config, bench.State, bench.Now)).Rule;

    [Fact]
    public void PowerOff_IsBelievedOnlyAfterTheKernelWasAskedOnceMore()
    {
        var bench = WithAgent();
        bench.Pass(6, gateway: true);
        bench.Post(new Observation.PeerPowerOff("bmc-b", bench.Now));

        Assert.Equal(TakeoverRule.None, Permit(bench));
        Assert.NotEqual(HaStatus.TakingOver, bench.Status);
        bench.Pass(1, gateway: true);
        Assert.Equal(TakeoverRule.PowerOff, bench.State.Durable.Takeover?.Rule);
    }

    [Fact]
    public void PowerOff_IsContradictedByASignOfLifeAfterIt()
    {
        var bench = WithAgent();
        bench.Pass(6, gateway: true);
        var asked = bench.Now;
        bench.Post(new Observation.PeerPowerOff("bmc-b", asked), new Observation.PeerAnswered("icmp on mgmt", asked));
        bench.Pass(2, gateway: true);

        Assert.Null(bench.State.Durable.Takeover);
        Assert.Contains(bench.Events, told => told.Sentence.Contains("is it the board of another host?", StringComparison.Ordinal));
    }

    [Fact]
    public void PowerOff_OldOne_DoesNotCount()
    {
        var bench = WithAgent();
        var asked = bench.Now;
        bench.Pass(6, gateway: true);
        bench.Post(new Observation.PeerPowerOff("bmc-b", asked));
        Assert.Equal(TakeoverRule.None, Permit(bench));

        bench.Post(new Observation.PeerPowerOff("bmc-b", bench.Now));
        var view = new View(bench.Config, bench.State, bench.Now + Deadlines.PowerOffCounts);
        Assert.True(view.PowerOffCounts);
        Assert.False(new View(bench.Config, bench.State, view.Now + TimeSpan.FromTicks(1)).PowerOffCounts);
    }

    [Fact]
    public void FenceOrder_TimedOut_IsToldAsUnknown()
    {
        var bench = WithAgent();
        bench.Pass(20, gateway: true);
        var order = bench.Orders.OfType<Command.Act>().Last(act => act.Action is HaAction.FencePeer);
        bench.Post(new Observation.ActionFinished(order.Id, ActionOutcome.Unknown, "DEADLINE", "no answer within 20 s"));

        Assert.Contains(bench.Events, told => told.Id == HaEventId.ActionTrouble && told.Sentence.Contains("is unknown", StringComparison.Ordinal));
        Assert.Null(bench.State.Durable.Takeover);
    }

    [Fact]
    public void Operator_OrdersTheFence_OnceAndWithAnAgentOnly()
    {
        var bench = WithAgent();
        bench.Orders.Clear();
        bench.Post(new Observation.OperatorAsked(1, new OperatorRequest.FencePeer()), new Observation.OperatorAsked(2, new OperatorRequest.FencePeer()));

        Assert.Single(bench.Actions.OfType<HaAction.FencePeer>());
        Assert.All(bench.Orders.OfType<Command.Reply>(), reply => Assert.True(reply.Answer.Accepted));

        var without = Bench.Paired();
        without.Orders.Clear();
        without.Post(new Observation.OperatorAsked(1, new OperatorRequest.FencePeer()));
        Assert.Empty(without.Actions.OfType<HaAction.FencePeer>());
        Assert.False(Assert.Single(without.Orders.OfType<Command.Reply>()).Answer.Accepted);
    }

    [Theory]
    [InlineData("other", 2, 5)]
    [InlineData("one", 1, 5)]
    [InlineData("one", 2, 4)]
    public void Arbiter_StoreThatWentBack_GivesNoPermitForOneLease(string cluster, long term, long revision)
    {
        var bench = WithArbiter();
        bench.Pass(4, gateway: true);
        Lease(bench, new StoreMark("one", 2, 5));
        bench.Pass(1, gateway: true);
        Lease(bench, new StoreMark(cluster, term, revision));
        Assert.Contains(bench.Events, told => told.Sentence.Contains("the arbiter's store went back", StringComparison.Ordinal));

        var lease = ArbiterRules.LeaseOf(bench.Config.Config).TotalSeconds;
        for (var second = 1; second < lease; second++)
        {
            bench.Pass(1, gateway: true);
            Lease(bench, new StoreMark(cluster, term, revision));
            Assert.Null(bench.State.Durable.Takeover);
        }

        bench.Pass(1.1, gateway: true);
        Lease(bench, new StoreMark(cluster, term, revision));
        Assert.Equal(TakeoverRule.Arbiter, bench.State.Durable.Takeover?.Rule);
    }

    [Fact]
    public void Arbiter_LeaseThatIsNotRenewed_IsARightUntilItsEndAndNoMomentLonger()
    {
        var bench = WithArbiter();
        bench.Pass(1, gateway: true);
        Lease(bench, new StoreMark("one", 2, 5));
        var until = bench.State.ThirdParty.ArbiterUntil!.Value;

        Assert.True(RightToRun.Of(new View(bench.Config, bench.State, until - TimeSpan.FromTicks(1))).Rules.HasFlag(RightRules.R3));
        Assert.False(RightToRun.Of(new View(bench.Config, bench.State, until)).Rules.HasFlag(RightRules.R3));
    }

    [Fact]
    public void Arbiter_SeenAllTheTime_GivesThePermitWhenTheSilenceIsLongEnough()
    {
        var bench = WithArbiter();
        for (var second = 0; second < 12; second++)
        {
            bench.Pass(1, gateway: true);
            Lease(bench, new StoreMark("one", 2, 5));
        }

        Assert.Equal(TakeoverRule.Arbiter, bench.State.Durable.Takeover?.Rule);
    }

    [Fact]
    public void Sight_IsToldWhenItChanges_AndKeepsWhenItWorked()
    {
        var bench = WithAgent();
        bench.Orders.Clear();
        bench.Post(new Observation.ThirdPartySeen("bmc-b", true, "on"));
        Assert.DoesNotContain(bench.Events, told => told.Id == HaEventId.ThirdPartyChanged);
        var worked = bench.Now;
        bench.Pass(60, gateway: true, peer: true);
        bench.Post(new Observation.ThirdPartySeen("bmc-b", false, "no answer"), new Observation.ThirdPartySeen("bmc-b", false, "no answer"));

        Assert.Single(bench.Events, told => told.Id == HaEventId.ThirdPartyChanged);
        Assert.Equal(worked, bench.State.ThirdParty.Sights["bmc-b"].WorkedAt);
    }

    [Fact]
    public void Lease_IsGivenBackWhenThePairIsWholeAgain_BehindTheEndOfTheRightByIt()
    {
        var bench = WithArbiter();
        bench.Pass(4, gateway: true);
        Lease(bench, new StoreMark("one", 2, 5));
        Assert.NotNull(bench.State.ThirdParty.ArbiterUntil);
        AnswerLeases(bench);
        bench.Orders.Clear();
        bench.Hear();

        Assert.Equal(HaStatus.Paired, bench.Status);
        Assert.Null(bench.State.ThirdParty.ArbiterUntil);
        var given = bench.Orders.FindIndex(order => order is Command.Act { Action: HaAction.ReleaseLease });
        var recorded = bench.Orders.FindLastIndex(order => order is Command.RecordLease);
        var fed = bench.Orders.FindLastIndex(order => order is Command.FeedWatchdog);
        Assert.True(given > recorded && given > fed && recorded >= 0 && fed >= 0, "given back before the record and the watchdog ended");
        Assert.True(((Command.RecordLease)bench.Orders[recorded]).Until <= bench.Now + bench.Config.Timing.Lease);
        bench.Orders.Clear();
        bench.Pass(3, gateway: true, peer: true);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.ReleaseLease);
    }

    [Fact]
    public void Lease_IsNotGivenBackWhileAnAnswerIsUnderWay_NorOutOfATakeover()
    {
        var bench = WithArbiter();
        bench.Pass(4, gateway: true);
        bench.Hear();
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.ReleaseLease);
        Lease(bench, new StoreMark("one", 2, 5));
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.ReleaseLease);
        AnswerLeases(bench);
        Assert.Contains(bench.Actions, action => action is HaAction.ReleaseLease);

        var alone = WithArbiter();
        for (var second = 0; second < 12; second++)
        {
            alone.Pass(1, gateway: true);
            Lease(alone, new StoreMark("one", 2, 5));
            AnswerLeases(alone);
        }

        Assert.Equal(HaStatus.TakingOver, alone.Status);
        alone.Orders.Clear();
        alone.Hear(beat => beat with { Status = HaStatus.Fenced, RunningCount = 0, Running = [] });
        alone.Pass(1, gateway: true, peer: true, peerBeat: beat => beat with { Status = HaStatus.Fenced, RunningCount = 0, Running = [] });
        Assert.DoesNotContain(alone.Actions, action => action is HaAction.ReleaseLease);
    }

    [Fact]
    public void FenceOrder_LosesItsReasonWhenThePeerIsHeard_TheOperatorsDoesNot()
    {
        var bench = WithAgent();
        bench.Pass(6, gateway: true);
        var order = bench.Orders.OfType<Command.Act>().Last(act => act.Action is HaAction.FencePeer);
        Assert.Equal(Purpose.FencePeer, bench.State.Pending.Find(order.Id)?.Purpose);
        bench.Hear();
        Assert.Equal(Purpose.Nothing, bench.State.Pending.Find(order.Id)?.Purpose);

        bench.Post(new Observation.OperatorAsked(1, new OperatorRequest.FencePeer()));
        bench.Hear();
        order = bench.Orders.OfType<Command.Act>().Last(act => act.Action is HaAction.FencePeer);
        Assert.Equal(Purpose.SwitchPeerOff, bench.State.Pending.Find(order.Id)?.Purpose);
    }

    /// <summary>The lower host waits with its order and not with a question. A board that hangs with the answer delays no order.</summary>
    [Fact]
    public void LowerHost_ReadsAtOnce_OrdersAfterItsDelay_WhateverBecameOfTheReading()
    {
        var bench = AloneAsSlave();
        Assert.Equal([new HaAction.FencePeer(OnlyRead: true)], bench.Actions.OfType<HaAction.FencePeer>());

        var due = bench.State.Life.StatusSince + bench.Config.Policy.FenceDelay;
        bench.Pass((due - bench.Now).TotalSeconds - 0.1, gateway: true);
        Assert.Single(bench.Actions.OfType<HaAction.FencePeer>());
        bench.Pass(0.1, gateway: true);
        Assert.Equal(new HaAction.FencePeer(), bench.Actions.OfType<HaAction.FencePeer>().Last());
    }

    /// <summary>A host that loses its power a moment later is read as off a moment later.</summary>
    [Fact]
    public void LowerHost_ReadsAgainEverySecond_UntilItOrders_AndIsOrderedAtThatMoment()
    {
        var bench = AloneAsSlave();
        var due = bench.State.Life.StatusSince + bench.Config.Policy.FenceDelay;
        while (bench.Actions.Last(action => action is HaAction.FencePeer) is HaAction.FencePeer { OnlyRead: true })
        {
            if (bench.State.Pending.IdOf(Purpose.ReadPeerPower) is not 0 and var read)
            {
                bench.Post(new Observation.ActionFinished(read, ActionOutcome.Failed, HaAction.IsOn, "bmc-b reads: on"));
            }

            bench.Pass(0.1, gateway: true);
        }

        Assert.InRange(bench.Now - due, TimeSpan.Zero, TimeSpan.FromSeconds(0.1));
        Assert.InRange(bench.Actions.Count(action => action is HaAction.FencePeer { OnlyRead: true }), 4, 5);
        Assert.DoesNotContain(bench.Events, told => told.Id == HaEventId.ActionTrouble);
    }

    private static Bench AloneAsSlave()
    {
        var bench = new Bench(new PolicyConfig { UsesFenceAgent = true }).Start(Bench.Enabled() with { Master = Bench.HostB });
        bench.Lists(Bench.Web);
        bench.Toolstack(PoolRole.Slave);
        bench.Gateway();
        for (var i = 0; i < 12; i++)
        {
            bench.Pass(0.5, gateway: true, peer: true, peerBeat: AsMaster);
        }

        Assert.Equal(HaStatus.Paired, bench.Status);
        bench.Orders.Clear();
        while (bench.Status == HaStatus.Paired)
        {
            bench.Pass(0.1, gateway: true);
        }

        Assert.Equal(HaStatus.Suspecting, bench.Status);
        return bench;
    }

    private static Heartbeat AsMaster(Heartbeat beat) => beat with { Master = Bench.HostB, Flags = beat.Flags | HeartbeatFlags.IsMaster };

    private static void AnswerLeases(Bench bench)
    {
        foreach (var open in bench.State.Pending.Open.Where(open => open.Purpose == Purpose.AcquireLease))
        {
            bench.Finish(open.Id);
        }
    }

    private static void Lease(Bench bench, StoreMark mark) =>
        bench.Post(new Observation.ArbiterObserved(bench.Now + TimeSpan.FromSeconds(8), "held") { Store = mark });
}
