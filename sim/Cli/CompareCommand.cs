using System.CommandLine;
using System.Text.Json;
using Spectre.Console;
using TwoNodeHa.Sim.Baselines;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Cli;

/// <summary><c>sim compare</c>: the same scenarios under the daemon, HA-Lizard's rules and the cron script's rules.</summary>
internal static class CompareCommand
{
    public static Command Create()
    {
        var filter = new Option<string?>("--only") { Description = "only scenarios whose name contains this" };
        var folder = new Option<string>("--folder") { Description = "folder of the scenarios", DefaultValueFactory = _ => "sim/scenarios" };
        var toolstack = new Option<string>("--toolstack") { Description = "times of the emulated toolstack", DefaultValueFactory = _ => "realistic" }
            .AcceptOnlyFromAmong("realistic", "simulated");
        var json = new Option<string?>("--json") { Description = "write the rows to this file" };
        var command = new Command("compare", "The daemon, HA-Lizard and the cron script of 2010 in the same scenarios.") { filter, folder, toolstack, json };
        command.SetAction(parsed =>
        {
            try
            {
                var only = parsed.GetValue(filter);
                return Run(ScenarioTable.Load(parsed.GetValue(folder)!, only), only is null, parsed.GetValue(toolstack)!, parsed.GetValue(json));
            }
            catch (Exception error) when (error is ScenarioException or FormatException)
            {
                Console.Error.WriteLine(error.Message);
                return 2;
            }
        });
        return command;
    }

    private static int Run(IReadOnlyList<Scenario> scenarios, bool complete, string toolstack, string? json)
    {
        var pairs = scenarios.Where(Comparison.Applies)
            .SelectMany(scenario => scenario.Variants().Select(variant => (scenario, variant))).ToList();
        var progress = Progress.OfConsole(pairs.Count, "runs");
        var rows = pairs.AsParallel().AsOrdered()
            .Select(pair =>
            {
                var outcomes = Enum.GetValues<PolicyKind>().Select(policy => Comparison.Run(pair.scenario, pair.variant, policy, toolstack)).ToList();
                progress.Done();
                return (pair.scenario.Name, Variant: pair.variant.Name(pair.scenario), Outcomes: outcomes);
            })
            .ToList();
        var table = new Table().AddColumns("scenario", "variant", "TwoNodeHa", "HA-Lizard", "cron script").Border(TableBorder.Simple);
        foreach (var (name, variant, outcomes) in rows)
        {
            table.AddRow([.. new[] { name, variant }.Concat(outcomes.Select(outcome => outcome.ToString().Replace("*", "", StringComparison.Ordinal))).Select(Markup.Escape)]);
        }

        AnsiConsole.Write(table);
        foreach (var policy in Enum.GetValues<PolicyKind>())
        {
            var kinds = rows.GroupBy(row => row.Outcomes[(int)policy].What.Trim('*')).OrderBy(group => group.Key);
            Console.WriteLine($"{policy,-10} {string.Join(", ", kinds.Select(group => $"{group.Key} {group.Count()}"))}");
        }

        if (json is not null)
        {
            File.WriteAllText(json, JsonSerializer.Serialize(rows.Select(row => new { row.Name, row.Variant, row.Outcomes }), new JsonSerializerOptions { WriteIndented = true }));
        }

        foreach (var name in rows.Select(row => row.Name).Distinct().Where(name => ByDesign.Of(name) is not null))
        {
            Console.WriteLine($"by design  {name}: {ByDesign.Of(name)!.Reason}");
        }

        return Expected(rows.ConvertAll(row => (row.Name, row.Outcomes)), complete);
    }

    /// <summary>What the page says: the daemon is safe but for what is so by design; each of the others is not, somewhere.</summary>
    private static int Expected(List<(string Name, List<Outcome> Outcomes)> rows, bool complete)
    {
        var wrong = ByDesign.Contradictions(rows.ConvertAll(row => (row.Name, row.Outcomes[(int)PolicyKind.Ours].What)), complete).ToList();
        if (rows.Count == 0)
        {
            wrong.Add("no scenario has such a name: nothing was compared");
        }

        var tame = rows.Count >= TellingRows && Enum.GetValues<PolicyKind>().Where(policy => policy != PolicyKind.Ours)
            .Any(policy => rows.TrueForAll(row => row.Outcomes[(int)policy].What == "safe"));
        if (tame)
        {
            wrong.Add("a baseline passes everything: the comparison shows nothing");
        }

        wrong.ForEach(Console.Error.WriteLine);
        return wrong.Count > 0 ? 1 : 0;
    }

    /// <summary>So many runs meet what the baselines are known for.</summary>
    private const int TellingRows = 10;
}
