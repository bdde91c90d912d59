using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Tests.Machine;

/// <summary>
/// Situations in which one guard alone stands between the pool and harm. Most are too rare for a scenario: a second guard covers
/// them but for a moment. Each is the test of a mutant of sim/mutants/mutants.yaml.
/// </summary>
public sealed class GuardTests
{
    private static Heartbeat Empty(Heartbeat beat) => beat with { RunningCount = 0, Running = [] };

    private static Heartbeat Attested(Heartbeat beat) => Empty(beat) with { Status = HaStatus.Fenced, Attestation = 5 };

    private static DatabaseFacts Database(VmPowerState db) => new()
    {
        NativeHaEnabled = false,
        Master = Bench.HostA,
        Hosts = [Bench.HostA, Bench.HostB],
        EnabledHosts = [Bench.HostA],
        FreeMemoryBytes = 1L << 40,
        Vms =
        [
            new VmFact { Uuid = Bench.Web, Name = "web", PowerState = VmPowerState.Running, ResidentOn = Bench.HostA, Memory = VmMemory.Of(1 << 30) },
            new VmFact
            {
                Uuid = Bench.Db, Name = "db", PowerState = db, Memory = VmMemory.Of(1 << 30),
                ResidentOn = db == VmPowerState.Running ? Bench.HostB : Guid.Empty,
            },
        ],
    };

    private static int Starts(Bench bench) => bench.Actions.Count(action => action is HaAction.StartVm { } start && start.Vm == Bench.Db);

    /// <summary>A survivor that has given its first start of db.</summary>
    private static Bench Starting()
    {
        var bench = Bench.Paired();
        bench.Pass(10.5, gateway: true);
        bench.Finish<HaAction.BlockPeerToolstack>();
        for (var i = 0; i < 20 && Starts(bench) == 0; i++)
        {
            bench.Pass(0.3, gateway: true);
            bench.Toolstack(database: Database(VmPowerState.Halted));
            if (bench.State.Pending.IdOf(Purpose.TakeoverStep) is not 0 and var step)
            {
                bench.Finish(step);
            }
        }

        Assert.Equal(1, Starts(bench));
        return bench;
    }

    /// <summary>
    /// A second order would wait in the board and cut a host that was switched on meanwhile.
    /// </summary>
    [Fact]
    public void FenceAgent_IsGivenOneOrderAtATime()
    {
        var bench = Bench.Paired(new PolicyConfig { UsesFenceAgent = true });
        bench.Pass(12, gateway: true);
        Assert.Single(bench.Actions.OfType<HaAction.FencePeer>());
    }

    /// <summary>The disk took its time. Whatever gave the permit is from before the peer was back.</summary>
    [Fact]
    public void TakeoverThatDidNothingYet_IsGivenUpWhenThePeerIsBack()
    {
        var bench = Bench.Paired();
        bench.Pass(9.5, gateway: true);
        bench.DiskWorks = false;
        bench.Pass(1, gateway: true);
        Assert.Equal(HaStatus.TakingOver, bench.Status);

        bench.Hear(Empty);
        Assert.Null(bench.State.Durable.Takeover);
        Assert.Contains(bench.Events, told => told.Id == HaEventId.TakeoverAbandoned);
    }

    /// <summary>Once declined, the peer is free of its word and may start VMs while it still repeats it.</summary>
    [Fact]
    public void DeclinedAttestation_GivesNoLeaveAnyMore()
    {
        var bench = new Bench().Start(Bench.Enabled() with { Vms = [Bench.Enabled().Vms[0]] });
        bench.Lists(Bench.Web);
        bench.Toolstack();
        bench.Gateway();
        bench.Hear(Empty);
        bench.Hear(Empty);
        bench.Pass(3, gateway: true, peer: true, peerBeat: Empty);
        Assert.Equal(HaStatus.Paired, bench.Status);
        bench.Hear(Attested);
        Assert.Equal(5, bench.State.Durable.Declined);

        bench.Lists();
        bench.Pass(6, gateway: true, peer: true, peerBeat: Attested);
        Assert.False(new View(bench.Config, bench.State, bench.Now).RunsHere(Bench.Web));
        Assert.Null(bench.State.Durable.Takeover);
    }

    /// <summary>Of two masters of one epoch the one of the host that runs counts, also where its uuid is the lower one.</summary>
    [Fact]
    public void EmptyHost_JoinsUnderTheMasterOfTheOneThatRuns()
    {
        var bench = new Bench().Start(Bench.Enabled() with { Master = Bench.HostB });
        bench.Lists();
        bench.Toolstack(PoolRole.Slave);
        bench.Gateway();
        bench.Hear();
        bench.Hear();
        Assert.Equal(Bench.HostA, bench.State.Durable.Master);
    }

    /// <summary>
    /// The gateway is gone for both, and the peer's word that it has it is from before it could have noticed.
    /// </summary>
    [Fact]
    public void Yield_WaitsForAWordThatIsNewerThanTheLoss()
    {
        var bench = Bench.Paired();
        bench.Pass(5, gateway: true, peer: true);
        bench.Pass(3.5, peer: true);
        bench.Pass(1.3);
        var view = new View(bench.Config, bench.State, bench.Now);
        Assert.True(view.PeerNear && view.State.Gateway.Unanswered >= Deadlines.YieldRounds);
        Assert.Equal(HaStatus.Paired, bench.Status);

        bench.Pass(0.6, peer: true);
        Assert.Equal(HaStatus.Fencing, bench.Status);
    }

    /// <summary>Nothing changes meanwhile: only the rest ends.</summary>
    [Fact]
    public void StartThatWasGivenUp_IsTriedAgainAfterItsRest()
    {
        var bench = Starting();
        for (var i = 0; i < 8 && bench.Status == HaStatus.TakingOver; i++)
        {
            bench.Finish<HaAction.StartVm>(ActionOutcome.Failed, "SR_BACKEND_FAILURE_47");
            bench.Pass(35, gateway: true);
        }

        Assert.Equal(HaStatus.Sole, bench.Status);
        var before = Starts(bench);
        bench.Toolstack(database: Database(VmPowerState.Halted));
        bench.Pass(150, gateway: true);
        Assert.Equal(before + 1, Starts(bench));
    }

    /// <summary>It may have been executed, and the database that shows the VM halted may be from before.</summary>
    [Fact]
    public void StartWithoutAnAnswer_IsLookedForBeforeTheNext()
    {
        var bench = Starting();
        bench.Finish<HaAction.StartVm>(ActionOutcome.Unknown, "DEADLINE");
        bench.Pass(40, gateway: true);
        Assert.Equal(1, Starts(bench));

        bench.Toolstack(database: Database(VmPowerState.Halted));
        bench.Pass(5, gateway: true);
        Assert.Equal(2, Starts(bench));
    }

    /// <summary>The state went back to an older copy: a number that is given out twice would be taken for the first of its kind.</summary>
    [Fact]
    public void NumbersThatThePeerHasSeen_AreNotGivenOutTwice()
    {
        var bench = Bench.Paired();
        bench.Hear(beat => beat with { Readmitted = 8, Mirror = new Mirror { Attestation = 9, LowestIncarnation = 1 } });
        Assert.Equal((9, 8), (bench.State.Durable.Attestation, bench.State.Durable.Promise));

        bench.Hear(beat => beat with { Readmitted = 8, Mirror = new Mirror { Promise = 11, LowestIncarnation = 1 } });
        Assert.Equal(11, bench.State.Durable.Promise);
    }
}
