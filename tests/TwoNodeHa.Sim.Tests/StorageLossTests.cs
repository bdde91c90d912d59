using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Tests;

/// <summary>A host loses its path to the storage of the VMs: the shipped loop and rules on both hosts, in virtual time.</summary>
public sealed class StorageLossTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 2)]
    [InlineData(1, 3)]
    [InlineData(1, 4)]
    public void OneHostLosesIt_ThePeerRunsEverything_AndItRejoinsAsSlaveWhenThePathIsBack(int loser, int seed)
    {
        var world = Paired(seed, out var events);
        var lost = world.Scheduler.Now;
        world.Hosts[loser].StorageLost = true;
        Assert.True(world.RunUntil(() => RunAllOn(world, 1 - loser), Long), Log(world));
        Assert.True(world.Scheduler.Now - lost > TimeSpan.FromSeconds(15), "the whole timeout must pass before the fence");

        world.RunFor(TimeSpan.FromMinutes(3));
        Assert.NotEqual(HaStatus.Paired, Status(world, loser));
        world.Hosts[loser].StorageLost = false;
        Assert.True(world.RunUntil(() => BothPaired(world), Long), Log(world));
        Assert.False(world.Hosts[loser].Daemon!.State is { Host.Toolstack.RoleFile: PoolRole.Master });

        // What flaps again on an empty slave moves nothing, and nothing is moved back.
        for (var i = 0; i < 3; i++)
        {
            world.Hosts[loser].StorageLost = true;
            world.RunFor(TimeSpan.FromSeconds(40));
            world.Hosts[loser].StorageLost = false;
            world.RunFor(TimeSpan.FromSeconds(40));
        }

        Assert.True(BothPaired(world) && RunAllOn(world, 1 - loser), Log(world));
        Assert.Single(events, told => told.Id == HaEventId.FenceDecided);
        Assert.Empty(world.Violations);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 3)]
    [InlineData(3, 12)]
    [InlineData(4, 27)]
    public void BothLoseIt_NobodyFences_WhicheverPathIsBackFirst(int seed, int apart)
    {
        var world = Paired(seed, out var events);
        world.Hosts[0].StorageLost = world.Hosts[1].StorageLost = true;
        world.RunFor(TimeSpan.FromMinutes(2));
        world.Hosts[1].StorageLost = false;
        world.RunFor(TimeSpan.FromSeconds(apart));
        world.Hosts[0].StorageLost = false;
        world.RunFor(TimeSpan.FromMinutes(2));

        Assert.True(BothPaired(world), Log(world));
        Assert.DoesNotContain(events, told => told.Id == HaEventId.FenceDecided);
        Assert.Contains(events, told => told.Id == HaEventId.Alert && told.Sentence.Contains("does not reach it well either", StringComparison.Ordinal));
        Assert.True(world.Runs(0, "web") && world.Runs(1, "db"));
        Assert.Empty(world.Violations);
    }

    [Fact]
    public void Alert_MovesNothing()
    {
        var world = Paired(1, out var events, OnStorageLoss.Alert);
        world.Hosts[0].StorageLost = true;
        world.RunFor(TimeSpan.FromMinutes(3));

        Assert.True(BothPaired(world), Log(world));
        Assert.DoesNotContain(events, told => told.Id == HaEventId.FenceDecided);
        Assert.Contains(events, told => told.Id == HaEventId.StorageChanged && told.Severity == Severity.Critical);
        Assert.Contains("could not take over", string.Join('\n', world.Hosts[0].Daemon!.Status().Findings), StringComparison.Ordinal);
    }

    [Fact]
    public void ShorterThanTheTimeout_NeverFences()
    {
        var world = Paired(5, out var events);
        for (var i = 0; i < 20; i++)
        {
            world.Hosts[0].StorageLost = true;
            world.RunFor(TimeSpan.FromSeconds(14));
            world.Hosts[0].StorageLost = false;
            world.RunFor(TimeSpan.FromSeconds(6));
        }

        Assert.True(BothPaired(world), Log(world));
        Assert.DoesNotContain(events, told => told.Id == HaEventId.FenceDecided);
    }

    /// <summary>The peer that took over dies while the fenced host has its path back.</summary>
    [Fact]
    public void TheTakerDies_TheFencedHostTakesOverOnlyWithItsStorage()
    {
        var world = Paired(6, out _);
        world.Hosts[0].StorageLost = true;
        Assert.True(world.RunUntil(() => RunAllOn(world, 1), Long), Log(world));
        world.RunFor(TimeSpan.FromSeconds(60));
        world.Hosts[1].PowerOff();
        world.RunFor(TimeSpan.FromSeconds(90));
        Assert.DoesNotContain(world.Pool.Vms, vm => world.Runs(0, vm.Name));
        world.Hosts[0].StorageLost = false;
        Assert.True(world.RunUntil(() => RunAllOn(world, 0), Long), Log(world));
        Assert.Empty(world.Violations);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    [InlineData(15)]
    [InlineData(16)]
    public void RandomCuts_NeverRunAVmTwice_AndThePoolComesBack(int seed)
    {
        var world = Paired(seed, out _);
        var random = new Random(seed);
        for (var i = 0; i < 25; i++)
        {
            var host = world.Hosts[random.Next(2)];
            host.StorageLost = !host.StorageLost;
            if (random.Next(5) == 0)
            {
                world.Hosts[random.Next(2)].KillDaemon();
            }

            world.RunFor(TimeSpan.FromSeconds(random.Next(1, 60)));
        }

        world.Hosts[0].StorageLost = world.Hosts[1].StorageLost = false;
        Assert.True(
            world.RunUntil(() => BothPaired(world) && world.Pool.Vms.All(vm => world.Runs(0, vm.Name) || world.Runs(1, vm.Name)), 2 * Long),
            Log(world));
        Assert.Empty(world.Violations);
    }

    private static VirtualWorld Paired(int seed, out List<HaEvent> events, OnStorageLoss onLoss = OnStorageLoss.Fence)
    {
        var pool = VirtualSites.Pool();
        var config = VirtualSites.Config(pool) with { Storage = new StorageConfig { Probes = ["/srv/sr"], OnLoss = onLoss } };
        var told = new List<HaEvent>();
        var world = new VirtualWorld(config, pool, ToolstackTimings.Fast, seed) { OnEvent = (_, entry) => told.Add(entry) };
        world.Install();
        Assert.True(world.RunUntil(
            () => world.Hosts.All(host => host.Daemon?.State.Status == HaStatus.Disabled) && world.Hosts[0].Daemon!.State.Host.Database is not null,
            Long));
        Assert.True(world.Hosts[0].Daemon!.Ask(new OperatorRequest.Enable())!.Accepted);
        Assert.True(world.RunUntil(() => BothPaired(world), Long));
        world.RunFor(TimeSpan.FromSeconds(60));
        told.Clear();
        events = told;
        return world;
    }

    private static HaStatus? Status(VirtualWorld world, int host) => world.Hosts[host].Daemon?.State.Status;

    private static bool BothPaired(VirtualWorld world) => Status(world, 0) == HaStatus.Paired && Status(world, 1) == HaStatus.Paired;

    private static bool RunAllOn(VirtualWorld world, int host) => world.Pool.Vms.All(vm => world.Runs(host, vm.Name));

    private static string Log(VirtualWorld world) => string.Join('\n', world.LogLines.TakeLast(40));
}
