using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Fuzz;

/// <summary>
/// Runs a schedule twice, with quiet time left out and with every turn run, and compares what is told: each line of the log (events of
/// the daemons, what the judge sees, the story) with its time, the verdict, and what was let pass.
/// </summary>
internal static class LeftOutCheck
{
    /// <summary>The first difference that counts; null when the two runs are the same.</summary>
    /// <param name="scenario">The schedule.</param>
    /// <param name="share">Share of the time that was left out.</param>
    public static string? Difference(Scenario scenario, out double share)
    {
        var shorter = Run(scenario, everyTurn: false, out share);
        var whole = Run(scenario, everyTurn: true, out _);
        for (var line = 0; line < Math.Max(shorter.Log.Count, whole.Log.Count); line++)
        {
            var (one, other) = (shorter.Log.ElementAtOrDefault(line), whole.Log.ElementAtOrDefault(line));
            if (one != other)
            {
                return $"line {line + 1}: '{one}', and with every turn '{other}'";
            }
        }

        return !shorter.Failures.SequenceEqual(whole.Failures) ? $"'{shorter.Failures.FirstOrDefault()}', and with every turn '{whole.Failures.FirstOrDefault()}'"
            : !shorter.Excused.SequenceEqual(whole.Excused) ? "what was let pass"
            : shorter.DoubleTime != whole.DoubleTime ? "how long VMs were double" : null;
    }

    private static ScenarioResult Run(Scenario scenario, bool everyTurn, out double share)
    {
        var run = new ScenarioRun(scenario, new Variant(0, scenario.LinkCounts[0]), everyTurn: everyTurn);
        var result = run.Run();
        share = run.World.Jumped / run.World.Elapsed;
        return result;
    }
}
