using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Fuzz;

/// <summary>Makes a broken schedule as small as it can be while it stays broken in the same way (delta debugging).</summary>
internal static class FuzzShrinker
{
    /// <summary>The smaller schedule.</summary>
    /// <param name="scenario">A schedule that breaks.</param>
    /// <param name="verdict">What breaks in a schedule: a short name of it, or null.</param>
    /// <param name="triesMax">Runs at most.</param>
    public static Scenario Shrink(Scenario scenario, Func<Scenario, string?> verdict, int triesMax = 600)
    {
        var wanted = verdict(scenario);
        if (scenario.Moves.Any(move => move.What.Line == FuzzLives.Pinned))
        {
            return ShrinkLife(scenario, verdict, wanted, triesMax);
        }

        var repair = scenario.Moves.SkipWhile(move => move.What.Text != "heal").ToList();
        var moves = scenario.Moves.TakeWhile(move => move.What.Text != "heal").ToList();
        var tries = 0;
        for (var chunk = Math.Max(1, moves.Count / 2); chunk >= 1; chunk = chunk == 1 ? 0 : chunk / 2)
        {
            for (var start = 0; start < moves.Count && tries < triesMax;)
            {
                var fewer = moves.Where((_, index) => index < start || index >= start + chunk).ToList();
                tries++;
                if (verdict(scenario with { Moves = [.. fewer, .. repair] }) == wanted)
                {
                    moves = fewer;
                }
                else
                {
                    start += chunk;
                }
            }
        }

        return scenario with { Moves = [.. moves, .. repair] };
    }

    /// <summary>The end first; then whatever is no repair, in smaller and smaller pieces.</summary>
    private static Scenario ShrinkLife(Scenario scenario, Func<Scenario, string?> verdict, string? wanted, int triesMax)
    {
        var tries = 0;
        // An expectation holds at the end only: what is cut off there would break it.
        for (var last = wanted == "L" ? 0 : scenario.Moves.Count - 1; last > 0; last--)
        {
            if (scenario.Moves[last].What.Text != "repair")
            {
                continue;
            }

            var shorter = scenario with { Moves = [.. scenario.Moves.Take(last)], End = scenario.Moves[last].At };
            tries++;
            if (verdict(shorter) != wanted)
            {
                break;
            }

            scenario = shorter;
        }

        for (var chunk = 8; chunk >= 1; chunk /= 2)
        {
            for (var start = 0; start < scenario.Moves.Count && tries < triesMax;)
            {
                var end = start + chunk;
                Move[] fewer = [.. scenario.Moves.Where((move, index) => index < start || index >= end || move.What.Line == FuzzLives.Pinned)];
                tries++;
                if (fewer.Length < scenario.Moves.Count && verdict(scenario with { Moves = fewer }) == wanted)
                {
                    scenario = scenario with { Moves = fewer };
                }
                else
                {
                    start = end;
                }
            }
        }

        return scenario;
    }
}
