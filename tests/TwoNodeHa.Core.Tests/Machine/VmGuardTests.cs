using System.Collections.Immutable;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Tests.Machine;

/// <summary>Starts, migrations, records and storage of VMs. Each is the test of a mutant of sim/mutants/mutants.yaml.</summary>
public sealed class VmGuardTests
{
    private static readonly Guid Mail = Guid.Parse("30000000-0000-4000-8000-000000000003");
    private static readonly Guid Pbd = Guid.Parse("40000000-0000-4000-8000-000000000004");

    private static VmFact Vm(Guid uuid, string name, Guid on, RestartPriority priority = RestartPriority.Restart) => new()
    {
        Uuid = uuid, Name = name, Memory = VmMemory.Of(1 << 30), Priority = priority,
        PowerState = on == Guid.Empty ? VmPowerState.Halted : VmPowerState.Running, ResidentOn = on,
    };

    private static DatabaseFacts Database(params VmFact[] vms) => new()
    {
        NativeHaEnabled = false,
        Master = Bench.HostA,
        Hosts = [Bench.HostA, Bench.HostB],
        EnabledHosts = [Bench.HostA, Bench.HostB],
        FreeMemoryBytes = 1L << 40,
        Vms = [.. vms.OrderBy(vm => vm.Uuid)],
    };

    private static Heartbeat Empty(Heartbeat beat) => beat with { RunningCount = 0, Running = [] };

    /// <summary>Time passes in a pair that reads this database whenever it asks for it.</summary>
    private static void Read(Bench bench, double seconds, DatabaseFacts facts, Func<Heartbeat, Heartbeat>? peer = null, bool ready = true)
    {
        for (var end = bench.Now + TimeSpan.FromSeconds(seconds); bench.Now < end;)
        {
            bench.Toolstack(database: facts, ready: ready);
            bench.Pass(0.5, gateway: true, peer: true, peerBeat: peer ?? Empty);
        }
    }

    private static IEnumerable<HaAction.StartVm> Starts(Bench bench, Guid vm) => bench.Actions.OfType<HaAction.StartVm>().Where(start => start.Vm == vm);

    /// <summary>A pair in which db, which ran on the peer, runs nowhere.</summary>
    private static Bench Orphaned(DatabaseFacts facts, PolicyConfig? policy = null)
    {
        var bench = Bench.Paired(policy);
        Read(bench, 15, facts);
        return bench;
    }

    private static Bench Survivor(DatabaseFacts facts)
    {
        var bench = Bench.Paired();
        bench.Pass(10.5, gateway: true);
        bench.Finish<HaAction.BlockPeerToolstack>();
        for (var i = 0; i < 20 && !Starts(bench, Bench.Db).Any(); i++)
        {
            bench.Pass(0.3, gateway: true);
            bench.Toolstack(database: facts);
            if (bench.State.Pending.IdOf(Purpose.TakeoverStep) is not 0 and var step)
            {
                bench.Finish(step);
            }
        }

        Assert.Single(Starts(bench, Bench.Db));
        return bench;
    }

    [Fact]
    public void Start_FailsHere_IsTriedOnTheOtherHost()
    {
        var facts = Database(Vm(Bench.Web, "web", Bench.HostA), Vm(Bench.Db, "db", Guid.Empty));
        var bench = Orphaned(facts);
        Assert.Equal(Bench.HostA, Assert.Single(Starts(bench, Bench.Db)).Host);
        bench.Finish<HaAction.StartVm>(ActionOutcome.Failed, "SR_BACKEND_FAILURE_47");
        Read(bench, 5, facts);
        Assert.Equal(Bench.HostB, Starts(bench, Bench.Db).Last().Host);
    }

    /// <summary>Neither fits here; what the other host has free is not known.</summary>
    [Fact]
    public void WeakerVm_WaitsForTheStrongerOne()
    {
        var facts = Database(
            Vm(Bench.Web, "web", Bench.HostA), Vm(Bench.Db, "db", Guid.Empty), Vm(Mail, "mail", Bench.HostB, RestartPriority.BestEffort)) with { FreeMemoryBytes = 1 << 20 };
        var bench = Bench.Paired();
        Read(bench, 2, facts, peer: beat => beat with { RunningCount = 1, Running = [VmShortId.Of(Mail)] });
        facts = facts with { Vms = [facts.Vms[0], facts.Vms[1], facts.Vms[2] with { PowerState = VmPowerState.Halted, ResidentOn = Guid.Empty }] };

        Read(bench, 20, facts);
        Assert.Equal(Bench.HostB, Assert.Single(Starts(bench, Bench.Db)).Host);
        bench.Finish<HaAction.StartVm>(ActionOutcome.Failed, "SR_BACKEND_FAILURE_47");
        Read(bench, 20, facts);
        Assert.Empty(Starts(bench, Mail));
    }

    [Fact]
    public void Start_RefusedForGood_IsNotTriedAgainAtOnce()
    {
        var bench = Survivor(Database(Vm(Bench.Web, "web", Bench.HostA), Vm(Bench.Db, "db", Guid.Empty)));
        bench.Finish<HaAction.StartVm>(ActionOutcome.Failed, "OPERATION_BLOCKED");
        bench.Pass(10, gateway: true);
        Assert.Single(Starts(bench, Bench.Db));
    }

    [Fact]
    public void Start_MeetsALockOfTheDeadHost_ReleasesAgain()
    {
        var bench = Survivor(Database(Vm(Bench.Web, "web", Bench.HostA), Vm(Bench.Db, "db", Guid.Empty)));
        bench.Orders.RemoveAll(order => order is Command.Act { Action: HaAction.ReleaseStorageLocks });
        bench.Finish<HaAction.StartVm>(ActionOutcome.Failed, "SR_BACKEND_FAILURE_46");
        Assert.Single(bench.Actions.OfType<HaAction.ReleaseStorageLocks>());
    }

    /// <summary>The database of a promoted slave is old, and shows on the peer what the peer, heard again, really runs.</summary>
    [Fact]
    public void PowerState_OfAVmThatThePeerRuns_IsNotReset()
    {
        var bench = Survivor(Database(Vm(Bench.Web, "web", Bench.HostA), Vm(Bench.Db, "db", Guid.Empty)));
        bench.Hear();
        for (var i = 0; i < 10; i++)
        {
            bench.Pass(0.5, gateway: true, peer: true);
            bench.Toolstack(database: Database(Vm(Bench.Web, "web", Bench.HostA), Vm(Bench.Db, "db", Bench.HostB)));
        }

        Assert.DoesNotContain(bench.Actions, action => action is HaAction.ResetPowerState);
    }

    [Fact]
    public void VmThatTheDatabaseAloneShows_MakesTheToolstackCompare()
    {
        var facts = Database(Vm(Bench.Web, "web", Bench.HostA), Vm(Bench.Db, "db", Bench.HostB));
        var bench = Bench.Paired();
        bench.Lists();
        Read(bench, 80, facts, peer: beat => beat);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.RestartToolstack);
        Read(bench, 20, facts, peer: beat => beat);
        Assert.Single(bench.Actions.OfType<HaAction.RestartToolstack>());
    }

    [Fact]
    public void Records_SurviveAnEmptyDatabaseACheckpointAndATakeover()
    {
        var bench = Bench.Paired();
        bench.Post(new Observation.DatabaseObserved(Database() with { Hosts = [], EnabledHosts = [] }));
        Assert.Equal(2, bench.State.Durable.Vms.Length);

        var suspended = Vm(Bench.Web, "web", Bench.HostA) with { PowerState = VmPowerState.Suspended };
        bench.Post(new Observation.DatabaseObserved(Database(suspended, Vm(Bench.Db, "db", Bench.HostB))));
        Assert.Contains(bench.State.Durable.Vms, vm => vm is { Name: "web", Wanted: true });

        bench.Pass(10.5, gateway: true);
        Assert.Equal(HaStatus.TakingOver, bench.Status);
        bench.Post(new Observation.DatabaseObserved(Database(Vm(Bench.Web, "web", Bench.HostA))));
        Assert.Contains(bench.State.Durable.Vms, vm => vm is { Name: "db", Wanted: true });
    }

    [Fact]
    public void Storage_IsPluggedForProtectedVmsOnly()
    {
        var facts = Database(Vm(Bench.Web, "web", Bench.HostA), Vm(Bench.Db, "db", Bench.HostB));
        var bench = Bench.Paired();
        Read(bench, 6, facts with { Unplugged = [new UnpluggedPath(Pbd, Bench.HostA, "iso", [])] }, peer: beat => beat);
        Assert.Empty(bench.Actions.OfType<HaAction.PlugStorage>());
        Read(bench, 6, facts with { Unplugged = [new UnpluggedPath(Pbd, Bench.HostA, "san", [Bench.Web])] }, peer: beat => beat);
        Assert.NotEmpty(bench.Actions.OfType<HaAction.PlugStorage>());
    }

    private static OperatorReply Maintenance(Bench bench, bool keep = false)
    {
        bench.Orders.Clear();
        bench.Post(new Observation.OperatorAsked(1, new OperatorRequest.Maintenance(true, KeepMaster: keep)));
        return Assert.Single(bench.Orders.OfType<Command.Reply>()).Answer;
    }

    [Theory]
    [InlineData(false, HeartbeatFlags.None, "disabled in XAPI")]
    [InlineData(true, HeartbeatFlags.Fit, "could not run the VMs")]
    [InlineData(true, HeartbeatFlags.ToolstackHealthy, "could not run the VMs")]
    public void Maintenance_OntoAHostThatCannot_IsRefused(bool enabled, HeartbeatFlags missing, string words)
    {
        var facts = Database(Vm(Bench.Web, "web", Bench.HostA), Vm(Bench.Db, "db", Bench.HostB));
        var bench = Bench.Paired();
        Read(bench, 3, enabled ? facts : facts with { EnabledHosts = [Bench.HostA] }, peer: beat => beat with { Flags = beat.Flags & ~missing });
        var reply = Maintenance(bench);
        Assert.False(reply.Accepted);
        Assert.Contains(words, reply.Text, StringComparison.Ordinal);
    }

    /// <summary>A host that is emptied: web and db run here.</summary>
    private static (Bench Bench, DatabaseFacts Facts) Emptied(VmFact web, bool keep = false)
    {
        var facts = Database(Vm(Bench.Web, "web", Bench.HostA), Vm(Bench.Db, "db", Bench.HostA));
        var bench = Bench.Paired(new PolicyConfig { StartParallel = 1 });
        bench.Lists(Bench.Web, Bench.Db);
        Read(bench, 6, facts);
        Assert.True(Maintenance(bench, keep).Accepted);
        Read(bench, 1, facts);
        bench.Finish<HaAction.SwitchHost>();
        facts = facts with { EnabledHosts = [Bench.HostB], Vms = [web, facts.Vms[1]] };
        Read(bench, 12, facts);
        return (bench, facts);
    }

    /// <summary>Rebooted while the database still has a VM here, the host would hand the mastership over and be too new for the other one.</summary>
    [Fact]
    public void Maintenance_ThatKeepsTheMaster_IsConfirmedWhenTheDatabaseShowsItEmpty()
    {
        var update = new OperatorRequest.Maintenance(true, KeepMaster: true);
        var (bench, facts) = Emptied(Vm(Bench.Web, "web", Bench.HostA), keep: true);
        bench.Finish<HaAction.MoveVm>();
        bench.Finish<HaAction.MoveVm>();
        static Heartbeat Busy(Heartbeat beat) => beat with { RunningCount = 2, Running = [.. new[] { VmShortId.Of(Bench.Web), VmShortId.Of(Bench.Db) }.Order()] };
        bench.Hear(Busy);
        bench.Lists();
        Read(bench, 12, facts, peer: Busy);
        Assert.Null(Confirmation.Of(update, HaMachine.Status(bench.Config, bench.State, bench.Now)));
        Read(bench, 40, facts with { Vms = [Vm(Bench.Web, "web", Bench.HostB), Vm(Bench.Db, "db", Bench.HostB)] }, peer: Busy);
        Assert.NotNull(Confirmation.Of(update, HaMachine.Status(bench.Config, bench.State, bench.Now)));
    }

    /// <summary>The other host is updated next, and could not be emptied to one that XAPI starts nothing on.</summary>
    [Fact]
    public void Maintenance_IsOverForTheOperator_WhenTheHostIsEnabledAgain()
    {
        var over = new OperatorRequest.Maintenance(false);
        var (bench, facts) = Emptied(Vm(Bench.Web, "web", Bench.HostA));
        bench.Finish<HaAction.MoveVm>();
        bench.Finish<HaAction.MoveVm>();
        bench.Orders.Clear();
        bench.Post(new Observation.OperatorAsked(2, over));
        Assert.True(Assert.Single(bench.Orders.OfType<Command.Reply>()).Answer.Pending);
        Assert.Null(Confirmation.Of(over, HaMachine.Status(bench.Config, bench.State, bench.Now)));
        Read(bench, 12, facts);
        Assert.Null(Confirmation.Of(over, HaMachine.Status(bench.Config, bench.State, bench.Now)));
        bench.Finish<HaAction.SwitchHost>();
        Read(bench, 12, facts with { EnabledHosts = [Bench.HostA, Bench.HostB] });
        Assert.NotNull(Confirmation.Of(over, HaMachine.Status(bench.Config, bench.State, bench.Now)));
    }

    [Fact]
    public void Maintenance_MovesAsManyAsTheSiteAllows_AndNothingThatIsBusy()
    {
        var (bench, _) = Emptied(Vm(Bench.Web, "web", Bench.HostA));
        Assert.Equal(Bench.Web, Assert.Single(bench.Actions.OfType<HaAction.MoveVm>()).Vm);

        (bench, _) = Emptied(Vm(Bench.Web, "web", Bench.HostA) with { StopRequested = true });
        Assert.Equal(Bench.Db, Assert.Single(bench.Actions.OfType<HaAction.MoveVm>()).Vm);
    }

    /// <summary>The answer comes before the list that shows it: a VM that has just gone is not migrated to where it is.</summary>
    [Fact]
    public void Maintenance_DoesNotMoveAVmAgainByAnOldList()
    {
        var (bench, _) = Emptied(Vm(Bench.Web, "web", Bench.HostA));
        bench.Finish<HaAction.MoveVm>();
        Assert.Equal([Bench.Web, Bench.Db], bench.Actions.OfType<HaAction.MoveVm>().Select(move => move.Vm));
    }

    /// <summary>Nothing runs here any more; the mastership goes to a toolstack that can take it, and the promise follows in the right role.</summary>
    [Fact]
    public void Maintenance_HandsOverToAToolstackThatFollows_AndPromisesAsASlave()
    {
        var (bench, facts) = Emptied(Vm(Bench.Web, "web", Bench.HostA));
        bench.Finish<HaAction.MoveVm>();
        bench.Finish<HaAction.MoveVm>();
        facts = facts with { Vms = [Vm(Bench.Web, "web", Bench.HostB), Vm(Bench.Db, "db", Bench.HostB)] };
        static Heartbeat Busy(Heartbeat beat) => beat with { RunningCount = 2, Running = [.. new[] { VmShortId.Of(Bench.Web), VmShortId.Of(Bench.Db) }.Order()] };
        static Heartbeat Hanging(Heartbeat beat) => Busy(beat) with { Flags = beat.Flags & ~HeartbeatFlags.ToolstackHealthy };
        bench.Hear(Hanging);
        bench.Lists();
        Read(bench, 12, facts, peer: Hanging);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.DesignateMaster);
        Read(bench, 12, facts, peer: Busy);
        Assert.Contains(bench.Actions, action => action is HaAction.DesignateMaster);

        Heartbeat Master(Heartbeat beat) => Busy(beat) with { Epoch = 4, Master = Bench.HostB, Flags = beat.Flags | HeartbeatFlags.IsMaster };
        ReadAsSlave(bench, facts, Master, of: "192.0.2.99");
        Assert.False(bench.State.Durable.PromiseStands);
        ReadAsSlave(bench, facts, Master, of: "192.0.2.12");
        Assert.True(bench.State.Durable.PromiseStands);
    }

    private static void ReadAsSlave(Bench bench, DatabaseFacts facts, Func<Heartbeat, Heartbeat> peer, string of)
    {
        for (var i = 0; i < 12; i++)
        {
            if (bench.State.Pending.IdOf(Purpose.ReadToolstack) is not 0 and var id)
            {
                bench.Post(new Observation.ToolstackObserved(id, new ToolstackFacts
                {
                    Running = true, Answers = true, InitComplete = true, RoleFile = PoolRole.Slave, MasterAddress = of, Database = facts with { Master = Bench.HostB },
                }));
            }

            bench.Pass(0.5, gateway: true, peer: true, peerBeat: peer);
        }
    }

    [Fact]
    public void Maintenance_IsOver_VmsComeBackWhenThePairHasBeenWholeForAMinute()
    {
        var journal = new MaintenanceJournal { Vms = [Bench.Db], Returning = true };
        var bench = new Bench(new PolicyConfig { Failback = Failback.Auto }).Start(Bench.Enabled() with { Maintenance = journal });
        bench.Lists(Bench.Web);
        bench.Toolstack();
        bench.Gateway();
        bench.Hear();
        bench.Hear();
        Assert.Equal(HaStatus.Paired, bench.Status);
        var facts = Database(Vm(Bench.Web, "web", Bench.HostA), Vm(Bench.Db, "db", Bench.HostB));
        Read(bench, 50, facts, peer: beat => beat);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.MoveVm);
        Read(bench, 15, facts, peer: beat => beat);
        Assert.Equal(Bench.Db, Assert.Single(bench.Actions.OfType<HaAction.MoveVm>()).Vm);
    }

    /// <summary>The target of a migration from the host that died: nobody goes on with it, and its memory is needed.</summary>
    [Fact]
    public void Takeover_EndsTheShellsOfMigrationsFromTheDeadHost()
    {
        var bench = Bench.Paired();
        DomainFact[] guests = [new(1, Bench.Web), new(2, Bench.Db) { Part = DomainPart.Incoming, State = DomainState.Paused }];
        bench.Shows = () => new HypervisorFacts([.. guests], guests.Length);
        bench.Pass(10.5, gateway: true);
        bench.Finish<HaAction.BlockPeerToolstack>();
        for (var i = 0; i < 20 && bench.Status == HaStatus.TakingOver; i++)
        {
            bench.Pass(0.3, gateway: true);
            bench.Toolstack(database: Database(Vm(Bench.Web, "web", Bench.HostA), Vm(Bench.Db, "db", Guid.Empty)));
            if (bench.State.Pending.IdOf(Purpose.TakeoverStep) is not 0 and var step)
            {
                bench.Finish(step);
            }
        }

        Assert.Equal(2, Assert.Single(bench.Actions.OfType<HaAction.DestroyDomain>()).Domid);
    }
}
