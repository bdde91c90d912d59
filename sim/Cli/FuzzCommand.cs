using System.CommandLine;
using System.Diagnostics;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Cli;

/// <summary>`sim fuzz`: seeded random fault schedules over the shipped decision code in virtual time.</summary>
internal static class FuzzCommand
{
    public static Command Create()
    {
        var from = new Option<int>("--from") { Description = "first seed", DefaultValueFactory = _ => 1 };
        var count = new Option<int>("--count") { Description = "number of seeds", DefaultValueFactory = _ => 100 };
        var faults = new Option<int>("--faults") { Description = "faults in each schedule", DefaultValueFactory = _ => 12 };
        var crossover = new Option<bool>("--crossover") { Description = "with a second link" };
        var verbose = new Option<bool>("--verbose") { Description = "print every line of the runs" };
        var command = new Command("fuzz", "Random fault schedules in virtual time; every promise is checked.")
        {
            from, count, faults, crossover, verbose,
        };
        command.SetAction(parse => Run(parse.GetValue(from), parse.GetValue(count), parse.GetValue(faults),
            parse.GetValue(crossover), parse.GetValue(verbose)));
        return command;
    }

    private static int Run(int from, int count, int faults, bool crossover, bool verbose)
    {
        var watch = Stopwatch.StartNew();
        var (bad, simulated) = (0, 0.0);
        for (var seed = from; seed < from + count; seed++)
        {
            var campaign = new FaultCampaign(seed, crossover);
            var broken = Judge(campaign, faults, verbose);
            simulated += campaign.World.Scheduler.Now.Seconds;
            if (broken is not null)
            {
                bad++;
                Console.WriteLine($"seed {seed}: {broken}");
            }
        }

        var seconds = watch.Elapsed.TotalSeconds;
        Console.WriteLine($"{count} schedules, {bad} broken, {simulated:F0} simulated s in {seconds:F1} s "
            + $"({count / seconds:F0} schedules/s, {simulated / seconds:F0} x real time)");
        return bad == 0 ? 0 : 1;
    }

    private static string? Judge(FaultCampaign campaign, int faults, bool verbose)
    {
        try
        {
            return campaign.Run(faults, verbose ? Console.WriteLine : null);
        }
        catch (InvalidOperationException error)
        {
            return $"assertion: {error}";
        }
    }
}
