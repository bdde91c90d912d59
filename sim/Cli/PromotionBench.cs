using System.CommandLine;
using System.Globalization;
using TwoNodeHa.Sim.Baselines;
using TwoNodeHa.Sim.Scenarios;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Cli;

/// <summary>
/// <c>sim bench promotion</c>: a slave takes over from a master that lost power, with the toolstack's realistic times, by the
/// daemon with and without what shortens the promotion, and by HA-Lizard's rules. Virtual time; the same seeds in each row.
/// </summary>
internal static class PromotionBench
{
    private sealed record Row(string Name, PromotionPlan? Plan, Func<VirtualWorld, VirtualHost, Guardian>? Guardian);

    private static readonly Row[] Rows =
    [
        new("ours", PromotionPlan.Ours, null),
        new("fuse instead of restart", new PromotionPlan(RestartsAtOnce: false, RejectsPeer: true), null),
        new("contacts to the dead peer time out", new PromotionPlan(RestartsAtOnce: true, RejectsPeer: false), null),
        new("plain: both of these", new PromotionPlan(RestartsAtOnce: false, RejectsPeer: false), null),
        new("HA-Lizard 2.x, defaults", null, static (world, host) => new HaLizard(world, host)),
    ];

    public static Command Create()
    {
        var runs = new Option<int>("--runs") { Description = "seeds of each row", DefaultValueFactory = _ => 25 };
        var command = new Command("promotion", "The parts of a takeover over a dead master, and what shortens them (virtual time).") { runs };
        command.SetAction(parsed => Run(parsed.GetValue(runs)));
        return command;
    }

    private static int Run(int runs)
    {
        var failed = 0;
        Console.WriteLine($"Seconds from the power loss, median / max of {runs} seeds; profile balanced, realistic toolstack, 4 VMs");
        Console.WriteLine($"{"",-36} {"wait ends",15} {"restarted",15} {"can start VMs",15} {"first VM runs",15} {"all VMs run",15}");
        foreach (var row in Rows)
        {
            List<double[]> times = [];
            for (var seed = 1; seed <= runs; seed++)
            {
                if (Once(row, seed) is { } one)
                {
                    times.Add(one);
                }
                else
                {
                    failed++;
                }
            }

            var cells = Enumerable.Range(0, 5).Select(column => Cell([.. times.Select(one => one[column]).Where(time => !double.IsNaN(time)).Order()]));
            Console.WriteLine($"{row.Name,-36} {string.Join(' ', cells.Select(cell => $"{cell,15}"))}" + (times.Count < runs ? $"   {runs - times.Count} runs did not recover" : ""));
        }

        return failed == 0 ? 0 : 1;
    }

    private static string Cell(double[] sorted) => sorted.Length == 0 ? "–"
        : string.Create(CultureInfo.InvariantCulture, $"{sorted[sorted.Length / 2]:F1} / {sorted[^1]:F1}");

    private static double[]? Once(Row row, int seed)
    {
        var scenario = Scenario.Parse("promotion.yaml", "promotion", $"""
            story: The master loses power.
            toolstack: realistic
            seed: {seed}
            events:
              - at 0s: power off a
            expect:
              - all VMs run on b
            end: 20min
            """);
        var run = new ScenarioRun(scenario, new Variant(0, 1), row.Guardian, row.Plan);
        double[] times = [.. Enumerable.Repeat(double.NaN, 5)];
        run.World.OnLine = line =>
        {
            var column = line.Contains("-> TakingOver", StringComparison.Ordinal) ? 0
                : line.Contains("takeover step AwaitToolstack", StringComparison.Ordinal) ? 1
                : line.Contains("takeover step ResetPowerStates", StringComparison.Ordinal) ? 2
                : line.Contains("runs on b", StringComparison.Ordinal) ? 3 : -1;
            if (column < 0 || !double.TryParse(line.AsSpan(0, 10), CultureInfo.InvariantCulture, out var at))
            {
                return;
            }

            times[column] = double.IsNaN(times[column]) ? at : times[column];
            times[4] = column == 3 ? at : times[4];
        };
        return run.Run().Failures.Count == 0 ? times : null;
    }
}
