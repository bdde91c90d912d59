using System.CommandLine;
using System.Diagnostics;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Cli;

/// <summary><c>sim table</c>: every scenario file, every variant, against expectations and golden logs.</summary>
internal static class TableCommand
{
    public static Command Create()
    {
        var folder = new Option<string>("--folder") { Description = "folder of the scenarios", DefaultValueFactory = _ => "sim/scenarios" };
        var filter = new Option<string?>("--only") { Description = "only scenarios whose name contains this" };
        var rewrite = new Option<bool>("--rewrite-golden") { Description = "write the golden logs anew; look at the difference before you commit it" };
        var docs = new Option<bool>("--docs") { Description = "write docs/scenarios.md and docs/scenario-verbs.md" };
        var threads = new Option<int>("--threads") { Description = "threads", DefaultValueFactory = _ => Environment.ProcessorCount };
        var command = new Command("table", "Run the scenario table.") { folder, filter, rewrite, docs, threads };
        command.SetAction(parsed =>
        {
            try
            {
                return Run(parsed.GetValue(folder)!, parsed.GetValue(filter), parsed.GetValue(rewrite), parsed.GetValue(docs), parsed.GetValue(threads));
            }
            catch (Exception error) when (error is ScenarioException or FormatException)
            {
                Console.Error.WriteLine(error.Message);
                return 2;
            }
        });
        return command;
    }

    private static int Run(string folder, string? filter, bool rewrite, bool docs, int threads)
    {
        var watch = Stopwatch.StartNew();
        var scenarios = ScenarioTable.Load(folder, filter);
        var progress = Progress.OfConsole(scenarios.Count, "scenarios");
        var verdicts = new ScenarioTable(folder, rewrite).Run(scenarios, threads, verdict => progress.Done(!verdict.Passed));
        var known = verdicts.Where(verdict => verdict.Known.Count > 0).ToList();
        foreach (var verdict in known)
        {
            Console.WriteLine($"known broken: {verdict.Scenario.Name}: {verdict.Scenario.Pending} ({verdict.Known.Count}: {verdict.Known[0]})");
        }

        foreach (var (what, count) in verdicts.SelectMany(verdict => verdict.Runs).SelectMany(run => run.Excused)
            .GroupBy(excused => excused.Key, excused => excused.Value, StringComparer.Ordinal).Select(group => (group.Key, group.Sum())))
        {
            Console.WriteLine($"let pass {count} times: {what}");
        }

        foreach (var failure in verdicts.SelectMany(verdict => verdict.Failures))
        {
            Console.WriteLine(failure);
        }

        if (docs)
        {
            File.WriteAllText("docs/scenarios.md", ScenarioDocs.Scenarios(verdicts, Baselines.Comparison.Columns()));
            File.WriteAllText("docs/scenario-verbs.md", ScenarioDocs.Verbs());
        }

        foreach (var area in verdicts.GroupBy(verdict => verdict.Scenario.Area))
        {
            var (fences, takeovers) = (area.Sum(verdict => verdict.Runs.Sum(run => run.Fences)), area.Sum(verdict => verdict.Runs.Sum(run => run.Takeovers)));
            Console.WriteLine($"{area.Key,-12} {area.Count(),4} scenarios {area.Sum(verdict => verdict.Runs.Count),5} runs {fences,5} fenced {takeovers,5} taken over "
                + $"{area.Count(verdict => !verdict.Passed),4} failed");
        }

        var runs = verdicts.Sum(verdict => verdict.Runs.Count);
        var failed = verdicts.Count(verdict => !verdict.Passed);
        var simulated = verdicts.Sum(verdict => verdict.Runs.Sum(run => run.Simulated.TotalHours));
        Console.WriteLine($"{verdicts.Count} scenarios, {runs} runs, {failed} failed, known broken: {known.Count}, {simulated:F0} simulated h in {watch.Elapsed.TotalSeconds:F1} s");
        return failed == 0 ? 0 : 1;
    }
}
