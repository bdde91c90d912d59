using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Tests.Machine;

public sealed class LeaveTests
{
    private static Heartbeat Attest(Heartbeat beat) => beat with
    {
        Status = HaStatus.Fenced,
        Attestation = 5,
        Running = [],
        RunningCount = 0,
        Flags = HeartbeatFlags.Near | HeartbeatFlags.Enabled,
    };

    [Fact]
    public void T2_PeerSilentForTheWholeDelay_TakesOverNotEarlier()
    {
        var bench = Bench.Paired();
        var silent = bench.State.Peer.LastFresh!.Value;
        bench.Pass(9, gateway: true);
        Assert.Equal(HaStatus.Suspecting, bench.Status);
        bench.Pass(2, gateway: true);
        Assert.Equal(HaStatus.TakingOver, bench.Status);
        Assert.True(bench.State.Life.StatusSince - silent >= bench.Config.Timing.TakeoverDelay);
    }

    [Fact]
    public void T2_GatewayInterrupted_CountsFromItsReturn()
    {
        var bench = Bench.Paired();
        bench.Pass(3, gateway: true);
        bench.Pass(5.2);
        bench.Pass(0.1, gateway: true);
        bench.Pass(9.5, gateway: true);
        Assert.NotEqual(HaStatus.TakingOver, bench.Status);
    }

    [Fact]
    public void T2_PeerNotBound_Holds()
    {
        var bench = Bench.Paired();
        bench.Hear(beat => beat with { Flags = beat.Flags & ~HeartbeatFlags.Armed });
        bench.Pass(15, gateway: true);
        Assert.Equal(HaStatus.Holding, bench.Status);
    }

    [Fact]
    public void T2_PeersKernelAnswers_HoldsUntilItIsQuiet()
    {
        var bench = Bench.Paired();
        for (var i = 0; i < 30; i++)
        {
            bench.Pass(0.5, gateway: true);
            bench.Post(new Observation.PeerAnswered("icmp", bench.Now));
        }

        Assert.Equal(HaStatus.Holding, bench.Status);
        bench.Pass(8, gateway: true);
        Assert.Equal(HaStatus.TakingOver, bench.Status);
    }

    [Fact]
    public void T2_PeerPaused_Holds()
    {
        var bench = Bench.Paired();
        bench.Hear(beat => beat with { Disarm = 7, Flags = beat.Flags & ~HeartbeatFlags.Armed });
        bench.Pass(15, gateway: true);
        Assert.Equal(HaStatus.Holding, bench.Status);
        Assert.Equal(7, bench.State.Disk.Confirmed.PeerDisarmAck);
    }

    [Fact]
    public void T1_FreshAttestationNearBothWays_TakesOverAtOnce()
    {
        var bench = Bench.Paired();
        bench.Hear(Attest);
        Assert.Equal(HaStatus.TakingOver, bench.Status);
        Assert.Equal(TakeoverRule.Attested, bench.State.Durable.Takeover!.Rule);
    }

    [Fact]
    public void T1_PeerDoesNotHearUs_IsRefused()
    {
        var bench = Bench.Paired();
        bench.Hear(beat => Attest(beat) with { Flags = HeartbeatFlags.Enabled });
        Assert.Equal(HaStatus.Paired, bench.Status);
    }

    [Fact]
    public void T1_OldAcknowledgement_IsRefused()
    {
        var bench = Bench.Paired();
        var old = bench.LastBeat.SentAt;
        bench.Pass(2.5, gateway: true, peer: true, peerBeat: beat => beat with { AckSentAt = old });
        bench.Hear(beat => Attest(beat) with { AckSentAt = old });
        Assert.Equal(HaStatus.Paired, bench.Status);
    }

    [Fact]
    public void T1_EverythingRunsHere_DeclinesInstead()
    {
        var bench = Bench.Paired();
        bench.Lists(Bench.Web, Bench.Db);
        bench.Pass(2.5, gateway: true, peer: true);
        bench.Hear(Attest);
        Assert.Equal(5, bench.State.Disk.Confirmed.Declined);
        Assert.NotEqual(HaStatus.TakingOver, bench.Status);
    }

    [Fact]
    public void T5_PeerHeard_IsRefusedWithReason()
    {
        var bench = Bench.Paired();
        bench.Post(new Observation.OperatorAsked(9, new OperatorRequest.Takeover()));
        var reply = Assert.Single(bench.Orders.OfType<Command.Reply>()).Answer;
        Assert.False(reply.Accepted);
        Assert.Contains("is heard", reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void T3_PowerOffConfirmedAfterTheLastWord_TakesOverWhenItsKernelWasAskedOnceMore()
    {
        var bench = Bench.Paired();
        bench.Pass(6, gateway: true);
        bench.Post(new Observation.PeerPowerOff("ipmi", bench.Now));
        bench.Pass(0.6, gateway: true);
        Assert.Equal(TakeoverRule.PowerOff, bench.State.Durable.Takeover?.Rule);
    }

    [Fact]
    public void T4_ArbiterClass_SilenceAloneIsNotEnoughTheLeaseIs()
    {
        var bench = Bench.Paired(new PolicyConfig { UsesArbiter = true });
        bench.Pass(4, gateway: true);
        bench.Post(new Observation.ArbiterObserved(bench.Now + TimeSpan.FromSeconds(60), "held"));
        bench.Pass(3, gateway: true);
        Assert.Null(bench.State.Durable.Takeover);
        bench.Pass(4, gateway: true);
        Assert.Equal(TakeoverRule.Arbiter, bench.State.Durable.Takeover?.Rule);
    }

    [Fact]
    public void T4_ALeaseJustAcquired_LeavesItsFormerHolderTheTimeOfAFence()
    {
        var bench = Bench.Paired(new PolicyConfig { UsesArbiter = true });
        bench.Post(new Observation.ArbiterObserved(null, "the peer holds it"));
        bench.Pass(4, gateway: true);
        bench.Post(new Observation.ArbiterObserved(bench.Now + TimeSpan.FromSeconds(60), "held"));
        var held = bench.Now;
        while (bench.State.Durable.Takeover is null && bench.Now - held < TimeSpan.FromSeconds(30))
        {
            bench.Pass(0.5, gateway: true);
        }

        Assert.True(bench.Now - held >= TimeSpan.FromSeconds(4), "one fence of the former holder");
    }

    [Fact]
    public void T2_FenceAgent_SilenceAloneIsNotEnough()
    {
        var bench = Bench.Paired(new PolicyConfig { UsesFenceAgent = true });
        bench.Pass(30, gateway: true);
        Assert.Null(bench.State.Durable.Takeover);
    }

    [Fact]
    public void R2_ArbiterClass_TheGatewayIsNoRight()
    {
        var bench = Bench.Paired(new PolicyConfig { UsesArbiter = true });
        bench.Pass(6, gateway: true);
        Assert.Equal(HaStatus.Fencing, bench.Status);
        Assert.Contains(bench.Actions, action => action is HaAction.AcquireLease);
    }

    [Fact]
    public void T3_FenceAgent_IsAskedWhenThePeerIsSilent()
    {
        var bench = Bench.Paired(new PolicyConfig { UsesFenceAgent = true });
        bench.Pass(7, gateway: true);
        Assert.Contains(bench.Actions, action => action is HaAction.FencePeer);
    }

    [Fact]
    public void DiskFails_NoTakeover()
    {
        var bench = Bench.Paired();
        bench.DiskWorks = false;
        bench.Pass(15, gateway: true);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.PromoteToMaster or HaAction.StartVm);
    }

    [Fact]
    public void LoneStartHold_ColdStart_HoldsAndAsks()
    {
        var bench = new Bench(new PolicyConfig { LoneStart = LoneStart.Hold }).Start();
        bench.Lists();
        bench.Pass(30, gateway: true);
        Assert.Equal(HaStatus.Joining, bench.Status);
        Assert.Contains(bench.Events, entry => entry.Id == HaEventId.TakeoverRefused);
    }

    [Fact]
    public void LoneStartTakeover_ColdStart_TakesOver()
    {
        var bench = new Bench().Start();
        bench.Lists();
        bench.Toolstack();
        bench.Pass(11, gateway: true);
        Assert.Equal(HaStatus.TakingOver, bench.Status);
    }

    [Fact]
    public void Replay_OfAnOlderIncarnation_ProvesNothing()
    {
        var bench = Bench.Paired();
        var heard = bench.State.Peer.LastHeard;
        bench.Pass(0.3, gateway: true);
        bench.Hear(beat => Attest(beat) with { Incarnation = new Incarnation(6, 66) });
        Assert.Equal(heard, bench.State.Peer.LastHeard);
        Assert.Equal(HaStatus.Paired, bench.Status);
    }

    [Fact]
    public void Replay_OfTheNewestHeartbeat_SaysNothingOfItsLink()
    {
        var bench = Bench.Paired();
        var newest = bench.Said();
        bench.Post(newest);
        var heard = bench.State.Peer.LinkHeard[0];
        Assert.Equal(bench.Now, heard);
        bench.Pass(0.3, gateway: true);
        bench.Post(newest);
        Assert.Equal(heard, bench.State.Peer.LinkHeard[0]);
        bench.Hear();
        Assert.Equal(bench.Now, bench.State.Peer.LinkHeard[0]);
    }

    [Fact]
    public void SignOfLife_StandsAgainstTheOperatorsWordForAsLongAsAgainstSilence()
    {
        var bench = Bench.Paired();
        var listened = bench.Now + bench.Config.Timing.Lease + bench.Config.Rules.SignOfLifeHold;
        while (bench.Now <= listened)
        {
            bench.Pass(0.5, gateway: true);
            bench.Post(new Observation.PeerAnswered("icmp", bench.Now));
        }

        bench.Pass((bench.Config.Timing.QuietWindow + bench.Config.Rules.SignOfLifeHold).TotalSeconds / 2, gateway: true);
        Assert.True(bench.Config.Timing.QuietWindow < bench.Config.Rules.SignOfLifeHold);
        bench.Post(new Observation.OperatorAsked(9, new OperatorRequest.Takeover { PeerIsDead = true }));
        Assert.Contains("answered", bench.Orders.OfType<Command.Reply>().Last().Answer.Text, StringComparison.Ordinal);
        Assert.NotEqual(HaStatus.TakingOver, bench.Status);
    }

    [Fact]
    public void The_fence_agent_is_asked_of_a_silent_peer_and_not_of_one_that_is_heard()
    {
        var bench = Bench.Paired(new PolicyConfig { UsesFenceAgent = true });
        bench.Pass(8, gateway: true);
        Assert.Equal(HaStatus.Suspecting, bench.Status);
        Assert.Contains(bench.Actions, action => action is HaAction.FencePeer);

        // Heard again, but it acknowledges nothing yet: a round trip takes a moment, and the agent would strike a living host.
        bench.Orders.Clear();
        bench.Pass(3, gateway: true, peer: true, peerBeat: beat => beat with { AckSentAt = null });
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.FencePeer);
    }
}
