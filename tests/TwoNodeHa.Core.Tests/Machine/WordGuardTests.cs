using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Tests.Machine;

/// <summary>Words that arrive late, twice, of another number, or one way. Each is the test of a mutant of sim/mutants/mutants.yaml.</summary>
public sealed class WordGuardTests
{
    private const HeartbeatFlags Enabled = HeartbeatFlags.Enabled;

    private static Heartbeat InMaintenance(Heartbeat beat) =>
        beat with { Status = HaStatus.Maintenance, Promise = 3, RunningCount = 0, Running = [] };

    /// <summary>Web runs here, the gateway answers, the peer was not heard yet.</summary>
    private static Bench Running(DurableState durable)
    {
        var bench = new Bench().Start(durable);
        bench.Lists(Bench.Web);
        bench.Toolstack();
        bench.Gateway();
        return bench;
    }

    [Fact]
    public void PromiseThatWasReadmitted_CountsNoMore()
    {
        var bench = Running(Bench.Enabled() with { Readmitted = 3 });
        bench.Hear(InMaintenance);
        Assert.Equal(0, bench.State.Durable.PeerPromise);
    }

    [Fact]
    public void PauseBeforeTheNewestOne_CountsNoMore()
    {
        var bench = Running(Bench.Enabled() with { PeerDisarmAck = 6 });
        bench.Hear(beat => beat with { Disarm = 5 });
        Assert.Equal(0, bench.State.Durable.PeerDisarm);
        bench.Hear(beat => beat with { Disarm = 7 });
        Assert.Equal(7, bench.State.Durable.PeerDisarm);
    }

    [Fact]
    public void PauseOfThePeer_EndsWhenItIsHeardBound()
    {
        var bench = Running(Bench.Enabled() with { PeerDisarm = 5, PeerDisarmAck = 5 });
        bench.Hear();
        bench.Hear(beat => beat with { Flags = beat.Flags & ~HeartbeatFlags.Armed });
        bench.Hear(beat => beat with { Disarm = 6, Flags = beat.Flags & ~HeartbeatFlags.Armed });
        bench.Hear(beat => beat with { Flags = beat.Flags & ~HeartbeatFlags.Armed });
        Assert.Equal(6, bench.State.Durable.PeerDisarm);
        bench.Hear();
        Assert.Equal(0, bench.State.Durable.PeerDisarm);
    }

    [Fact]
    public void Pause_IsAcknowledgedByAMirrorOfThisVeryPause()
    {
        var bench = Bench.Paired();
        bench.Post(new Observation.StopRequested());
        var pause = bench.LastBeat.Disarm;
        bench.Hear(beat => beat with { DisarmAck = pause, Mirror = new Mirror { Pause = pause - 1 } });
        Assert.DoesNotContain(bench.Orders, order => order is Command.Exit);
        bench.Hear(beat => beat with { DisarmAck = pause, Mirror = new Mirror { Pause = pause } });
        Assert.Contains(bench.Orders, order => order is Command.Exit);
    }

    /// <summary>The right of a pause is one without end: a daemon that stays has no use for the word of the one before.</summary>
    [Fact]
    public void PauseOfTheFormerDaemon_IsNotAcknowledgedAfterwards()
    {
        var bench = Running(Bench.Enabled() with { Disarm = 4 });
        bench.Hear(beat => beat with { Status = HaStatus.Joining, RunningCount = 0, Running = [], DisarmAck = 4 });
        Assert.False(bench.State.Durable.DisarmAcknowledged);
    }

    [Fact]
    public void DisablementForATime_IsAdoptedWhenItsEndIsSaid()
    {
        var bench = Bench.Paired();
        bench.Hear(beat => beat with { SwitchGeneration = 2, Flags = beat.Flags & ~Enabled, ReenableAtUnixMs = 90_000 });
        Assert.True(bench.State.Durable.Enabled);
        bench.Hear(beat => beat with { SwitchGeneration = 2, Flags = beat.Flags & ~Enabled, ReenableAtUnixMs = 90_000, ReenableInMs = 60_000 });
        Assert.False(bench.State.Durable.Enabled);
        Assert.Equal(bench.Now + TimeSpan.FromMinutes(1), bench.State.Life.ReenableAt);
    }

    [Fact]
    public void Bound_CountsInARoundTripOnly()
    {
        var bench = Running(Bench.Enabled() with { PeerBound = false });
        bench.Hear(beat => beat with { AckIncarnation = Incarnation.None, AckSentAt = null });
        Assert.False(bench.State.Durable.PeerBound);
        bench.Hear();
        bench.Hear();
        Assert.True(bench.State.Durable.PeerBound);
    }

    /// <summary>A peer in maintenance whose role file still says master could start VMs by itself.</summary>
    [Fact]
    public void PromiseOfAMaster_GivesNoLeave()
    {
        var bench = new Bench().Start(Bench.Enabled() with { PeerPromise = 3 });
        bench.Lists();
        bench.Toolstack();
        bench.Gateway();
        for (var i = 0; i < 3; i++)
        {
            bench.Hear(beat => InMaintenance(beat) with { Flags = beat.Flags | HeartbeatFlags.IsMaster });
        }

        Assert.Null(bench.State.Durable.Takeover);
        bench.Hear(InMaintenance);
        Assert.Equal(TakeoverRule.Promised, bench.State.Durable.Takeover?.Rule);
    }

    private static Heartbeat Attested(Heartbeat beat) => beat with { Status = HaStatus.Fenced, Attestation = 5, RunningCount = 0, Running = [] };

    [Fact]
    public void DaemonThatIsAboutToEnd_TakesNothingOver()
    {
        var bench = Bench.Paired();
        bench.Post(new Observation.StopRequested());
        bench.Hear(Attested);
        Assert.Null(bench.State.Durable.Takeover);
    }

    /// <summary>The time of a disablement is over on a host that is alone: its first right is waited for, for one lease.</summary>
    [Fact]
    public void Enabled_WhatRunsIsNotFencedBeforeTheFirstAnswer()
    {
        var bench = new Bench().Start(Bench.Enabled() with
        {
            Enabled = false, SwitchGeneration = 2, PeerEnabled = false, PeerSwitchGeneration = 2, ReenableAtUnixMs = 1000,
        });
        bench.Lists(Bench.Web);
        Assert.Equal(HaStatus.Disabled, bench.Status);
        bench.Post(new Observation.Ticked(2000));
        bench.Pass(1);
        Assert.True(bench.State.Durable.Enabled);
        Assert.Equal(HaStatus.Disabled, bench.Status);
        bench.Pass(1, gateway: true);
        Assert.Equal(HaStatus.Suspecting, bench.Status);
    }

    /// <summary>An order to kill the toolstack that is still under way would end the one that was just promoted.</summary>
    [Fact]
    public void Promotion_WaitsForTheOrderAboutTheOwnRole()
    {
        var bench = new Bench().Start(Bench.Enabled() with { Master = Bench.HostB });
        bench.Lists();
        bench.Toolstack();
        bench.Gateway();
        Heartbeat Declining(Heartbeat beat) => beat with { Status = HaStatus.Sole, Master = Bench.HostB, Declined = 1000 };
        bench.Hear(Declining);
        bench.Hear(Declining);
        Assert.Contains(bench.Actions, action => action is HaAction.KillToolstack);

        bench.Hear(beat => Attested(beat) with { Master = Bench.HostB, Declined = 1000 });
        bench.Pass(0.2, gateway: true);
        Assert.Equal(HaStatus.TakingOver, bench.Status);
        Assert.Equal(TakeoverStep.Intent, bench.State.Durable.Takeover?.Step);
        bench.Finish<HaAction.KillToolstack>();
        bench.Pass(0.2, gateway: true);
        Assert.NotEqual(TakeoverStep.Intent, bench.State.Durable.Takeover?.Step);
    }

    /// <summary>Its word is not used yet: the peer may be about to take over, and then the role is another one.</summary>
    [Fact]
    public void EmptyMaster_KeepsItsRoleUntilItsWordIsUsed()
    {
        var bench = new Bench().Start(Bench.Enabled() with { Master = Bench.HostB });
        bench.Lists();
        bench.Toolstack();
        bench.Gateway();
        Heartbeat Joining(Heartbeat beat) => beat with { Status = HaStatus.Joining, Master = Bench.HostB, RunningCount = 0, Running = [] };
        bench.Hear(Joining);
        bench.Hear(Joining);
        bench.Pass(1, gateway: true);
        Assert.Equal(HaStatus.Joining, bench.Status);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.KillToolstack);
    }

    /// <summary>Fenced by a daemon that died in it; the domain that is left is not a VM that runs by a right.</summary>
    [Fact]
    public void FenceThatTheDaemonDidNotSurvive_IsEndedByTheNextOne()
    {
        var bench = new Bench().Start(Bench.Enabled() with { FencePending = true, FenceReason = "the operator asked for it" });
        bench.Gateway();
        bench.Lists(Bench.Web);
        Assert.Equal(HaStatus.Fencing, bench.Status);
    }

    private static string Depart(Bench bench)
    {
        bench.Orders.Clear();
        bench.Post(new Observation.OperatorAsked(1, new OperatorRequest.Depart()));
        return Assert.Single(bench.Orders.OfType<Command.Reply>()).Answer.Text;
    }

    [Fact]
    public void Departing_VmsStopWhenThePeerHasHeardOfIt_AndTheHostStaysWhenItDoesNotGoDown()
    {
        var bench = Bench.Paired();
        Assert.Contains("telling", Depart(bench), StringComparison.Ordinal);
        bench.Pass(1, gateway: true);
        Assert.Contains("telling", Depart(bench), StringComparison.Ordinal);
        bench.Pass(1, gateway: true, peer: true);
        Assert.Contains("handing the mastership", Depart(bench), StringComparison.Ordinal);

        bench.Pass(890, gateway: true, peer: true);
        Assert.Equal(HaStatus.Departing, bench.Status);
        bench.Pass(20, gateway: true, peer: true);
        Assert.NotEqual(HaStatus.Departing, bench.Status);
    }

    /// <summary>Its toolstack has to live until the other one is master.</summary>
    [Fact]
    public void DepartingMaster_FencesWhenThePeerHasTheMastership()
    {
        var bench = Bench.Paired();
        Depart(bench);
        bench.Pass(1, gateway: true, peer: true);
        bench.Lists();
        bench.Pass(8, gateway: true, peer: true);
        Assert.Equal(HaStatus.Departing, bench.Status);

        bench.Orders.Clear();
        bench.Finish(bench.State.Pending.IdOf(Purpose.HandOver));
        bench.Pass(1, gateway: true, peer: true, peerBeat: beat => beat with { Flags = beat.Flags | HeartbeatFlags.IsMaster });
        Assert.Equal(HaStatus.Fencing, bench.Status);
    }

    /// <summary>What an old list showed may have changed: whoever has no right to run and cannot look fences.</summary>
    [Fact]
    public void OldListOfAnEmptyHost_SaysNothing()
    {
        var bench = new Bench().Start();
        bench.Lists();
        bench.Pass(1);
        bench.ListAnswers = false;
        bench.Hear();
        Assert.NotEqual(0, bench.LastBeat.Attestation);
        bench.Pass(7);
        Assert.Equal(0, bench.LastBeat.Attestation);
        Assert.Equal(HaStatus.Joining, bench.Status);
        bench.Pass(10);
        Assert.Equal(HaStatus.Fencing, bench.Status);
    }
}
