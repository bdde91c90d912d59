#if MUTANTS
using System.Diagnostics;
using TwoNodeHa.Core;
using TwoNodeHa.Sim.Fuzz;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Mutation;

/// <summary>What caught one mutant.</summary>
internal sealed record MutantFate(MutantRule Rule, string? Table, string? Fuzz, double Seconds)
{
    public bool Killed => Table is not null || Fuzz is not null;
}

/// <summary>Tries to catch a mutant: by the scenarios (expectations and promises, never the golden logs), by fuzz.</summary>
internal sealed class MutantHunt(IReadOnlyList<Scenario> scenarios, int fuzzSeeds, bool all)
{
    public MutantFate Hunt(MutantRule rule, int number)
    {
        var watch = Stopwatch.StartNew();
        Mutant.Active = number;
        try
        {
            var table = ByTable(rule);
            var fuzz = table is null || all ? ByFuzz() : null;
            return new MutantFate(rule, table, fuzz, watch.Elapsed.TotalSeconds);
        }
        finally
        {
            Mutant.Active = 0;
        }
    }

    private string? ByTable(MutantRule rule)
    {
        var likely = scenarios.Where(scenario => scenario.Name.Contains(rule.Hint, StringComparison.Ordinal));
        foreach (var scenario in likely.Concat(scenarios).Distinct())
        {
            foreach (var variant in scenario.Variants())
            {
                if (Broken(scenario, variant) is { } what)
                {
                    return $"{scenario.Name}: {what}";
                }
            }
        }

        return null;
    }

    private static string? Broken(Scenario scenario, Variant variant)
    {
        try
        {
            var result = new ScenarioRun(scenario, variant).Run();
            return result.Violations.Count > 0 && !scenario.Expected.Any(said => said.Text.EndsWith(" is broken", StringComparison.Ordinal))
                ? result.Violations[0]
                : result.Failures.Count > 0 ? result.Failures[0][(result.Failures[0].IndexOf(": ", StringComparison.Ordinal) + 2)..] : null;
        }
        catch (InvalidOperationException error)
        {
            return error.Message;
        }
    }

    private string? ByFuzz()
    {
        foreach (var safety in (FuzzClass[])[FuzzClass.C, FuzzClass.B, FuzzClass.A])
        {
            for (var seed = 1; seed <= fuzzSeeds; seed++)
            {
                if (FuzzCampaign.RunSeed(FuzzSchedule.Of(seed, safety)).Failure is { } what)
                {
                    return $"class {safety} seed {seed}: {what}";
                }
            }
        }

        return null;
    }
}
#endif
