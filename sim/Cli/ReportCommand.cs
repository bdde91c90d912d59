using System.CommandLine;
using System.Diagnostics;
using TwoNodeHa.Sim.Report;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Cli;

/// <summary><c>sim report</c>: the scenario table as one HTML page with drawn timelines.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        var folder = new Option<string>("--folder") { Description = "folder of the scenarios", DefaultValueFactory = _ => "sim/scenarios" };
        var filter = new Option<string?>("--only") { Description = "only scenarios whose name contains this" };
        var output = new Option<string>("--out") { Description = "file to write", DefaultValueFactory = _ => "report.html" };
        var command = new Command("report", "Write one self-contained HTML page: the table, and a timeline of every run.") { folder, filter, output };
        command.SetAction(parsed =>
        {
            try
            {
                var watch = Stopwatch.StartNew();
                var scenarios = ScenarioTable.Load(parsed.GetValue(folder)!, parsed.GetValue(filter));
                var progress = Progress.OfConsole(scenarios.Count, "scenarios");
                var verdicts = new ScenarioTable(parsed.GetValue(folder)!, rewriteGolden: false)
                    .Run(scenarios, Environment.ProcessorCount, verdict => progress.Done(!verdict.Passed));
                File.WriteAllText(parsed.GetValue(output)!, ReportPage.Write(verdicts, FirstPage.Picture(scenarios), watch.Elapsed.TotalSeconds));
                Console.WriteLine($"{parsed.GetValue(output)}: {verdicts.Count} scenarios, {verdicts.Count(verdict => !verdict.Passed)} failed");
                return verdicts.All(verdict => verdict.Passed) ? 0 : 1;
            }
            catch (Exception error) when (error is ScenarioException or FormatException or IOException)
            {
                Console.Error.WriteLine(error.Message);
                return 2;
            }
        });
        return command;
    }
}
