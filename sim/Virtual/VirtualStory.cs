using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>
/// The story of the demo in virtual time, for systems that allow no network namespaces: HA is enabled, the master's cable
/// is pulled, the VMs come back on the other host, the cable is plugged in again. Same decision code, no real time.
/// </summary>
public static class VirtualStory
{
    /// <summary>Tells the story; returns 0 when every promise was kept.</summary>
    public static int Tell(TextWriter output, string profile, bool crossover)
    {
        var pool = VirtualSites.Pool();
        var world = new VirtualWorld(VirtualSites.Config(pool, profile, crossover), pool, ToolstackTimings.Realistic, seed: 1)
        {
            OnLine = output.WriteLine,
        };
        foreach (var host in world.Hosts)
        {
            host.BootTime = TimeSpan.FromSeconds(60);
        }

        world.Install();
        if (!world.RunUntil(() => BothAre(world, HaStatus.Disabled) && world.Hosts[0].Daemon!.State.Host.Database is not null,
                TimeSpan.FromMinutes(5)))
        {
            return Fail(output, "the hosts did not come up");
        }

        world.Hosts[0].Daemon!.Ask(new OperatorRequest.Enable());
        if (!world.RunUntil(() => BothAre(world, HaStatus.Paired), TimeSpan.FromMinutes(2)))
        {
            return Fail(output, "the hosts did not pair");
        }

        return PullTheCable(world, output);
    }

    private static int PullTheCable(VirtualWorld world, TextWriter output)
    {
        var times = new SortedDictionary<double, string>();
        var cut = world.Scheduler.Now;
        world.OnEvent = (host, entry) =>
        {
            if (entry.Id is HaEventId.FenceDecided or HaEventId.FenceVerified or HaEventId.TakeoverDecided
                or HaEventId.VmStartOrdered or HaEventId.VmStarted)
            {
                times[(world.Scheduler.Now - cut).TotalSeconds + (times.Count * 1e-6)] = $"{world.Hosts[host].Name}: {entry.Sentence}";
            }
        };
        world.Log("story", "the management cable of a, the master, is pulled");
        world.Network.Cable(0, up: false);
        var back = world.RunUntil(() => world.Pool.Vms.All(vm => world.Runs(1, vm.Name)), TimeSpan.FromMinutes(5));
        world.Log("story", "the cable is plugged in again");
        world.Network.Cable(0, up: true);
        var paired = back && world.RunUntil(() => BothAre(world, HaStatus.Paired), TimeSpan.FromMinutes(10));
        output.WriteLine();
        output.WriteLine("What happened when (virtual seconds after the cable was pulled):");
        foreach (var (at, text) in times)
        {
            output.WriteLine($"  {at,7:F1}  {text}");
        }

        if (!back || !paired || world.Violations.Count > 0)
        {
            return Fail(output, world.Violations.Count > 0 ? world.Violations[0] : "the pool did not come back whole");
        }

        output.WriteLine("No VM ran on both hosts; both hosts are paired again, a as slave.");
        return 0;
    }

    private static int Fail(TextWriter output, string why)
    {
        output.WriteLine($"The story failed: {why}.");
        return 1;
    }

    private static bool BothAre(VirtualWorld world, HaStatus status) =>
        world.Hosts.All(host => host.Daemon?.State.Status == status);
}
