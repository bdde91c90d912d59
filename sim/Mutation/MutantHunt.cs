#if MUTANTS
using System.Diagnostics;
using TwoNodeHa.Core;
using TwoNodeHa.Sim.Fuzz;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Mutation;

/// <summary>What caught one mutant.</summary>
internal sealed record MutantFate(MutantRule Rule, string? Test, string? Table, string? Fuzz, double Seconds)
{
    public bool Killed => (Test ?? Table ?? Fuzz) is not null;
}

/// <summary>Tries to catch a mutant: by its unit test, by the scenarios (expectations and promises, never the golden logs), by fuzz.</summary>
internal sealed class MutantHunt(IReadOnlyList<Scenario> scenarios, HuntOrder order)
{
    /// <summary>Where scenarios are left that catch what the table does not.</summary>
    private static readonly string s_found = Path.Combine("sim", "mutants", "obj", "found");

    private const int ShrinkTries = 150;

    public MutantFate Hunt(MutantRule rule, int number)
    {
        var watch = Stopwatch.StartNew();
        Mutant.Active = number;
        try
        {
            var test = rule.Test.Length > 0 || (!order.Hinted && number > 0) ? UnitTests.Broken(order.Hinted ? rule.Test : "") : null;
            var table = test is null ? ByTable(rule) : null;
            var fuzz = (test ?? table) is null || order.FuzzAll ? ByFuzz(rule, number) : null;
            return new MutantFate(rule, test, table, fuzz, watch.Elapsed.TotalSeconds);
        }
        finally
        {
            Mutant.Active = 0;
        }
    }

    private string? ByTable(MutantRule rule)
    {
        var likely = scenarios.Where(scenario => rule.Names(scenario.Name));
        foreach (var scenario in likely.Concat(order.Hinted ? [] : scenarios.Where(scenario => order.Plays(scenario.Name))).Distinct())
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

    /// <summary>A schedule counts when it breaks with the mutant and not without; it is left as a scenario file.</summary>
    private string? ByFuzz(MutantRule rule, int number)
    {
        foreach (var safety in (FuzzClass[])[FuzzClass.C, FuzzClass.B, FuzzClass.A])
        {
            for (var seed = 1; seed <= order.FuzzSeeds; seed++)
            {
                var schedule = FuzzSchedule.Of(seed, safety);
                if (FuzzCampaign.RunSeed(schedule).Failure is { } what && IsSound(schedule, number))
                {
                    var small = FuzzShrinker.Shrink(
                        schedule, candidate => FuzzCampaign.Kind(FuzzCampaign.RunSeed(candidate).Failure) is { } kind && IsSound(candidate, number) ? kind : null, ShrinkTries);
                    Directory.CreateDirectory(s_found);
                    File.WriteAllText(Path.Combine(s_found, rule.Name + ".yaml"), FuzzSchedule.ToYaml(small));
                    return $"class {safety} seed {seed}: {what}";
                }
            }
        }

        return null;
    }

    /// <summary>The rules as they are pass this schedule.</summary>
    private static bool IsSound(Scenario schedule, int number)
    {
        Mutant.Active = 0;
        try
        {
            return FuzzCampaign.RunSeed(schedule).Failure is null;
        }
        finally
        {
            Mutant.Active = number;
        }
    }
}
#endif
