using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using Xunit;

namespace TwoNodeHa.Core.Tests.Machine;

public class StorageLossTests
{
    private const string Detail = "/srv/sr: a read hangs for 20 s";

    [Fact]
    public void Lost_FitPeerHasIt_FencesAttested()
    {
        var bench = Paired();
        Lose(bench);

        Assert.Equal(HaStatus.Fencing, bench.Status);
        Assert.Contains(Detail, bench.State.Life.Why, StringComparison.Ordinal);
        Assert.Contains(bench.Actions, action => action is HaAction.DestroyDomain);
        Fenced(bench);
        Assert.NotEqual(0, bench.LastBeat.Attestation);
        Assert.False(bench.LastBeat.Has(HeartbeatFlags.Fit) || bench.LastBeat.Has(HeartbeatFlags.StorageHealthy));
    }

    [Fact]
    public void Lost_Alert_KeepsTheVms()
    {
        var bench = Paired(OnStorageLoss.Alert);
        Lose(bench);
        bench.Pass(60, gateway: true, peer: true);

        Assert.Equal(HaStatus.Paired, bench.Status);
        Assert.Single(bench.Events, told => told.Id == HaEventId.StorageChanged && told.Severity == Severity.Critical);
        Assert.Contains(Detail, HaMachine.Status(bench.Config, bench.State, bench.Now).Storage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HeartbeatFlags.StorageHealthy, "storage itself may be down")]
    [InlineData(HeartbeatFlags.Fit, "could not take over")]
    public void Lost_PeerCannot_AlertsOnceAndFencesNothing(HeartbeatFlags missing, string words)
    {
        var bench = Paired();
        Heartbeat Without(Heartbeat beat) => beat with { Flags = beat.Flags & ~missing };
        bench.Pass(2, gateway: true, peer: true, peerBeat: Without);
        Lose(bench);
        bench.Pass(60, gateway: true, peer: true, peerBeat: Without);

        Assert.Equal(HaStatus.Paired, bench.Status);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.DestroyDomain);
        Assert.Contains(words, Assert.Single(bench.Events, told => told.Id == HaEventId.Alert).Sentence, StringComparison.Ordinal);
    }

    /// <summary>Both lost it; the peer's path comes back first. This host is given as long to follow as it takes to lose it.</summary>
    [Fact]
    public void Lost_PeerHasItAgainSinceAMoment_WaitsForTheOwnPath()
    {
        var bench = Paired();
        bench.Pass(2, gateway: true, peer: true, peerBeat: Without);
        Lose(bench);
        bench.Pass(15, gateway: true, peer: true);
        Assert.Equal(HaStatus.Paired, bench.Status);
        bench.Post(new Observation.StorageProbed(Health.Healthy, "all 1 probes answer"));
        bench.Pass(30, gateway: true, peer: true);
        Assert.Equal(HaStatus.Paired, bench.Status);

        static Heartbeat Without(Heartbeat beat) => beat with { Flags = beat.Flags & ~HeartbeatFlags.StorageHealthy };
    }

    [Fact]
    public void Lost_PeerHasItAgainForTheWholeTimeout_Fences()
    {
        var bench = Paired();
        bench.Pass(2, gateway: true, peer: true, peerBeat: beat => beat with { Flags = beat.Flags & ~HeartbeatFlags.StorageHealthy });
        Lose(bench);
        bench.Pass(22, gateway: true, peer: true);
        Assert.Equal(HaStatus.Fencing, bench.Status);
    }

    [Fact]
    public void Lost_NeverReached_IsTakenForAMistakeOfTheConfiguration()
    {
        var bench = Bench.Paired(change: config => With(config, OnStorageLoss.Fence));
        bench.Pass(22, gateway: true, peer: true);
        Lose(bench);
        bench.Pass(60, gateway: true, peer: true);

        Assert.Equal(HaStatus.Paired, bench.Status);
        Assert.Contains("[storage] probe", Assert.Single(bench.Events, told => told.Id == HaEventId.Alert).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Doubtful_IsAFinding_IsToldToThePeer_AndFencesNothing()
    {
        var bench = Paired();
        bench.Post(new Observation.StorageProbed(Health.Doubtful, Detail));
        bench.Pass(60, gateway: true, peer: true);

        Assert.Equal(HaStatus.Paired, bench.Status);
        Assert.False(bench.LastBeat.Has(HeartbeatFlags.StorageHealthy));
        Assert.True(bench.LastBeat.Has(HeartbeatFlags.Fit));
        Assert.Contains(HaMachine.Status(bench.Config, bench.State, bench.Now).Findings, text => text.Contains("doubtful", StringComparison.Ordinal));
    }

    [Fact]
    public void Silent_PeerIsNotPaired_FencesNothing()
    {
        var bench = Paired();
        bench.Pass(7, gateway: true);
        Assert.Equal(HaStatus.Suspecting, bench.Status);
        Lose(bench);
        bench.Pass(1, gateway: true);
        Assert.Equal(HaStatus.Suspecting, bench.Status);
        bench.Pass(30, gateway: true);
        Assert.DoesNotContain(bench.Actions, action => action is HaAction.DestroyDomain);
        Assert.NotEqual(HaStatus.TakingOver, bench.Status);
    }

    [Fact]
    public void Fenced_JoinsWhenThePathIsBack_AndFencesNoMore()
    {
        var bench = Paired();
        Lose(bench);
        Fenced(bench);
        Taken(bench, 40);
        Assert.Equal(HaStatus.Fenced, bench.Status);
        bench.Post(new Observation.StorageProbed(Health.Healthy, "all 1 probes answer"));
        Taken(bench, 10);
        Assert.Equal(HaStatus.Paired, bench.Status);

        // An empty slave has nothing to yield, however often its path flaps.
        for (var i = 0; i < 3; i++)
        {
            Lose(bench);
            Taken(bench, 30);
            bench.Post(new Observation.StorageProbed(Health.Healthy, "all 1 probes answer"));
            Taken(bench, 30);
            Assert.Equal(HaStatus.Paired, bench.Status);
        }

        Assert.Single(bench.Events, told => told.Id == HaEventId.FenceDecided);
    }

    private static Bench Paired(OnStorageLoss onLoss = OnStorageLoss.Fence)
    {
        var bench = Bench.Paired(change: config => With(config, onLoss));
        bench.Post(new Observation.StorageProbed(Health.Healthy, "all 1 probes answer"));
        bench.Pass(22, gateway: true, peer: true);
        bench.Orders.Clear();
        return bench;
    }

    private static HaConfig With(HaConfig config, OnStorageLoss onLoss) =>
        config with { Storage = new StorageConfig { Probes = ["/srv/sr"], OnLoss = onLoss } };

    private static void Lose(Bench bench) => bench.Post(new Observation.StorageProbed(Health.Lost, Detail));

    private static void Fenced(Bench bench)
    {
        bench.Finish<HaAction.DestroyDomain>();
        bench.Finish<HaAction.KillToolstack>();
        bench.Lists();
        bench.Pass(1, gateway: true, peer: true);
        Assert.Equal(HaStatus.Fenced, bench.Status);
    }

    /// <summary>The peer took over: it runs everything as master of the next epoch; orders about the own role end well.</summary>
    private static void Taken(Bench bench, double seconds)
    {
        for (var second = 0.0; second < seconds; second++)
        {
            bench.Pass(1, gateway: true, peer: true, peerBeat: beat => beat with
            {
                Epoch = 4,
                Master = Bench.HostB,
                Status = bench.Status == HaStatus.Paired ? HaStatus.Paired : HaStatus.Sole,
                RunningCount = 2,
                Running = [.. new[] { VmShortId.Of(Bench.Web), VmShortId.Of(Bench.Db) }.Order()],
            });
            foreach (var act in bench.Orders.OfType<Command.Act>().ToArray())
            {
                bench.Finish(act.Id);
            }

            bench.Toolstack(PoolRole.Slave);
        }
    }
}
