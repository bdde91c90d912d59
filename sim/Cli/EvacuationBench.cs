using System.CommandLine;
using System.Globalization;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Cli;

/// <summary>
/// <c>sim bench evacuation</c>: a host is emptied for a maintenance, with the toolstack's realistic times. A gap is a time in which fewer live
/// migrations are under way, by the toolstack's own records, than <c>start_parallel</c> allows and VMs are left for. Virtual time.
/// </summary>
internal static class EvacuationBench
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan GapMax = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var vms = new Option<int>("--vms") { Description = "VMs on the host that is emptied.", DefaultValueFactory = _ => 50 };
        var runs = new Option<int>("--runs") { Description = "Seeds of each row.", DefaultValueFactory = _ => 5 };
        var command = new Command("evacuation", "How well a maintenance keeps its live migrations going (virtual time).") { vms, runs };
        command.SetAction(parsed => Run(parsed.GetValue(vms), parsed.GetValue(runs)));
        return command;
    }

    private static int Run(int vms, int runs)
    {
        Console.WriteLine($"{vms} VMs, realistic toolstack, median / max of {runs} seeds");
        Console.WriteLine($"{"emptied",-8} {"start_parallel",14} {"emptied within s",18} {"longest gap s",16}");
        var failed = 0;
        foreach (var (host, parallel) in from host in (int[])[1, 0] from parallel in (int[])[4, 10] select (host, parallel))
        {
            var results = Enumerable.Range(1, runs).Select(seed => Once(host, parallel, vms, seed)).ToList();
            failed += results.Count(result => result is not { } one || one.Gap > GapMax);
            var done = results.OfType<(TimeSpan Time, TimeSpan Gap)>().ToList();
            Console.WriteLine($"{(host == 1 ? "slave" : "master"),-8} {parallel,14} {Cell(done.Select(one => one.Time)),18} {Cell(done.Select(one => one.Gap)),16}"
                + (done.Count < runs ? $"   {runs - done.Count} runs were not emptied" : ""));
        }

        return failed == 0 ? 0 : 1;
    }

    private static string Cell(IEnumerable<TimeSpan> times)
    {
        double[] sorted = [.. times.Select(static time => time.TotalSeconds).Order()];
        return sorted.Length == 0 ? "–" : string.Create(CultureInfo.InvariantCulture, $"{sorted[sorted.Length / 2]:F2} / {sorted[^1]:F2}");
    }

    private static (TimeSpan Time, TimeSpan Gap)? Once(int emptied, int parallel, int vms, int seed)
    {
        var pool = Pool(emptied, vms);
        var config = VirtualSites.Config(pool, "balanced", 1, new Dictionary<string, string>
        {
            ["start_parallel"] = parallel.ToString(CultureInfo.InvariantCulture),
        }, "device");
        var world = new VirtualWorld(config, pool, ToolstackTimings.Realistic, seed) { KeepLog = false };
        world.Scheduler.StepsMax = long.MaxValue;
        world.Install();
        if (!world.RunUntil(() => world.Hosts.All(host => host.Daemon?.State.Status == HaStatus.Disabled && host.Toolstack.Status.InitComplete)
            && world.Hosts[0].Daemon!.State.Host.Database is not null, TimeSpan.FromMinutes(10)))
        {
            return null;
        }

        world.Hosts[0].Daemon!.Ask(new OperatorRequest.Enable());
        if (!world.RunUntil(() => world.Hosts.All(host => host.Daemon?.State.Status == HaStatus.Paired), TimeSpan.FromMinutes(2)))
        {
            return null;
        }

        world.RunFor(TimeSpan.FromSeconds(60));
        world.Hosts[emptied].Daemon!.Ask(new OperatorRequest.Maintenance(true));
        return Measure(world, emptied, parallel);
    }

    /// <summary>From the first migration until no VM is left.</summary>
    private static (TimeSpan Time, TimeSpan Gap)? Measure(VirtualWorld world, int emptied, int parallel)
    {
        var (asked, full, longest, begun) = (world.Elapsed, world.Elapsed, TimeSpan.Zero, false);
        while (world.Elapsed - asked < TimeSpan.FromHours(2))
        {
            world.Scheduler.RunFor(Look);
            var (left, moving) = Count(world, emptied);
            if (left == 0)
            {
                return (world.Elapsed - asked, longest);
            }

            begun |= moving > 0;
            if (!begun || moving >= Math.Min(parallel, left))
            {
                full = world.Elapsed;
            }
            else if (world.Elapsed - full > longest)
            {
                longest = world.Elapsed - full;
            }
        }

        return null;
    }

    /// <summary>VMs that XAPI shows on a host, and those of them that it migrates.</summary>
    private static (int Left, int Moving) Count(VirtualWorld world, int host)
    {
        var (left, moving) = (0, 0);
        foreach (var vm in world.Hosts[0].Toolstack.Records?.All("VM") ?? [])
        {
            if (vm.Text("resident_on") == world.Hosts[host].Toolstack.HostRef && !vm.Flag("is_control_domain"))
            {
                left++;
                moving += vm.Keys("current_operations").Any(task => vm.Entry("current_operations", task) == "pool_migrate") ? 1 : 0;
            }
        }

        return (left, moving);
    }

    private static PoolDefinition Pool(int host, int vms) => new PoolDefinition
    {
        Hosts =
        [
            new HostDefinition { Name = "a", Address = "192.0.2.11", MemoryMib = 2048 + (vms * 1200L) },
            new HostDefinition { Name = "b", Address = "192.0.2.12", MemoryMib = 2048 + (vms * 1200L) },
        ],
        Vms = [.. Enumerable.Range(0, vms).Select(i => new VmDefinition { Name = $"vm{i}", RunningOn = host == 0 ? "a" : "b", HaRestartPriority = "restart" })],
    }.Completed();
}
