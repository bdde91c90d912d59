using System.CommandLine;
using System.Diagnostics;
using TwoNodeHa.Sim.Mutation;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Cli;

/// <summary>
/// <c>sim mutants</c>: builds the test build of the simulator, in which every safety rule can be switched off by name, and
/// shows what catches each. The switches exist in that build only.
/// </summary>
internal static class MutantsCommand
{
    private const string Folder = "sim/mutants";

    public static Command Create()
    {
        var only = new Option<string?>("--only") { Description = "only mutants whose name contains this" };
        var seeds = new Option<int>("--fuzz-seeds") { Description = "fuzz seeds of each class for what the table does not catch", DefaultValueFactory = _ => 1500 };
        var all = new Option<bool>("--all") { Description = "fuzz those too that the table caught" };
        var command = new Command("mutants", "Switch every safety rule off, one at a time: table or fuzz must notice.") { only, seeds, all };
        command.SetAction(parsed =>
        {
            try
            {
#if MUTANTS
                return Hunt(parsed.GetValue(only), parsed.GetValue(seeds), parsed.GetValue(all));
#else
                return BuildAndRun(parsed.GetValue(only), parsed.GetValue(seeds), parsed.GetValue(all));
#endif
            }
            catch (Exception error) when (error is FormatException or IOException or ScenarioException)
            {
                Console.Error.WriteLine(error.Message);
                return 2;
            }
        });
        return command;
    }

#if MUTANTS
    private static int Hunt(string? only, int seeds, bool all)
    {
        var rules = MutantFile.Load(Path.Combine(Folder, "mutants.yaml"));

        // What is known to be broken would "catch" every mutant.
        var scenarios = ScenarioTable.Load("sim/scenarios", null).Where(scenario => scenario.Pending is null).ToList();
        if (new MutantHunt(scenarios, 0, false).Hunt(new MutantRule { Name = "no mutant" }, 0) is { Killed: true } sound)
        {
            // Whatever fails without a mutant would "catch" every one of them.
            Console.Error.WriteLine($"the table fails without any mutant: {sound.Table}");
            return 2;
        }

        var numbers = Enumerable.Range(1, rules.Count).Where(number => only is null || rules[number - 1].Name.Contains(only, StringComparison.Ordinal)).ToList();
        var fates = new MutantFate[numbers.Count];
        var next = -1;
        var watch = Stopwatch.StartNew();
        void Work()
        {
            for (var i = Interlocked.Increment(ref next); i < numbers.Count; i = Interlocked.Increment(ref next))
            {
                fates[i] = new MutantHunt(scenarios, seeds, all).Hunt(rules[numbers[i] - 1], numbers[i]);
            }
        }

        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(Work, 16 << 20)).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        foreach (var fate in fates)
        {
            Console.WriteLine($"{(fate.Killed ? "killed  " : "SURVIVES")} {fate.Rule.Name,-36} {fate.Table ?? fate.Fuzz ?? fate.Rule.Rule}");
            if (fate is { Table: not null, Fuzz: not null })
            {
                Console.WriteLine($"{"",46}{fate.Fuzz}");
            }
        }

        var killed = fates.Count(fate => fate.Killed);
        Console.WriteLine($"{fates.Length} mutants, {killed} killed ({fates.Count(fate => fate.Table is not null)} by the table), "
            + $"{fates.Length - killed} survive, {watch.Elapsed.TotalSeconds:F0} s");
        return killed == fates.Length ? 0 : 1;
    }
#else
    private static int BuildAndRun(string? only, int seeds, bool all)
    {
        var rules = MutantFile.Load(Path.Combine(Folder, "mutants.yaml"));
        MutantFile.WriteCore(rules, "src/TwoNodeHa.Core", Path.Combine(Folder, "obj", "core"));
        var build = Start("build", "-c", "Release", "-v", "q", "--nologo", Folder);
        if (build != 0)
        {
            Console.Error.WriteLine("the test build of the simulator does not build: a mutant's text is not C#");
            return build;
        }

        List<string> arguments = [Path.Combine(Folder, "bin", "Release", "net10.0", "sim-mutants.dll"), "mutants", "--fuzz-seeds", $"{seeds}"];
        if (only is not null)
        {
            arguments.AddRange(["--only", only]);
        }

        if (all)
        {
            arguments.Add("--all");
        }

        return Start([.. arguments]);
    }

    private static int Start(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments)) ?? throw new IOException("dotnet cannot be started");
        process.WaitForExit();
        return process.ExitCode;
    }
#endif
}
