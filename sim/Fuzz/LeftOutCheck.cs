using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Fuzz;

/// <summary>How two runs of one schedule compare, one with quiet time left out, one with every turn run.</summary>
internal enum LeftOutVerdict
{
    /// <summary>Each line of the log is the same, with its time.</summary>
    Same,

    /// <summary>The same broke and the pair ends in the same way; some line has another time, or place.</summary>
    Shifted,

    /// <summary>Something else broke, or the pair ends otherwise.</summary>
    Different,
}

/// <summary>
/// Runs a schedule twice, with quiet time left out and with every turn run, and compares what is told: the log (events of the daemons,
/// what the judge sees, the story), what broke, what was let pass, and how the pair ends. The loops of a toolstack that are left out
/// keep their phase (docs/simulator.md): what waits for one of them may come earlier or later by its interval.
/// </summary>
internal static class LeftOutCheck
{
    /// <summary>Compares the two runs of a schedule.</summary>
    /// <param name="scenario">The schedule.</param>
    /// <param name="share">Share of the time that was left out.</param>
    public static (LeftOutVerdict Verdict, string Where) Compare(Scenario scenario, out double share)
    {
        var (shorter, whole) = (new ScenarioRun(scenario, Only(scenario)), new ScenarioRun(scenario, Only(scenario), everyTurn: true));
        var (one, other) = (shorter.Run(), whole.Run());
        share = shorter.World.Jumped / shorter.World.Elapsed;
        if (Ends(shorter, one) != Ends(whole, other))
        {
            return (LeftOutVerdict.Different, $"'{Ends(shorter, one)}', and with every turn '{Ends(whole, other)}'");
        }

        for (var line = 0; line < Math.Max(one.Log.Count, other.Log.Count); line++)
        {
            var (here, there) = (one.Log.ElementAtOrDefault(line), other.Log.ElementAtOrDefault(line));
            if (here != there)
            {
                return (LeftOutVerdict.Shifted, $"line {line + 1}: '{here}', and with every turn '{there}'");
            }
        }

        return (LeftOutVerdict.Same, "");
    }

    private static Variant Only(Scenario scenario) => new(0, scenario.LinkCounts[0]);

    /// <summary>What broke, and who is and runs what at the end.</summary>
    private static string Ends(ScenarioRun run, ScenarioResult result) => string.Join("; ",
        [.. result.Failures.Select(FuzzCampaign.Kind).Distinct(), .. run.World.Hosts.Select(host => $"{host.Name} {host.Daemon?.State.Status} as "
            + $"{host.Toolstack.Status.RoleFile.Split(':')[0]} with {string.Join(' ', host.Domains.List().Select(domain => domain.VmName).Order(StringComparer.Ordinal))}")]);
}
