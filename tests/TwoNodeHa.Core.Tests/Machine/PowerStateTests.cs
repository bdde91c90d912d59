using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Tests.Machine;

/// <summary>Resets of power states in a takeover: in the order of the starts, a few at a time, and each VM behind its own.</summary>
public sealed class PowerStateTests
{
    private static readonly Guid Mail = Guid.Parse("30000000-0000-4000-8000-000000000003");

    /// <summary>web runs on a; db, unless it is halted, and mail are the peer's by the database.</summary>
    private static DatabaseFacts Both(VmPowerState db = VmPowerState.Running) => new()
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
            new VmFact { Uuid = Mail, Name = "mail", PowerState = VmPowerState.Running, ResidentOn = Bench.HostB, Memory = VmMemory.Of(1 << 30) },
        ],
    };

    /// <summary>The resets of db and mail are ordered.</summary>
    private static Bench AtResets(PolicyConfig? policy = null)
    {
        var bench = Bench.Paired(policy);
        bench.Post(new Observation.DatabaseObserved(Both()));
        bench.Pass(10.5, gateway: true);
        bench.Finish<HaAction.BlockPeerToolstack>();
        bench.Pass(0.3, gateway: true);
        bench.Toolstack(database: Both());
        bench.Pass(0.3, gateway: true);
        bench.Toolstack(database: Both());
        return bench;
    }

    private static long ResetOf(Bench bench, Guid vm) => bench.State.Pending.IdOf(Purpose.ResetVm, vm);

    private static bool IsStarted(Bench bench, Guid vm) => bench.Actions.Any(action => action is HaAction.StartVm start && start.Vm == vm);

    /// <summary>What it shows while it starts is old: its VMs are compared with the domains at the end (xapi.md 8.3).</summary>
    [Fact]
    public void Database_OfAToolstackThatStarts_IsReadAgainWhenItIsUp()
    {
        var bench = Bench.Paired();
        bench.Pass(10.5, gateway: true);
        bench.Toolstack(ready: false);
        bench.Finish<HaAction.BlockPeerToolstack>();
        bench.Toolstack(ready: false, database: Both());
        for (var i = 0; i < 20; i++)
        {
            bench.Pass(0.3, gateway: true);
            bench.Orders.RemoveAll(order => order is Command.ReadToolstack { WithDatabase: true } && i < 3);
            bench.Toolstack(ready: false, database: i < 3 ? Both() : null);
        }

        Assert.DoesNotContain(bench.Orders, order => order is Command.ReadToolstack { WithDatabase: true });
        bench.Pass(0.3, gateway: true);
        bench.Toolstack();
        Assert.Equal(TakeoverStep.AwaitToolstack, bench.State.Durable.Takeover?.Step);
        Assert.Single(bench.Orders, order => order is Command.ReadToolstack { WithDatabase: true });
        bench.Toolstack(database: Both());
        Assert.Equal(TakeoverStep.ResetPowerStates, bench.State.Durable.Takeover?.Step);
    }

    [Fact]
    public void Reset_Refused_HoldsNobodyUp_AndItsVmIsNotStarted()
    {
        var bench = AtResets();
        bench.Finish(ResetOf(bench, Bench.Db), ActionOutcome.Failed, "INTERNAL_ERROR");
        bench.Finish(ResetOf(bench, Mail));
        bench.Finish<HaAction.ReleaseStorageLocks>();
        bench.Pass(0.1, gateway: true);
        Assert.True(IsStarted(bench, Mail));
        Assert.False(IsStarted(bench, Bench.Db));

        // Tried again by itself, with pauses that grow; then named.
        for (var i = 0; i < 20; i++)
        {
            if (ResetOf(bench, Bench.Db) is not 0 and var id)
            {
                bench.Finish(id, ActionOutcome.Failed, "INTERNAL_ERROR");
            }

            bench.Pass(0.5, gateway: true);
        }

        Assert.Equal(Deadlines.ResetTries, bench.Actions.Count(action => action is HaAction.ResetPowerState reset && reset.Vm == Bench.Db));
        Assert.False(IsStarted(bench, Bench.Db));
        Assert.Contains(bench.Events, told => told.Id == HaEventId.VmGivenUp && told.Sentence.Contains("until its power state is reset", StringComparison.Ordinal));
    }

    [Fact]
    public void Reset_Refused_NoLockIsReleasedBeforeOneSucceeded()
    {
        var bench = AtResets(new PolicyConfig { StartParallel = 1 });
        bench.Finish(ResetOf(bench, Bench.Db), ActionOutcome.Failed, "INTERNAL_ERROR");
        Assert.NotEqual(0, ResetOf(bench, Mail));
        bench.Finish(ResetOf(bench, Mail), ActionOutcome.Failed, "INTERNAL_ERROR");
        bench.Pass(1, gateway: true);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.ReleaseStorageLocks);
        bench.Finish(ResetOf(bench, Bench.Db));
        Assert.Contains(bench.Actions, action => action is HaAction.ReleaseStorageLocks);
    }

    [Fact]
    public void Reset_IsTakenAFewAtATime_AndAStartFollowsItsOwn()
    {
        var bench = AtResets(new PolicyConfig { StartParallel = 1 });
        Assert.Equal(0, ResetOf(bench, Mail));
        bench.Finish(ResetOf(bench, Bench.Db));
        Assert.NotEqual(0, ResetOf(bench, Mail));
        bench.Finish<HaAction.ReleaseStorageLocks>();
        bench.Pass(0.1, gateway: true);
        Assert.True(IsStarted(bench, Bench.Db));
        bench.Finish<HaAction.StartVm>();
        bench.Lists(Bench.Web, Bench.Db);
        bench.Pass(0.5, gateway: true);
        Assert.False(IsStarted(bench, Mail));
        bench.Finish(ResetOf(bench, Mail));
        bench.Pass(0.1, gateway: true);
        Assert.True(IsStarted(bench, Mail));
    }

    [Fact]
    public void Reset_NotAnswered_IsLookedForBeforeTheNext()
    {
        var bench = AtResets();
        bench.Finish(ResetOf(bench, Mail));
        bench.Finish(ResetOf(bench, Bench.Db), ActionOutcome.Unknown, "DEADLINE");
        bench.Finish<HaAction.ReleaseStorageLocks>();
        bench.Pass(3, gateway: true);
        Assert.Equal(0, ResetOf(bench, Bench.Db));
        Assert.False(IsStarted(bench, Bench.Db));

        // It had been carried out.
        bench.Toolstack(database: Both(VmPowerState.Halted));
        bench.Pass(0.1, gateway: true);
        Assert.True(IsStarted(bench, Bench.Db));
        Assert.Single(bench.Actions, action => action is HaAction.ResetPowerState reset && reset.Vm == Bench.Db);
    }

    [Fact]
    public void Reset_IsNotUndoneByAReadingThatBeganBefore()
    {
        var bench = AtResets();
        var before = bench.Now;
        bench.Pass(0.1, gateway: true);
        bench.Finish(ResetOf(bench, Bench.Db));
        bench.Finish(ResetOf(bench, Mail));
        bench.Finish<HaAction.ReleaseStorageLocks>();
        bench.Pass(0.1, gateway: true);
        bench.Post(new Observation.DatabaseObserved(Both()) { AskedAt = before });
        bench.Pass(0.1, gateway: true);
        Assert.Equal(TakeoverStep.StartVms, bench.State.Durable.Takeover?.Step);
        Assert.Equal(2, bench.Actions.Count(action => action is HaAction.ResetPowerState));
        bench.Post(new Observation.DatabaseObserved(Both()));
        bench.Pass(0.1, gateway: true);
        Assert.Equal(4, bench.Actions.Count(action => action is HaAction.ResetPowerState));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void PeersToolstackAnswersXapi_BesideTheStarts_AbandonsUnlessThePeerIsHeard(bool heard)
    {
        var bench = AtResets(new PolicyConfig { StartParallel = 1 });
        bench.Finish(ResetOf(bench, Bench.Db));
        bench.Finish<HaAction.ReleaseStorageLocks>();
        bench.Pass(0.1, gateway: true);
        if (heard)
        {
            bench.Hear(beat => beat with { RunningCount = 0, Running = [] });
        }

        bench.Finish(ResetOf(bench, Mail), ActionOutcome.Failed, "HOST_IS_LIVE");
        bench.Pass(5, gateway: true);
        Assert.Equal(heard, bench.State.Durable.Takeover is not null);
        Assert.False(IsStarted(bench, Mail));
    }
}
