using System.CommandLine;
using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Sim.Cli;

/// <summary><c>sim chaos</c>: random real faults in the namespace lab for a number of minutes.</summary>
internal static class ChaosCommand
{
    public static Command Create()
    {
        var minutes = new Option<double>("--minutes") { Description = "how long", DefaultValueFactory = _ => 5 };
        var seed = new Option<int?>("--seed") { Description = "of the faults; the timing of real machines is not part of it" };
        var profile = new Option<string>("--profile") { Description = "timing profile", DefaultValueFactory = _ => "fast" };
        profile.AcceptOnlyFromAmong("fast", "balanced", "patient");
        var crossover = new Option<bool>("--crossover") { Description = "a second cable between the hosts" };
        var command = new Command("chaos", "Random real faults against two real daemons in the lab; after each round everything must be healthy again.") { minutes, seed, profile, crossover };
        command.SetAction((parsed, cancel) => RunAsync(
            TimeSpan.FromMinutes(parsed.GetValue(minutes)), parsed.GetValue(seed) ?? Environment.TickCount & 0xFFFF, parsed.GetValue(profile)!, parsed.GetValue(crossover), cancel));
        return command;
    }

    private static async Task<int> RunAsync(TimeSpan duration, int seed, string profile, bool crossover, CancellationToken cancel)
    {
        if (LabSupport.AsRootOfOneself([.. Environment.GetCommandLineArgs().Skip(1)]) is { } code)
        {
            return code;
        }

        if (LabNetwork.WhyImpossible() is { } reason)
        {
            Console.Error.WriteLine($"no lab: {reason}");
            return 2;
        }

        Console.WriteLine($"seed {seed}, profile {profile}, {duration.TotalMinutes:0.#} min{(crossover ? ", crossover" : "")}");
        await using var lab = LabHarness.Start(new LabOptions { Profile = profile, Crossover = crossover, Bonds = true, TwoSides = true });
        var report = await new ChaosRuns(lab, seed, Console.WriteLine).RunAsync(duration, cancel);
        foreach (var (kind, count) in report.Faults)
        {
            Console.WriteLine($"{kind,-20} {count,5}");
        }

        Console.WriteLine($"{report.Rounds} rounds, {report.Faults.Values.Sum()} faults; {report.Fences} fences, {report.Takeovers} takeovers, "
            + $"{report.Rejoins} rejoins, {report.WatchdogResets} resets by the watchdog; slowest recovery {report.SlowestRecovery:F0} s");
        Console.WriteLine($"{report.Samples} samples of the judge, at most {report.LongestGap.TotalMilliseconds:F0} ms apart");
        Console.WriteLine(report.Violation.Length == 0 ? "No VM ran twice, and the pool recovered from every round."
            : $"VIOLATION (seed {seed}): {report.Violation}");
        return report.Violation.Length == 0 ? 0 : 1;
    }
}
