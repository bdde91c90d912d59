using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Tests.Machine;

/// <summary>A VM that moves, and what it leaves behind on a host.</summary>
public sealed class MigrationTests
{
    private static readonly BackendFact WebDisk = new(1001, BackendKind.Tapdisk) { Owner = BackendOwner.Guest, Domid = 1 };
    private static readonly BackendFact OwnLocal = new(900, BackendKind.Tapdisk) { Owner = BackendOwner.ControlDomain, MayBeShared = false };
    private static readonly BackendFact OwnShared = new(901, BackendKind.Tapdisk) { Owner = BackendOwner.ControlDomain };
    private static readonly BackendFact Collector = new(902, BackendKind.StorageCollector);

    private static Guid Incoming(Guid vm) => Guid.Parse(vm.ToString()[..24] + "000000000001");

    private static HypervisorFacts Quiet(params BackendFact[] backends) => new([], 0) { Backends = [.. backends] };

    /// <summary>The peer became master of a higher epoch and says that it runs web too.</summary>
    private static Heartbeat Promoted(Heartbeat beat, bool web) => beat with
    {
        Epoch = 4,
        Master = Bench.HostB,
        RunningCount = web ? 2 : 1,
        Running = [.. (web ? new[] { Bench.Web, Bench.Db } : [Bench.Db]).Select(VmShortId.Of).Order()],
    };

    [Fact]
    public void VmOnBothListsOfAPairForAMoment_IsAMigration()
    {
        var bench = Bench.Paired();
        bench.Pass(1, gateway: true, peer: true, peerBeat: beat => Promoted(beat, web: true));
        Assert.Equal(HaStatus.Paired, bench.Status);
        bench.Lists();
        bench.Pass(20, gateway: true, peer: true, peerBeat: beat => Promoted(beat, web: true));
        Assert.Equal(HaStatus.Paired, bench.Status);
    }

    [Fact]
    public void VmOnBothLists_TheOwnOneIsReadAtOnceAndAgain()
    {
        var bench = Bench.Paired();
        bench.Orders.Clear();
        bench.Hear(beat => Promoted(beat, web: true));
        Assert.Contains(bench.Orders, order => order is Command.ListDomains);
        bench.Pass(0.2, gateway: true);
        bench.Orders.Clear();
        bench.Pass(1, gateway: true, peer: true, peerBeat: beat => Promoted(beat, web: true));
        Assert.Contains(bench.Orders, order => order is Command.ListDomains);
    }

    [Fact]
    public void VmOnBothListsForLongerThanALease_TheLowerFences()
    {
        var bench = Bench.Paired();
        bench.Pass(bench.Config.Timing.Lease.TotalSeconds + 1, gateway: true, peer: true, peerBeat: beat => Promoted(beat, web: true));
        Assert.Equal(HaStatus.Fencing, bench.Status);
    }

    [Fact]
    public void IncomingShell_IsNoDoubleRunHoweverLongItsMemoryIsCopied()
    {
        var bench = Bench.Paired();
        bench.Shows = () => new HypervisorFacts(
            [new DomainFact(1, Bench.Web), new DomainFact(2, Incoming(Bench.Db)) { State = DomainState.Paused }], 2);
        bench.Pass(60, gateway: true, peer: true, peerBeat: beat => Promoted(beat, web: false));
        Assert.Equal(HaStatus.Paired, bench.Status);
        Assert.Equal([VmShortId.Of(Bench.Web)], bench.LastBeat.Running.AsEnumerable());
        Assert.Equal(2, bench.LastBeat.RunningCount);
    }

    [Fact]
    public void ShellOfADeadSource_IsMissingHere()
    {
        var bench = Bench.Paired();
        bench.Shows = () => new HypervisorFacts(
            [new DomainFact(1, Bench.Web), new DomainFact(2, Incoming(Bench.Db)) { State = DomainState.Paused }], 2);
        bench.Pass(6, gateway: true, peer: true);
        Assert.Contains(new View(bench.Config, bench.State, bench.Now).Missing(), vm => vm.Uuid == Bench.Db);
    }

    [Fact]
    public void TapdiskWithoutAGuest_IsNoVm()
    {
        var bench = new Bench().Start();
        bench.Shows = () => Quiet(OwnShared);
        bench.Lists();
        bench.Toolstack();
        bench.Pass(30);
        Assert.Equal(HaStatus.Joining, bench.Status);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.ResetHost or HaAction.KillToolstack);
        Assert.Equal(0, bench.LastBeat.Attestation);
        bench.Shows = () => Quiet(OwnLocal);
        bench.Pass(3);
        Assert.NotEqual(0, bench.LastBeat.Attestation);
    }

    [Theory]
    [InlineData(BackendOwner.Guest, 1)]
    [InlineData(BackendOwner.Unknown, 0)]
    public void NewDaemonThatFindsWhatAFenceLeft_FeedsNothingAndEndsIt(BackendOwner owner, int domid)
    {
        var bench = new Bench();
        bench.Post(new Observation.Started(
            Bench.Enabled(), DurableOrigin.Intact, 42, bench.Now - TimeSpan.FromSeconds(1), new WatchdogFacts(true, true, "test watchdog") { Running = true }));
        bench.Shows = () => Quiet(WebDisk with { Owner = owner, Domid = domid });
        bench.Lists();
        bench.Pass(0.5);
        Assert.DoesNotContain(bench.Orders, order => order is Command.FeedWatchdog);
        bench.Post(new Observation.ToolstackObserved(bench.State.Pending.IdOf(Purpose.ReadToolstack), new ToolstackFacts { Running = false, Answers = false, RoleFile = PoolRole.Master }));
        Assert.Equal(HaStatus.Fencing, bench.Status);
        Assert.Contains(bench.Actions, action => action is HaAction.EndBackends end && end.Backends.Single().Pid == WebDisk.Pid);
    }

    [Fact]
    public void TapdiskThatAppearsUnderThisDaemon_IsNoVmsWhateverItsOwner()
    {
        var bench = new Bench().Start(Bench.Enabled(), carried: Instant.FromSeconds(990));
        bench.Shows = () => Quiet();
        bench.Lists();
        bench.Toolstack(PoolRole.Slave);
        bench.Pass(1);
        bench.Shows = () => Quiet(OwnShared with { Owner = BackendOwner.Unknown });
        bench.Pass(30);
        Assert.Equal(HaStatus.Joining, bench.Status);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.ResetHost or HaAction.KillToolstack or HaAction.EndBackends);
    }

    [Fact]
    public void Ladder_EndsWhatTheDomainsLeaveBehindAndReadsAgain()
    {
        var bench = Bench.Paired();
        bench.Pass(6);
        bench.Finish<HaAction.KillToolstack>();
        bench.Shows = () => Quiet(OwnLocal, OwnShared, Collector, WebDisk);
        bench.Finish<HaAction.DestroyDomain>();
        bench.Pass(0.2);
        var end = Assert.Single(bench.Actions.OfType<HaAction.EndBackends>());
        Assert.Equal([OwnShared, Collector, WebDisk], end.Backends.AsEnumerable());
        Assert.Equal(HaStatus.Fencing, bench.Status);
        bench.Shows = () => Quiet(OwnLocal);
        bench.Orders.Clear();
        bench.Post(new Observation.ActionFinished(bench.State.Pending.IdOf(Purpose.EndBackends), ActionOutcome.Succeeded, "", ""));
        Assert.Contains(bench.Orders, order => order is Command.ListDomains);
        bench.Pass(0.2);
        Assert.Equal(HaStatus.Fenced, bench.Status);
    }

    [Fact]
    public void Ladder_BackendThatDoesNotGo_IsTriedAgainUntilTheReset()
    {
        var bench = Bench.Paired();
        bench.Pass(6);
        bench.Finish<HaAction.KillToolstack>();
        bench.Shows = () => Quiet(WebDisk);
        bench.Finish<HaAction.DestroyDomain>();
        bench.Pass(0.2);
        bench.Post(new Observation.ActionFinished(bench.State.Pending.IdOf(Purpose.EndBackends), ActionOutcome.Unknown, "STILL_THERE", "tapdisk 1001"));
        bench.Pass(0.2);
        Assert.Equal(2, bench.Actions.OfType<HaAction.EndBackends>().Count());
        bench.Pass(4);
        Assert.Contains(bench.Actions, action => action is HaAction.ResetHost);
        Assert.NotEqual(HaStatus.Fenced, bench.Status);
    }

    [Fact]
    public void Ladder_SparesTheBackendOfADomainThatIsStillThere()
    {
        var bench = Bench.Paired();
        bench.Shows = () => new HypervisorFacts([new DomainFact(1, Bench.Web)], 0) { Backends = [WebDisk] };
        bench.Pass(8);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.EndBackends);
    }
}
