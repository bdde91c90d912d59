using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using TwoNodeHa.Sim.Mutation;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Cli;

/// <summary><c>sim operators</c>: changes every condition, bound, sign, statement and "with" of the decision code, one at a time.</summary>
internal static class OperatorsCommand
{
    private const string Folder = "sim/mutants";
    private const string Ledger = Folder + "/operators.tsv";
    private const string Core = Folder + "/obj/operators";

    /// <summary>What of Core is changed.</summary>
    private static readonly string[] s_parts = ["Rules/", "Procedures/", "Peer/"];

    public static Command Create()
    {
        var only = new Option<string?>("--only") { Description = "only mutants whose file, member or text contains this" };
        var all = new Option<bool>("--all") { Description = "hunt each anew, not by what the ledger names; the ledger learns what is found" };
        var fresh = new Option<int>("--new") { Description = "of those that the ledger does not know, hunt so many" };
        var tries = new Option<int>("--tries") { Description = "scenarios for one mutant, then it survives", DefaultValueFactory = _ => 40 };
        var minutes = new Option<double>("--minutes") { Description = "then no further one is begun", DefaultValueFactory = _ => 24 * 60 };
        var threads = new Option<int>("--threads") { Description = "mutants at a time", DefaultValueFactory = _ => Environment.ProcessorCount };
        var shard = new Option<string>("--shard") { Description = "i/n: every n-th mutant, from the i-th", DefaultValueFactory = _ => "1/1" };
        var command = new Command("operators", "Change every operator of rules, procedures and peer code: the unit tests of the machine or the table must notice.") { only, all, fresh, tries, minutes, threads, shard };
        command.SetAction(parsed =>
        {
            var order = new OperatorOrder(parsed.GetValue(only), parsed.GetValue(all), parsed.GetValue(fresh), parsed.GetValue(tries), parsed.GetValue(minutes), parsed.GetValue(threads), parsed.GetValue(shard)!);
            try
            {
#if MUTANTS
                return Hunt(order);
#else
                return BuildAndRun(order);
#endif
            }
            catch (Exception error) when (error is FormatException or IOException or ScenarioException or InvalidOperationException)
            {
                Console.Error.WriteLine(error.Message);
                return 2;
            }
        });
        return command;
    }

#if MUTANTS
    private static int Hunt(OperatorOrder order)
    {
        var watch = Stopwatch.StartNew();
        var ledger = OperatorLedger.Load(Ledger);
        var (part, parts) = FuzzCommand.Range(order.Shard, "/");
        var every = File.ReadAllLines(Path.Combine(Core, "operators.tsv")).Select(line => line.Split('\t'))
            .Select(fields => (Number: int.Parse(fields[0], CultureInfo.InvariantCulture), Line: int.Parse(fields[1], CultureInfo.InvariantCulture), Id: fields[2])).ToList();
        var mutants = every.Where(mutant => order.Only is null || mutant.Id.Contains(order.Only, StringComparison.Ordinal)).Where((_, index) => index % parts == part - 1).ToList();
        var fresh = mutants.Where(mutant => !ledger.Killers.ContainsKey(mutant.Id)).ToList();
        if (!order.All)
        {
            mutants = [.. mutants.Except(fresh.Skip(order.New))];
        }

        var scenarios = ScenarioTable.Load("sim/scenarios", null).Where(scenario => scenario.Pending is null).ToList();
        var hunt = new OperatorHunt(scenarios, every[^1].Number, order.Tries);
        var fates = new OperatorFate?[mutants.Count];
        var next = -1;
        var done = 0;
        Exception? trouble = null;
        void Work()
        {
            try
            {
                for (var i = Interlocked.Increment(ref next); i < mutants.Count && trouble is null && watch.Elapsed.TotalMinutes < order.Minutes; i = Interlocked.Increment(ref next))
                {
                    fates[i] = FateOf(mutants[i].Id, mutants[i].Line, mutants[i].Number, hunt, ledger, order.All);
                    if (Interlocked.Increment(ref done) % 100 == 0)
                    {
                        Console.WriteLine($"{done} of {mutants.Count}, {watch.Elapsed.TotalSeconds:F0} s");
                    }
                }
            }
            catch (InvalidOperationException error)
            {
                trouble = error;
            }
        }

        Workers.Run(order.Threads, Work);
        if (trouble is not null)
        {
            throw trouble;
        }

        var hunted = fates.OfType<OperatorFate>().ToArray();
        if (order.All)
        {
            ledger.Save(Ledger, hunted, every.Select(mutant => mutant.Id).ToHashSet(StringComparer.Ordinal));
        }

        Console.WriteLine($"{every.Count} mutants in all, {every.Count(mutant => !ledger.Killers.ContainsKey(mutant.Id))} of them never hunted");
        return Judge(order, ledger, hunted, watch);
    }

    private static OperatorFate FateOf(string id, int line, int number, OperatorHunt hunt, OperatorLedger ledger, bool all)
    {
        if (all || !ledger.Killers.TryGetValue(id, out var killer))
        {
            return hunt.Hunt(id, line, number);
        }

        return killer.Length == 0 ? new OperatorFate(id, line, "", "", true) : hunt.ByName(id, line, number, killer) ?? hunt.Hunt(id, line, number);
    }

    private static int Judge(OperatorOrder order, OperatorLedger ledger, OperatorFate[] fates, Stopwatch watch)
    {
        foreach (var fate in fates.Where(fate => !fate.Killed && (order.All || order.Only is not null || ledger.Killers.GetValueOrDefault(fate.Id) != fate.Killer)))
        {
            Console.WriteLine($"{(fate.OnlyLogged ? "only the log" : fate.Reached ? "survives" : "never reached"),-13} {fate.Id} (line {fate.Line}{(fate.OnlyLogged ? $", {fate.Killer[4..]}" : "")})");
        }

        var low = false;
        foreach (var group in fates.GroupBy(fate => fate.Part).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var (share, floor) = (OperatorShare.Of([.. group]), ledger.FloorOf(group.Key));
            low |= share.Killed < floor.Killed || share.WithLogs < floor.WithLogs;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{group.Key,-12} {group.Count(),4} mutants, {share.Killed:F1} % noticed by tests, expectations and promises (floor {floor.Killed:F1} %), {share.WithLogs:F1} % with golden logs (floor {floor.WithLogs:F1} %), {group.Count(fate => fate.Killer.Length == 0)} by nothing"));
        }

        Console.WriteLine($"{watch.Elapsed.TotalSeconds:F0} s");
        return low && order is { Only: null, Shard: "1/1" } ? 1 : 0;
    }
#else
    private static int BuildAndRun(OperatorOrder order)
    {
        const string Writer = "sim/operators";
        List<string> arguments = ["bin/Release/net10.0/operators/sim-mutants.dll", "operators", "--tries", $"{order.Tries}", "--minutes", order.Minutes.ToString(CultureInfo.InvariantCulture), "--threads", $"{order.Threads}", "--shard", order.Shard, "--new", $"{order.New}"];
        arguments[0] = $"{Folder}/{arguments[0]}";
        if (order.Only is { } only)
        {
            arguments.AddRange(["--only", only]);
        }

        if (order.All)
        {
            arguments.Add("--all");
        }

        var references = Path.GetDirectoryName(typeof(OperatorsCommand).Assembly.Location)!;
        string[][] steps =
        [
            ["build", "-c", "Release", "-v", "q", "--nologo", Writer],
            [$"{Writer}/bin/Release/net10.0/operators.dll", "src/TwoNodeHa.Core", Core, references, "global::TwoNodeHa.Core.Mutant.Is({0})", .. s_parts],
            ["build", "-c", "Release", "-v", "q", "--nologo", $"-p:MutatedCore={Path.GetFullPath(Core)}", $"-p:OutputPath=bin/Release/net10.0/operators/", Folder],
            [.. arguments],
        ];
        return steps.Select(step => MutantsCommand.Start(step)).FirstOrDefault(code => code != 0);
    }
#endif
}
