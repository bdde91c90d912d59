using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Tests.Machine;

/// <summary>What the own record remembers of VMs that are gone, and of handovers, over a restart and by the wall clock.</summary>
public sealed class RecordTests
{
    /// <summary>2027-01-15, Unix milliseconds.</summary>
    private const long Wall = 1_800_000_000_000;

    private static readonly long Day = (long)TimeSpan.FromDays(1).TotalMilliseconds;

    private static DatabaseFacts Database(params Guid[] vms) => new()
    {
        NativeHaEnabled = false,
        Master = Bench.HostA,
        Hosts = [Bench.HostA, Bench.HostB],
        EnabledHosts = [Bench.HostA, Bench.HostB],
        FreeMemoryBytes = 1L << 40,
        Vms = [.. vms.Order().Select(vm => new VmFact
        {
            Uuid = vm, Name = "vm", Memory = VmMemory.Of(1 << 30), Priority = RestartPriority.Restart, PowerState = VmPowerState.Running,
            ResidentOn = vm == Bench.Web ? Bench.HostA : Bench.HostB,
        })],
    };

    private static void Read(Bench bench, params Guid[] vms) => bench.Post(new Observation.DatabaseObserved(Database(vms)));

    /// <summary>The own toolstack is down, as its newest reading shows.</summary>
    private static void Silence(Bench bench)
    {
        for (var tries = 0; bench.State.Pending.IdOf(Purpose.ReadToolstack) == 0 && tries < 20; tries++)
        {
            bench.Pass(0.5, gateway: true, peer: true);
        }

        bench.Post(new Observation.ToolstackObserved(bench.State.Pending.IdOf(Purpose.ReadToolstack), new ToolstackFacts
        {
            Running = false, Answers = false, InitComplete = false, RoleFile = PoolRole.Master,
        }));
    }

    private static VmRecord Record(Bench bench, Guid vm) => bench.State.Durable.Vms.Single(record => record.Uuid == vm);

    [Fact]
    public void Deleted_IsRememberedForAWeek()
    {
        var bench = Bench.Paired();
        Read(bench, Bench.Web, Bench.Db);
        Read(bench, Bench.Web);
        Assert.Equal(Bench.Db, Assert.Single(bench.State.Durable.Deleted).Uuid);
        bench.Post(new Observation.Ticked(Wall));
        Assert.Equal(Wall, bench.State.Durable.Deleted[0].AtUnixMs);
        bench.Post(new Observation.Ticked(Wall + (6 * Day)));
        Assert.Single(bench.State.Durable.Deleted);
        bench.Post(new Observation.Ticked(Wall + (8 * Day)));
        Assert.Empty(bench.State.Durable.Deleted);
    }

    [Fact]
    public void Deleted_AndRestoredUnderItsUuid_IsKeptRunningAgain()
    {
        var bench = Bench.Paired();
        Read(bench, Bench.Web, Bench.Db);
        Read(bench, Bench.Web);
        Read(bench, Bench.Web, Bench.Db);
        Assert.Empty(bench.State.Durable.Deleted);
        Assert.True(Record(bench, Bench.Db).Wanted);
    }

    [Fact]
    public void Deleted_ManyAtOnce_TheNewestAreRemembered()
    {
        var bench = Bench.Paired();
        var many = Enumerable.Range(1, Deadlines.DeletedMax + 5).Select(number => new Guid(number, 7, 7, [1, 2, 3, 4, 5, 6, 7, 8])).ToArray();
        Read(bench, [Bench.Db, .. many]);
        Read(bench, many);
        Read(bench);
        Assert.Equal(Deadlines.DeletedMax, bench.State.Durable.Deleted.Length);
        Assert.DoesNotContain(bench.State.Durable.Deleted, gone => gone.Uuid == Bench.Db);
    }

    [Fact]
    public void Stopped_ByThePeersWord_IsNotWantedUntilItRunsThereAgain()
    {
        var bench = Bench.Paired();
        Heartbeat Stopped(Heartbeat beat) => beat with { RunningCount = 0, Running = [], Stopped = [VmShortId.Of(Bench.Web), VmShortId.Of(Bench.Db)] };

        // A toolstack that answers knows better: it may have been started since, and ended.
        bench.Hear(Stopped);
        Assert.True(Record(bench, Bench.Db).Wanted);
        Silence(bench);
        bench.Hear(Stopped);
        Assert.False(Record(bench, Bench.Db).Wanted);

        // The peer's toolstack says nothing of a VM that is this host's.
        Assert.True(Record(bench, Bench.Web).Wanted);
        bench.Hear();
        bench.Pass(0.2, gateway: true, peer: true);
        Assert.True(Record(bench, Bench.Db).Wanted);
        Assert.Equal(Bench.HostB, Record(bench, Bench.Db).LastOn);
    }

    [Fact]
    public void Stopped_WhileThePeersListStillShowsIt_ChangesNothing()
    {
        var bench = Bench.Paired();
        Silence(bench);
        bench.Hear(beat => beat with { Stopped = [VmShortId.Of(Bench.Db)] });
        Assert.True(Record(bench, Bench.Db).Wanted);
    }

    [Fact]
    public void Stopped_IsToldToAPeerThatMissesIt_AndOnlyThen()
    {
        var bench = new Bench().Start(Bench.Enabled() with
        {
            Vms =
            [
                new VmRecord { Uuid = Bench.Web, Name = "web", Protected = true, Wanted = false, StopSeen = true, LastOn = Bench.HostA },
                new VmRecord { Uuid = Bench.Db, Name = "db", Protected = true, Wanted = true, LastOn = Bench.HostB },
            ],
        });
        bench.Lists();
        bench.Toolstack();
        bench.Gateway();
        bench.Hear();
        bench.Hear();
        bench.Pass(1, gateway: true, peer: true);
        Assert.Empty(bench.LastBeat.Stopped);
        bench.Pass(1, gateway: true, peer: true, peerBeat: beat => beat with { Missing = [VmShortId.Of(Bench.Web)] });
        Assert.Equal([VmShortId.Of(Bench.Web)], bench.LastBeat.Stopped.AsEnumerable());
    }

    /// <summary>The copy of the database has web on the dead peer. XAPI has not compared yet; once it has, it is too late.</summary>
    [Theory]
    [InlineData(ActionOutcome.Succeeded, false, 1)]
    [InlineData(ActionOutcome.Failed, false, 1)]
    [InlineData(ActionOutcome.Succeeded, true, 0)]
    public void Moved_IsResetOnce_BeforeXapiCompares(ActionOutcome outcome, bool ready, int resets)
    {
        var bench = Bench.Paired();
        bench.Pass(10.5, gateway: true);
        bench.Finish<HaAction.BlockPeerToolstack>();
        var facts = Database(Bench.Web);
        facts = facts with { Vms = [facts.Vms[0] with { ResidentOn = Bench.HostB }] };
        for (var i = 0; i < 10; i++)
        {
            bench.Pass(0.3, gateway: true);
            bench.Toolstack(database: facts, ready: ready);
            if (bench.State.Pending.IdOf(Purpose.KeepVm, Bench.Web) is not 0 and var id)
            {
                bench.Post(new Observation.ActionFinished(id, outcome, "HOST_IS_LIVE", ""));
            }
        }

        Assert.Equal(resets, bench.Actions.Count(action => action is HaAction.ResetPowerState { Vm: var vm } && vm == Bench.Web));
    }

    [Theory]
    [InlineData(5, 5)]
    [InlineData(-60, 0)]
    public void Handovers_AreRememberedWithTheirAge(int minutesLater, int age)
    {
        var bench = new Bench().Start(Bench.Enabled() with { Yields = new YieldJournal(2, Wall) });
        bench.Post(new Observation.Ticked(Wall + (long)TimeSpan.FromMinutes(minutesLater).TotalMilliseconds));
        Assert.Equal(new YieldRecord(2, bench.Now - TimeSpan.FromMinutes(age)), bench.State.Procedures.Yields);
    }

    [Fact]
    public void Handovers_OfYesterday_AreForgotten()
    {
        var bench = new Bench().Start(Bench.Enabled() with { Yields = new YieldJournal(2, Wall) });
        bench.Post(new Observation.Ticked(Wall + Day));
        Assert.Null(bench.State.Procedures.Yields);
        Assert.Null(bench.State.Durable.Yields);
    }
}
