using System.CommandLine;
using System.Diagnostics;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Cli;

/// <summary><c>sim bench noise</c>: false fences of a pair on a bad but working network, over simulated days.</summary>
internal static class NoiseBench
{
    public static Command Create()
    {
        var days = new Option<int>("--days") { Description = "simulated days of each case", DefaultValueFactory = _ => 24 };
        var only = new Option<string?>("--profile") { Description = "only this profile" };
        only.AcceptOnlyFromAmong("fast", "balanced", "patient");
        var command = new Command("noise", "False fences: 5 % loss, 50 ms jitter, each host frozen for a second every hour.") { days, only };
        command.SetAction(parsed => Run(parsed.GetValue(days), parsed.GetValue(only)));
        return command;
    }

    private static int Run(int days, string? only)
    {
        var needless = 0;
        Console.WriteLine("profile   links  days  freezes  suspicions  fences  takeovers  resets  processor s");
        var cases = from profile in (string[])["fast", "balanced", "patient"] from links in (int[])[1, 2]
            where only is null || only == profile select (profile, links);
        foreach (var (profile, links) in cases)
        {
            var begin = Process.GetCurrentProcess().TotalProcessorTime;
            var scenario = Scenario.Parse("noise.yaml", $"noise/{profile}", Text(profile, links, days));
            var run = new ScenarioRun(scenario, new Variant(0, links));
            var suspicions = 0;
            run.World.Scheduler.StepsMax = long.MaxValue;
            run.World.OnLine = line => suspicions += run.World.KeepLog && line.Contains("-> Suspecting", StringComparison.Ordinal) ? 1 : 0;
            var result = run.Run();
            needless += result.Fences + result.Takeovers + run.World.Checker.Resets + result.Failures.Count;
            Console.WriteLine($"{profile,-9} {links,5} {days,5} {days * 48,8} {suspicions,11} {result.Fences,7} {result.Takeovers,10} "
                + $"{run.World.Checker.Resets,7} {(Process.GetCurrentProcess().TotalProcessorTime - begin).TotalSeconds,12:F0}");
            foreach (var failure in result.Failures)
            {
                Console.WriteLine($"  {failure}");
            }
        }

        return needless == 0 ? 0 : 1;
    }

    /// <summary>The freezes fall on another phase of heartbeats and probes each hour.</summary>
    private static string Text(string profile, int links, int days)
    {
        var freezes = Enumerable.Range(0, days * 24).SelectMany(hour => (string[])
        [
            $"  - at {(hour * 3600) + 600}.{hour * 137 % 1000:000}s: freeze a for 1s",
            $"  - at {(hour * 3600) + 2400}.{hour * 211 % 1000:000}s: freeze b for 1s",
        ]);
        var crossover = links == 2 ? "  - at 0s: lose 5% on crossover\n  - at 0s: jitter crossover by 50ms\n" : "";
        return $"""
            story: A bad but working network for many days.
            profile: {profile}
            links: {links}
            events:
              - at 0s: lose 5% on mgmt
              - at 0s: jitter mgmt by 50ms
            {crossover}{string.Join('\n', freezes)}
            expect:
              - nothing was fenced
              - no takeover
              - no watchdog fired
            end: {days * 24}h
            """;
    }
}
