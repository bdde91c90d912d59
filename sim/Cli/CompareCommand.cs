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
                return Run(ScenarioTable.Load(parsed.GetValue(folder)!, parsed.GetValue(filter)), parsed.GetValue(toolstack)!, parsed.GetValue(json));
            }
            catch (Exception error) when (error is ScenarioException or FormatException)
            {
                Console.Error.WriteLine(error.Message);
                return 2;
            }
        });
        return command;
    }

    private static int Run(IReadOnlyList<Scenario> scenarios, string toolstack, string? json)
    {
        var rows = scenarios.Where(Comparison.Applies)
            .SelectMany(scenario => scenario.Variants().Select(variant => (scenario, variant)))
            .AsParallel().AsOrdered()
            .Select(pair => (pair.scenario.Name, Variant: pair.variant.Name(pair.scenario),
                Outcomes: Enum.GetValues<PolicyKind>().Select(policy => Comparison.Run(pair.scenario, pair.variant, policy, toolstack)).ToList()))
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

        return Expected(rows.ConvertAll(row => (row.Name, row.Outcomes)));
    }

    /// <summary>What the page says: the daemon never ends with a VM twice or in need of a person; each of the others does, somewhere.</summary>
    private static int Expected(List<(string Name, List<Outcome> Outcomes)> rows)
    {
        var bad = rows.Where(row => row.Outcomes[(int)PolicyKind.Ours].What != "safe" && !Comparison.IsKnown(row.Name)).ToList();
        foreach (var (name, outcomes) in bad)
        {
            Console.Error.WriteLine($"{name}: the daemon ends '{outcomes[(int)PolicyKind.Ours]}', and the comparison says that it does not");
        }

        var tame = rows.Count >= TellingRows && Enum.GetValues<PolicyKind>().Where(policy => policy != PolicyKind.Ours)
            .Any(policy => rows.TrueForAll(row => row.Outcomes[(int)policy].What == "safe"));
        if (tame)
        {
            Console.Error.WriteLine("a baseline passes everything: the comparison shows nothing");
        }

        return bad.Count > 0 || tame ? 1 : 0;
    }

    /// <summary>So many runs meet what the baselines are known for.</summary>
    private const int TellingRows = 10;
}
