using System.Globalization;
using System.Text;

namespace TwoNodeHa.Sim.Scenarios;

/// <summary>All runs of one scenario, judged against its golden log.</summary>
internal sealed record ScenarioVerdict(Scenario Scenario, IReadOnlyList<ScenarioResult> Runs, IReadOnlyList<string> Failures)
{
    public bool Passed => Failures.Count == 0;

    /// <summary>What fails and is known to: of a scenario that its file calls pending.</summary>
    public IReadOnlyList<string> Known { get; init; } = [];
}

/// <summary>The scenario table: every file below a folder, every variant, and the golden logs beside the files.</summary>
internal sealed class ScenarioTable(string folder, bool rewriteGolden, bool compareGolden = true)
{
    /// <summary>Scenario files, in the order of their names; a mistake in one is an error with its line.</summary>
    public static IReadOnlyList<Scenario> Load(string folder, string? filter)
    {
        var files = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            : throw new FormatException($"no folder {folder}: run this in the source tree, or name one with --folder");
        return [.. files.Select(file => Scenario.Load(file, folder))
            .Where(scenario => filter is null || scenario.Name.Contains(filter, StringComparison.Ordinal))
            .Select(Demanding)];
    }

    private static Scenario Demanding(Scenario scenario) => scenario.Expected.Count > 0 ? scenario
        : throw new ScenarioException(scenario.File, 1, "a scenario needs an 'expect': one that demands nothing cannot fail");

    /// <summary>Runs them all on some threads; the order of the results is the order of the scenarios.</summary>
    /// <param name="scenarios">What to run.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="done">Told of each that is done, from any of the threads.</param>
    public IReadOnlyList<ScenarioVerdict> Run(IReadOnlyList<Scenario> scenarios, int threads, Action<ScenarioVerdict>? done = null)
    {
        var verdicts = new ScenarioVerdict[scenarios.Count];
        var next = -1;
        Exception? trouble = null;
        void Work()
        {
            for (var i = Interlocked.Increment(ref next); i < scenarios.Count && trouble is null; i = Interlocked.Increment(ref next))
            {
                try
                {
                    verdicts[i] = RunOne(scenarios[i]);
                    done?.Invoke(verdicts[i]);
                }
                catch (ScenarioException error)
                {
                    trouble = error;
                }
                catch (Exception error)
                {
                    trouble = new FormatException($"{scenarios[i].Name}: {error}", error);
                }
            }
        }

        Workers.Run(threads, Work);
        return trouble is null ? verdicts : throw trouble;
    }

    private ScenarioVerdict RunOne(Scenario scenario)
    {
        var runs = scenario.Variants().Select(variant => new ScenarioRun(scenario, variant).Run()).ToList();
        var failures = runs.SelectMany(run => run.Failures.Select(failure =>
            run.Variant.Name(scenario) is { Length: > 0 } name ? $"{failure} [{name}]" : failure)).ToList();
        if (scenario.Pending is not null)
        {
            return new ScenarioVerdict(scenario, runs, failures.Count > 0 ? [] : [$"{scenario.File}: passes: take its 'pending' away"]) { Known = failures };
        }

        var golden = Path.Combine(folder, scenario.Name + ".log");
        var text = Text(scenario, runs);
        if (rewriteGolden)
        {
            File.WriteAllText(golden, text);
        }
        else if (compareGolden)
        {
            failures.AddRange(Compare(golden, text));
        }

        return new ScenarioVerdict(scenario, runs, failures);
    }

    /// <summary>The log as it is kept: one section for each variant.</summary>
    public static string Text(Scenario scenario, IEnumerable<ScenarioResult> runs)
    {
        var text = new StringBuilder();
        foreach (var run in runs)
        {
            text.Append(CultureInfo.InvariantCulture, $"== {(run.Variant.Name(scenario) is { Length: > 0 } name ? name : "the only variant")}\n");
            foreach (var line in run.Log)
            {
                text.Append(line).Append('\n');
            }
        }

        return text.ToString();
    }

    private static IEnumerable<string> Compare(string golden, string text)
    {
        if (!File.Exists(golden))
        {
            return [$"{golden}: no golden log; look at the run (sim run), then write it with: sim table --rewrite-golden"];
        }

        var (known, seen) = (File.ReadAllText(golden).Split('\n'), text.Split('\n'));
        for (var i = 0; i < Math.Max(known.Length, seen.Length); i++)
        {
            var (was, now) = (known.ElementAtOrDefault(i), seen.ElementAtOrDefault(i));
            if (was != now)
            {
                return [$"{golden}:{i + 1}: golden log differs\n    was: {was ?? "(end)"}\n    now: {now ?? "(end)"}"];
            }
        }

        return [];
    }
}
