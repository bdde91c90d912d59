using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Sim.Fleet;
using TwoNodeHa.Sim.Lab.Parts;

namespace TwoNodeHa.Sim.Cli;

/// <summary><c>sim bench arbiter</c>: how many pools one etcd carries, and what its outages do to their leases.</summary>
internal static class ArbiterBench
{
    /// <summary>Pools that begin in one second: all handshakes are made on this machine, and cost both sides a millisecond of processor or more.</summary>
    private const double StartsPerSecond = 60;

    public static Command Create()
    {
        var pools = new Option<int[]>("--pools")
        {
            Description = "Pools of two hosts; several for one run each.", DefaultValueFactory = _ => [1, 100, 1000, 5000], AllowMultipleArgumentsPerToken = true,
        };
        var healthy = new Option<bool>("--healthy") { Description = "Healthy pairs, whose daemons look every 20 s; else each pool has one host alone that renews its lease." };
        var members = new Option<int>("--members") { Description = "Members of the cluster, all on this machine.", DefaultValueFactory = _ => 1 };
        var seconds = new Option<int>("--seconds") { Description = "Measured seconds of each run.", DefaultValueFactory = _ => 30 };
        var strike = new Option<string>("--then") { Description = "What happens after it: restart kills all members, leader kills the leader.", DefaultValueFactory = _ => "nothing" }
            .AcceptOnlyFromAmong("nothing", "restart", "leader");
        var outage = new Option<double>("--outage") { Description = "Seconds until the killed are started again.", DefaultValueFactory = _ => 2 };
        var command = new Command("arbiter", "Load a real etcd with the lease client of the daemon.") { pools, healthy, members, seconds, strike, outage };
        command.SetAction(async parsed =>
        {
            if (LabParts.WhyMissing(new Lab.LabOptions { Arbiter = true }) is { } reason)
            {
                AnsiConsole.WriteLine(reason);
                return 3;
            }

            Console.WriteLine($"{parsed.GetValue(members)} member(s), {(parsed.GetValue(healthy) ? "healthy pairs that look every 20 s" : "each pool with one host alone that renews its lease")}");
            Console.WriteLine(" pools  holding  calls/s     p50     p99     max  failed  lapsed  etcd CPU %  etcd MiB  load CPU %   (calls of a renewal: 2; ms)");
            foreach (int count in parsed.GetValue(pools)!)
            {
                await RunAsync(count, parsed.GetValue(healthy), parsed.GetValue(members), TimeSpan.FromSeconds(parsed.GetValue(seconds)),
                    parsed.GetValue(strike)!, TimeSpan.FromSeconds(parsed.GetValue(outage)));
            }

            return 0;
        });
        return command;
    }

    private static async Task RunAsync(int pools, bool healthy, int members, TimeSpan duration, string strike, TimeSpan outage)
    {
        using var etcd = new EtcdCluster(members);
        await etcd.StartAsync();
        using var load = new FleetLoad(Config(etcd));
        TimeSpan lease = ArbiterRules.LeaseOf(Config(etcd));
        var ramp = TimeSpan.FromSeconds(Math.Max(healthy ? 20 : lease.TotalSeconds / 3, pools / StartsPerSecond));
        load.Add(pools, healthy, ramp);
        await Task.Delay(ramp + (lease / 3));
        await PhaseAsync(pools, load, etcd, duration);
        if (strike != "nothing")
        {
            Console.WriteLine(strike == "leader" ? $"  the leader {await etcd.KillLeaderAsync()} is killed" : $"  all members are killed for {outage.TotalSeconds:0.#} s");
            if (strike == "restart")
            {
                etcd.KillAll();
                await Task.Delay(outage);
                await etcd.StartAsync();
            }

            await AfterAsync(pools, load, etcd, duration);
        }

        await load.StopAsync();
    }

    private static async Task AfterAsync(int pools, FleetLoad load, EtcdCluster etcd, TimeSpan duration)
    {
        TimeSpan begin = load.Elapsed;
        await PhaseAsync(pools, load, etcd, duration);
        FleetCall[] calls = load.Since(begin);
        int[] perSecond = [.. calls.GroupBy(call => (int)(call.Sent - begin).TotalSeconds).OrderBy(group => group.Key).Select(group => group.Count())];
        double lastFailure = calls.Where(call => !call.Ok).Select(call => (call.Sent - begin).TotalSeconds).DefaultIfEmpty(0).Max();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  calls in the busiest second {perSecond.Max()}, in the median one {perSecond.Order().ElementAt(perSecond.Length / 2)}; last failure after {lastFailure:F1} s"));
    }

    private static async Task PhaseAsync(int pools, FleetLoad load, EtcdCluster etcd, TimeSpan duration)
    {
        (TimeSpan begin, int lapsed) = (load.Elapsed, load.Lapsed);
        (double cpu, _) = etcd.Cost();
        TimeSpan own = Process.GetCurrentProcess().TotalProcessorTime;
        await Task.Delay(duration);
        double seconds = (load.Elapsed - begin).TotalSeconds;
        (double after, double mib) = etcd.Cost();
        FleetCall[] calls = load.Since(begin);
        double[] took = [.. calls.Where(call => call.Ok).Select(call => call.Took.TotalMilliseconds).Order()];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{pools,6} {load.Holding,8} {calls.Length / seconds,8:F1} {At(took, 0.5),7:F1} {At(took, 0.99),7:F1} {At(took, 1),7:F1} {calls.Count(call => !call.Ok),7} "
            + $"{load.Lapsed - lapsed,7} {100 * (after - cpu) / seconds,11:F1} {mib,9:F0} {100 * (Process.GetCurrentProcess().TotalProcessorTime - own).TotalSeconds / seconds,11:F1}"));
        if (calls.Where(call => !call.Ok).CountBy(call => call.Trouble).OrderByDescending(pair => pair.Value).FirstOrDefault() is { Value: > 0 } worst)
        {
            Console.WriteLine($"  {worst.Value} times: {worst.Key}");
        }
    }

    private static double At(double[] sorted, double share) =>
        sorted.Length == 0 ? double.NaN : sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];

    private static HaConfig Config(EtcdCluster etcd) => ConfigParser.Parse("bench", $"""
        profile = balanced
        [host a]
        uuid = a1a1a1a1-1111-4111-8111-111111111111
        address = 192.0.2.11
        [host b]
        uuid = b2b2b2b2-2222-4222-8222-222222222222
        address = 192.0.2.12
        [link mgmt]
        a = 192.0.2.11
        b = 192.0.2.12
        [gateway]
        addresses = 192.0.2.1
        [arbiter]
        endpoints = {string.Join(", ", etcd.Endpoints)}
        ca_file = {etcd.CaFile}
        certificate_file = {etcd.ClientCertificate}
        key_file = {etcd.ClientKey}
        prefix = /twonodeha/bench

        """) is { Config: { } config } ? config : throw new InvalidOperationException("the configuration of the bench does not hold");
}
