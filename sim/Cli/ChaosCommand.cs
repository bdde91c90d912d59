using System.CommandLine;
using TwoNodeHa.Sim.Lab;
using TwoNodeHa.Sim.Lab.Parts;

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
        var arbiter = new Option<bool>("--arbiter") { Description = "class A: a real etcd, which is killed, frozen and cut off too" };
        var members = new Option<int>("--members") { Description = "members of that etcd; the leader is killed, frozen and cut off from the others", DefaultValueFactory = _ => 1 };
        var boards = new Option<bool>("--boards") { Description = "class A: a real ipmi_sim for each host, with faults of its own" };
        var command = new Command("chaos", "Random real faults against two real daemons in the lab; after each round everything must be healthy again.") { minutes, seed, profile, crossover, arbiter, members, boards };
        command.SetAction((parsed, cancel) => RunAsync(
            new LabOptions
            {
                Profile = parsed.GetValue(profile)!, Crossover = parsed.GetValue(crossover), Bonds = true, TwoSides = true,
                Arbiter = parsed.GetValue(arbiter), ArbiterMembers = parsed.GetValue(members), Boards = parsed.GetValue(boards),
            },
            TimeSpan.FromMinutes(parsed.GetValue(minutes)), parsed.GetValue(seed) ?? Environment.TickCount & 0xFFFF, cancel));
        return command;
    }

    private static async Task<int> RunAsync(LabOptions options, TimeSpan duration, int seed, CancellationToken cancel)
    {
        if (LabSupport.AsRootOfOneself([.. Environment.GetCommandLineArgs().Skip(1)]) is { } code)
        {
            return code;
        }

        if ((LabNetwork.WhyImpossible() ?? LabParts.WhyMissing(options)) is { } reason)
        {
            Console.Error.WriteLine($"no lab: {reason}");
            return 2;
        }

        Console.WriteLine($"seed {seed}, profile {options.Profile}, {duration.TotalMinutes:0.#} min"
            + $"{(options.Crossover ? ", crossover" : "")}{(options.Arbiter ? $", arbiter of {options.ArbiterMembers}" : "")}{(options.Boards ? ", boards" : "")}");
        await using var lab = LabHarness.Start(options);
        var report = await new ChaosRuns(lab, seed, Console.WriteLine).RunAsync(duration, cancel);
        foreach (var (kind, count) in report.Faults)
        {
            Console.WriteLine($"{kind,-20} {count,5}");
        }

        Console.WriteLine($"{report.Rounds} rounds, {report.Faults.Values.Sum()} faults; {report.Fences} fences, {report.Takeovers} takeovers "
            + $"({report.ByArbiter} decided by the arbiter, {report.ByPowerOff} by a power read as off, {report.OrdersOff} hosts ordered off), "
            + $"{report.Rejoins} rejoins, {report.WatchdogResets} resets by the watchdog; slowest recovery {report.SlowestRecovery:F0} s");
        Console.WriteLine($"{report.Samples} samples of the judge, at most {report.LongestGap.TotalMilliseconds:F0} ms apart");
        if (TruthChecker.VoidBy(report.LongestGap) is { } why)
        {
            Console.WriteLine(why);
        }

        Console.WriteLine(report.Violation.Length == 0 ? "No VM ran twice, and the pool recovered from every round."
            : $"VIOLATION (seed {seed}): {report.Violation}");
        return report.Violation.Length == 0 && TruthChecker.VoidBy(report.LongestGap) is null ? 0 : 1;
    }
}
