using System.Collections.Immutable;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Tests.Machine;

/// <summary>What the operator is told of the VMs before a failure, and what he can say about them.</summary>
public sealed class CoverageTests
{
    private const long Gib = 1L << 30;

    private static DatabaseFacts Pool(double web = 1, double db = 1, bool peerEnabled = true) => new()
    {
        NativeHaEnabled = false,
        Master = Bench.HostA,
        Hosts = [Bench.HostA, Bench.HostB],
        EnabledHosts = [Bench.HostA, Bench.HostB],
        HostFacts =
        [
            new HostFact(Bench.HostA, "a") { MemoryTotal = 8 * Gib },
            new HostFact(Bench.HostB, "b") { MemoryTotal = 8 * Gib, Enabled = peerEnabled },
        ],
        Vms =
        [
            new VmFact
            {
                Uuid = Bench.Web, Name = "web", PowerState = VmPowerState.Running, ResidentOn = Bench.HostA, Memory = VmMemory.Of((long)(web * Gib)),
                Priority = RestartPriority.Restart,
            },
            new VmFact
            {
                Uuid = Bench.Db, Name = "db", PowerState = VmPowerState.Running, ResidentOn = Bench.HostB, Memory = VmMemory.Of((long)(db * Gib)),
                Priority = RestartPriority.Restart,
            },
        ],
    };

    private static StatusReport Status(Bench bench) => HaMachine.Status(bench.Config, bench.State, bench.Now);

    private static Bench With(DatabaseFacts facts, PolicyConfig? policy = null)
    {
        var bench = Bench.Paired(policy);
        bench.Post(new Observation.DatabaseObserved(facts));
        return bench;
    }

    [Fact]
    public void Covered_IsSaidOnlyWhenTheVmsFitOnEitherHost()
    {
        Assert.True(Verdict.Of(Status(With(Pool()))).Covered);
        var status = Status(With(Pool(web: 5, db: 5)));
        Assert.False(Verdict.Of(status).Covered);
        Assert.Equal(
            ["if a fails, web does not come back: needs 5.0 GiB, 3.0 GiB free", "if b fails, db does not come back: needs 5.0 GiB, 3.0 GiB free"], status.Findings);
    }

    [Fact]
    public void Covered_IsNotSaidWithoutRecords_NorByOldOnes()
    {
        var bench = Bench.Paired();
        Assert.Contains(Status(bench).Findings, text => text.StartsWith("whether the VMs fit is not known: the pool's records were not read", StringComparison.Ordinal));
        bench.Post(new Observation.DatabaseObserved(Pool()));
        Assert.Empty(Status(bench).Findings);
        bench.Pass(125, gateway: true, peer: true);
        Assert.Contains(Status(bench).Findings, text => text.Contains("records are 125 s old", StringComparison.Ordinal));
    }

    [Fact]
    public void ADisabledHost_Covers_SinceATakeoverEnablesIt() => Assert.Empty(Status(With(Pool(peerEnabled: false))).Findings);

    [Fact]
    public void ATurn_IsToldOnce_AndOnlyWhenItLasts()
    {
        var bench = With(Pool(web: 5, db: 5));
        bench.Pass(10, gateway: true, peer: true);
        bench.Post(new Observation.DatabaseObserved(Pool()));
        bench.Pass(30, gateway: true, peer: true);
        Assert.DoesNotContain(bench.Events, entry => entry.Id == HaEventId.CoverageChanged);

        bench.Post(new Observation.DatabaseObserved(Pool(web: 5, db: 5)));
        bench.Pass(15, gateway: true, peer: true);
        bench.Post(new Observation.DatabaseObserved(Pool(web: 5, db: 5.5)));
        bench.Pass(30, gateway: true, peer: true);
        var told = Assert.Single(bench.Events, entry => entry.Id == HaEventId.CoverageChanged);
        Assert.Equal(Severity.Critical, told.Severity);
        Assert.Contains("if b fails, db does not come back", told.Sentence, StringComparison.Ordinal);

        bench.Post(new Observation.DatabaseObserved(Pool()));
        bench.Pass(30, gateway: true, peer: true);
        Assert.Equal(Severity.Notice, bench.Events.Last(entry => entry.Id == HaEventId.CoverageChanged).Severity);
    }

    [Fact]
    public void Vms_AreShownWithPlaceFateAndDowntime()
    {
        var bench = With(Pool(web: 5, db: 2));
        var vms = HaMachine.Vms(bench.Config, bench.State, bench.Now).Vms;
        Assert.Equal(["db", "web"], vms.Select(vm => vm.Name));
        Assert.Equal("runs on a after about 12 s", vms[0].IfItsHostFails);
        Assert.Equal((62.0, 12.0), (Math.Round(vms[1].DownOnMasterSeconds!.Value), Math.Round(vms[1].DownOnSlaveSeconds!.Value)));
        Assert.Equal("runs on b after about 62 s", vms[1].IfItsHostFails);
        Assert.All(vms, vm => Assert.All(vm.Places, place => Assert.True(place.Can)));
    }

    [Fact]
    public void ShownPlan_IsTheTakeoversOwn()
    {
        var bench = With(Pool(web: 1, db: 7.5));
        Assert.Equal("needs 7.5 GiB, 7.0 GiB free", Assert.Single(Status(bench).Outlooks[1].Missing).Why);
        bench.Pass(10.5, gateway: true);
        Assert.Equal(HaStatus.TakingOver, bench.Status);
        var gone = Pool(web: 1, db: 7.5);
        gone = gone with { Vms = [gone.Vms[0], gone.Vms[1] with { PowerState = VmPowerState.Halted, ResidentOn = Guid.Empty }] };
        bench.Finish<HaAction.BlockPeerToolstack>();
        for (var i = 0; i < 20; i++)
        {
            bench.Pass(0.3, gateway: true);
            bench.Toolstack(database: gone);
            if (bench.Actions.Any(action => action is HaAction.ReleaseStorageLocks))
            {
                bench.Finish<HaAction.ReleaseStorageLocks>();
            }
        }

        Assert.Contains(bench.Events, entry => entry.Id == HaEventId.VmGivenUp && entry.Sentence.Contains("db needs 7.5 GiB, 7.0 GiB free", StringComparison.Ordinal));
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.StartVm);
    }

    [Theory]
    [InlineData("db", true, ProtectMode.All, "restart", true)]
    [InlineData("web", false, ProtectMode.All, "", false)]
    [InlineData("web", false, ProtectMode.Marked, "", null)]
    [InlineData("20000000-0000-4000-8000-000000000002", true, ProtectMode.Marked, "restart", true)]
    public void Protect_WritesXapisOwnFields(string vm, bool on, ProtectMode mode, string priority, bool? mark)
    {
        var pool = Pool();
        pool = pool with { Vms = [pool.Vms[0], pool.Vms[1] with { Priority = RestartPriority.None, LizardMark = false }] };
        var bench = With(pool, new PolicyConfig { Protect = mode });
        var reply = Ask(bench, new OperatorRequest.Protect(vm, on));
        Assert.True(reply is { Accepted: true, Pending: true }, reply.Text);
        var asked = Assert.IsType<HaAction.MarkVm>(bench.Actions.Last());
        Assert.Equal((priority, mark), (asked.Priority, asked.Mark));
        bench.Finish<HaAction.MarkVm>(ActionOutcome.Failed, "OTHER");
        Assert.Contains(bench.Events, entry => entry.Sentence.Contains("was not changed: OTHER", StringComparison.Ordinal));
    }

    [Fact]
    public void Protect_RefusesWhatIsNotOneVm()
    {
        var pool = Pool();
        var bench = With(pool with { Vms = [pool.Vms[0] with { Name = "db" }, pool.Vms[1]] });
        Assert.Contains($"2 VMs are called db; say which by its uuid: {Bench.Web}, {Bench.Db}", Ask(bench, new OperatorRequest.Protect("db", true)).Text, StringComparison.Ordinal);
        Assert.Contains("the pool has no VM dbb; the nearest are db", Ask(bench, new OperatorRequest.Protect("dbb", true)).Text, StringComparison.Ordinal);
        Assert.True(Ask(bench, new OperatorRequest.Protect(Bench.Db.ToString(), true)) is { Accepted: true, Pending: false });
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.MarkVm);
    }

    [Theory]
    [InlineData(PreferMaster.Emptier, false, true)]
    [InlineData(PreferMaster.Emptier, true, false)]
    [InlineData(PreferMaster.None, false, false)]
    public void EmptierHost_GetsTheMastership_DampedAndNotDuringAnUpdate(PreferMaster prefer, bool updating, bool moves)
    {
        var pool = Pool();
        pool = pool with { RollingUpgrade = updating, Vms = [pool.Vms[0], pool.Vms[1] with { Priority = RestartPriority.BestEffort }] };
        var bench = With(pool, new PolicyConfig { PreferMaster = prefer });
        for (var i = 0; i < 70; i++)
        {
            bench.Pass(9.5, gateway: true, peer: true);
            bench.Toolstack(database: pool);
            Assert.True(i > 58 || !bench.Actions.Any(action => action is HaAction.DesignateMaster), $"too early: {i}");
        }

        Assert.Equal(moves ? 1 : 0, bench.Actions.Count(action => action is HaAction.DesignateMaster));
    }

    private static OperatorReply Ask(Bench bench, OperatorRequest request)
    {
        bench.Post(new Observation.OperatorAsked(1, request));
        return bench.Orders.OfType<Command.Reply>().Last().Answer;
    }
}
