using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Tests.Machine;

public sealed class TakeoverTests
{
    private static DatabaseFacts Database(VmPowerState db = VmPowerState.Running, long free = 1L << 40) => new()
    {
        NativeHaEnabled = false,
        Master = Bench.HostA,
        Hosts = [Bench.HostA, Bench.HostB],
        EnabledHosts = [Bench.HostA],
        FreeMemoryBytes = free,
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

    /// <summary>The master a, silent peer, at the moment the takeover is decided.</summary>
    private static Bench Begun()
    {
        var bench = Bench.Paired();
        bench.Pass(10.5, gateway: true);
        Assert.Equal(HaStatus.TakingOver, bench.Status);
        return bench;
    }

    private static Bench AtStartVms()
    {
        var bench = Begun();
        bench.Finish<HaAction.BlockPeerToolstack>();
        bench.Pass(0.3, gateway: true);
        bench.Toolstack(database: Database());
        bench.Pass(0.3, gateway: true);
        bench.Toolstack(database: Database());
        bench.Finish<HaAction.ResetPowerState>();
        bench.Pass(0.3, gateway: true);
        bench.Toolstack(database: Database(VmPowerState.Halted));
        bench.Pass(0.3, gateway: true);
        bench.Finish<HaAction.ReleaseStorageLocks>();
        return bench;
    }

    /// <summary>How often a toolstack is restarted that does not open its socket.</summary>
    private static int RestartsWithin(TimeSpan time, bool alive)
    {
        var bench = Begun();
        bench.Finish<HaAction.BlockPeerToolstack>();
        var end = bench.Now + time;
        while (bench.Now < end)
        {
            bench.Pass(1, gateway: true);
            if (bench.State.Pending.IdOf(Purpose.ReadToolstack) is not 0 and var id)
            {
                var facts = new ToolstackFacts { Running = false, Answers = false, RoleFile = PoolRole.Master, ProcessAlive = alive };
                bench.Post(new Observation.ToolstackObserved(id, facts));
            }

            if (bench.State.Pending.IdOf(Purpose.TakeoverStep) is not 0 and var order)
            {
                bench.Finish(order);
            }
        }

        return bench.Actions.Count(action => action is HaAction.RestartToolstack);
    }

    [Fact]
    public void Master_ResetsOnlyWhatThePeerHeld_ThenStartsIt()
    {
        var bench = AtStartVms();
        Assert.All(bench.Actions.OfType<HaAction.ResetPowerState>(), reset => Assert.Equal(Bench.Db, reset.Vm));
        Assert.Contains(bench.Actions, action => action is HaAction.StartVm start && start.Vm == Bench.Db);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.PromoteToMaster);
    }

    [Fact]
    public void PeersToolstackAnswersXapi_AbandonsAndHolds_NoLockIsReleased()
    {
        var bench = Begun();
        bench.Finish<HaAction.BlockPeerToolstack>();
        bench.Pass(0.3, gateway: true);
        bench.Toolstack(database: Database());
        bench.Pass(0.3, gateway: true);
        bench.Toolstack(database: Database());
        bench.Finish<HaAction.ResetPowerState>(ActionOutcome.Failed, "HOST_IS_LIVE");

        Assert.Null(bench.State.Durable.Takeover);
        bench.Pass(60, gateway: true);
        Assert.Equal(HaStatus.Holding, bench.Status);
        Assert.Single(bench.Actions.OfType<HaAction.ResetPowerState>());
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.ReleaseStorageLocks or HaAction.StartVm);
        Assert.Contains(bench.Events, told => told.Sentence.Contains("HOST_IS_LIVE", StringComparison.Ordinal) && told.Id == HaEventId.TakeoverRefused);

        // Heard again, and silent again: that is another silence.
        bench.Hear();
        bench.Pass(12, gateway: true);
        Assert.NotNull(bench.State.Durable.Takeover);
    }

    [Fact]
    public void Intent_IsDurableBeforeAnythingIsDone()
    {
        var bench = Bench.Paired();
        bench.Pass(9.5, gateway: true);
        bench.DiskWorks = false;
        bench.Pass(1.5, gateway: true);
        Assert.Equal(HaStatus.TakingOver, bench.Status);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.BlockPeerToolstack { Block: true } or HaAction.ResetPowerState);
    }

    [Fact]
    public void Start_TooLittleMemory_IsSaidAndNotTried()
    {
        var bench = Begun();
        bench.Finish<HaAction.BlockPeerToolstack>();
        bench.Pass(0.3, gateway: true);
        bench.Toolstack(database: Database(VmPowerState.Halted, free: 1 << 20));
        bench.Pass(0.3, gateway: true);
        bench.Toolstack(database: Database(VmPowerState.Halted, free: 1 << 20));
        bench.Finish<HaAction.ReleaseStorageLocks>();
        bench.Pass(0.5, gateway: true);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.StartVm);
        Assert.Contains(bench.Events, entry => entry.Id == HaEventId.VmGivenUp && entry.Sentence.Contains("db", StringComparison.Ordinal));
        Assert.Equal(HaStatus.Sole, bench.Status);
        bench.Pass(30, gateway: true);
        Assert.Single(bench.Events, entry => entry.Id == HaEventId.TakeoverDecided);

        // Nobody waits for the rest to end when there is memory.
        bench.Toolstack(database: Database(VmPowerState.Halted, free: 64L << 30));
        bench.Pass(3, gateway: true);
        Assert.Contains(bench.Actions, action => action is HaAction.StartVm start && start.Vm == Bench.Db);
    }

    [Fact]
    public void ToolstackThatStarts_IsLeftAlone_AndOneThatIsDeadIsRestartedMoreAndMoreSeldom()
    {
        Assert.Equal(0, RestartsWithin(TimeSpan.FromMinutes(29), alive: true));
        Assert.Equal(1, RestartsWithin(TimeSpan.FromMinutes(11), alive: false));
        Assert.Equal(2, RestartsWithin(TimeSpan.FromMinutes(13), alive: false));
    }

    [Fact]
    public void Start_Fails_IsTriedAgainAndThenGivenUp()
    {
        var bench = AtStartVms();
        for (var i = 0; i < 8 && bench.Status == HaStatus.TakingOver; i++)
        {
            bench.Finish<HaAction.StartVm>(ActionOutcome.Failed, "SR_BACKEND_FAILURE_46");
            bench.Pass(35, gateway: true);
        }

        Assert.Equal(bench.Config.Policy.StartAttempts, bench.Actions.Count(action => action is HaAction.StartVm));
        Assert.Equal(HaStatus.Sole, bench.Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void BlockedOrUnreadable_CostsItselfOnly(bool blocked)
    {
        var mail = Guid.Parse("30000000-0000-4000-8000-000000000003");
        var bench = Bench.Paired();
        bench.Post(new Observation.DatabaseObserved(Database() with
        {
            Vms = [.. Database().Vms, new VmFact { Uuid = mail, Name = "mail", PowerState = VmPowerState.Running, ResidentOn = Bench.HostB }],
        }));
        bench.Pass(10.5, gateway: true);
        bench.Finish<HaAction.BlockPeerToolstack>();
        var facts = Database(VmPowerState.Halted);
        var other = new VmFact { Uuid = mail, Name = "mail", PowerState = VmPowerState.Halted };
        facts = facts with
        {
            Vms = blocked ? [facts.Vms[0], facts.Vms[1] with { Blocked = ImmutableSortedDictionary<string, string>.Empty.Add("start", "being moved") }, other] : [facts.Vms[0], other],
            Unreadable = blocked ? [] : [new UnreadableFact("VM", Bench.Db, "db", "order: a 64-bit integer expected")],
        };
        for (var i = 0; i < 20 && bench.Status == HaStatus.TakingOver; i++)
        {
            bench.Pass(0.5, gateway: true);
            bench.Toolstack(database: facts);
            FinishIfOrdered<HaAction.ReleaseStorageLocks>(bench);
            FinishIfOrdered<HaAction.RecoverSlaves>(bench);
            if (bench.Actions.Any(action => action is HaAction.StartVm start && start.Vm == mail))
            {
                bench.Lists(Bench.Web, mail);
            }
        }

        Assert.DoesNotContain(bench.Actions, action => action is HaAction.StartVm start && start.Vm == Bench.Db);
        Assert.Contains(bench.Events, entry => entry.Id == HaEventId.VmGivenUp
            && entry.Sentence.Contains(blocked ? "being moved" : "64-bit", StringComparison.Ordinal));
        Assert.Equal(HaStatus.Sole, bench.Status);
        Assert.Contains(bench.State.Durable.Vms, vm => vm.Uuid == Bench.Db);
        Assert.Contains(bench.Actions, action => action is HaAction.StartVm start && start.Vm == mail);
    }

    private static void FinishIfOrdered<T>(Bench bench)
        where T : HaAction
    {
        if (bench.Actions.Any(action => action is T))
        {
            bench.Finish<T>();
        }
    }

    [Fact]
    public void Unreadable_IsSaidOnce_ShownAndNotForgotten()
    {
        var bench = Bench.Paired();
        var odd = Database() with { Unreadable = [new UnreadableFact("VM", Bench.Db, "db", "order: odd")] };
        odd = odd with { Vms = [odd.Vms[0]] };
        bench.Post(new Observation.DatabaseObserved(odd));
        bench.Post(new Observation.DatabaseObserved(odd with { FreeMemoryBytes = 5 }));
        Assert.Single(bench.Events, entry => entry.Sentence.Contains("order: odd", StringComparison.Ordinal));
        Assert.Contains(bench.State.Durable.Vms, vm => vm is { Name: "db", Wanted: true, Protected: true });
        Assert.Contains(
            HaMachine.Status(bench.Config, bench.State, bench.Now).Warnings, text => text.StartsWith("VM db is not covered", StringComparison.Ordinal));

        bench.Post(new Observation.DatabaseObserved(Database()));
        Assert.Single(bench.Events, entry => entry.Sentence.Contains("is readable again", StringComparison.Ordinal));
        bench.Post(new Observation.DatabaseObserved(Database() with { Vms = [Database().Vms[0]] }));
        Assert.DoesNotContain(bench.State.Durable.Vms, vm => vm.Name == "db");
    }

    [Fact]
    public void PeerHeardRunningBeforeTheReset_Abandons()
    {
        var bench = Begun();
        bench.Hear();
        Assert.Null(bench.State.Durable.Takeover);
        Assert.Contains(bench.Events, entry => entry.Id == HaEventId.TakeoverAbandoned);
        Assert.NotEqual(HaStatus.TakingOver, bench.Status);
    }

    [Fact]
    public void Disabled_InTheMiddle_StartsNothingMore()
    {
        var bench = Begun();
        bench.Post(new Observation.OperatorAsked(1, new OperatorRequest.Disable(0, "stop it")));
        bench.Pass(5, gateway: true);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.StartVm);
    }

    [Fact]
    public void RestartedDaemon_ContinuesFromTheJournal()
    {
        var journal = new TakeoverJournal
        {
            Epoch = 4, Rule = TakeoverRule.Silence, Step = TakeoverStep.ReleaseLocks, WasMaster = true, PeerHeld = [Bench.Db],
        };
        var bench = new Bench().Start(Bench.Enabled() with { Epoch = 4, Takeover = journal });
        bench.Gateway();
        bench.Lists(Bench.Web);
        Assert.Equal(HaStatus.TakingOver, bench.Status);
        bench.Pass(0.2, gateway: true);

        // Back to the step that learns what the dead daemon knew of the toolstack; then the rest, again.
        bench.Toolstack(database: Database(VmPowerState.Halted));
        bench.Pass(0.4, gateway: true);
        bench.Toolstack(database: Database(VmPowerState.Halted));
        Assert.Contains(bench.Actions, action => action is HaAction.ReleaseStorageLocks);
    }

    [Fact]
    public void BothToolstacksDemotedEachOther_TheEpochsMasterTakesItsRoleBack()
    {
        var bench = Bench.Paired();
        bench.Pass(6, gateway: true, peer: true);
        bench.Toolstack(PoolRole.Slave, ready: false);
        bench.Pass(Deadlines.MasterLost.TotalSeconds - 1, gateway: true, peer: true);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.KillToolstack);
        bench.Pass(2, gateway: true, peer: true);
        Assert.Contains(bench.Actions, action => action is HaAction.KillToolstack);
        bench.Finish<HaAction.KillToolstack>();
        Assert.Contains(bench.Actions, action => action is HaAction.WriteRoleMaster);
    }

    [Fact]
    public void AMasterAppearsWhileTheToolstackIsStopped_TheRoleIsLeft()
    {
        var bench = Bench.Paired();
        bench.Pass(6, gateway: true, peer: true);
        bench.Toolstack(PoolRole.Slave, ready: false);
        bench.Pass(Deadlines.MasterLost.TotalSeconds + 1, gateway: true, peer: true);
        bench.Hear(beat => beat with { Flags = beat.Flags | HeartbeatFlags.IsMaster });
        bench.Finish<HaAction.KillToolstack>();
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.WriteRoleMaster);
        Assert.Contains(bench.Actions, action => action is HaAction.StartToolstack);
    }

    [Fact]
    public void Master_HasTheDatabaseCopiedWhenAVmChanged()
    {
        var bench = Bench.Paired();
        bench.Pass(0.2, gateway: true, peer: true);
        bench.Orders.Clear();
        bench.Pass(21, gateway: true, peer: true);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.SyncDatabase);
        bench.Post(new Observation.DatabaseObserved(Database(VmPowerState.Halted)));
        Assert.Contains(bench.Actions, action => action is HaAction.SyncDatabase);
    }

    [Fact]
    public void Slave_IsPromotedAndRestartedInsteadOfTheFuse()
    {
        var bench = new Bench().Start(Bench.Enabled() with { Master = Bench.HostB });
        bench.Lists(Bench.Web);
        bench.Toolstack(PoolRole.Slave);
        bench.Gateway();
        bench.Hear(beat => beat with { Master = Bench.HostB, Flags = beat.Flags | HeartbeatFlags.IsMaster });
        bench.Hear(beat => beat with { Master = Bench.HostB, Flags = beat.Flags | HeartbeatFlags.IsMaster });
        bench.Pass(11, gateway: true);
        bench.Finish<HaAction.BlockPeerToolstack>();
        Assert.Contains(bench.Actions, action => action is HaAction.PromoteToMaster);
        bench.Finish<HaAction.PromoteToMaster>();
        Assert.Contains(bench.Actions, action => action is HaAction.RestartToolstack);
    }
}
