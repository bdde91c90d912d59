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
    private const int FuzzSeeds = 1500;

    public static Command Create()
    {
        var only = new Option<string?>("--only") { Description = "only mutants whose name contains this, or one of these: a,b" };
        var seeds = new Option<int?>("--fuzz-seeds") { Description = "fuzz seeds of each class for what the table does not catch: 1500, with --hinted 0" };
        var all = new Option<bool>("--all") { Description = "fuzz those too that the table caught" };
        var hinted = new Option<bool>("--hinted") { Description = "of the table only the scenarios that a mutant's hint names: quick" };
        var shard = new Option<string>("--shard") { Description = "i/n: every n-th mutant, from the i-th", DefaultValueFactory = _ => "1/1" };
        var threads = new Option<int>("--threads") { Description = "mutants at a time", DefaultValueFactory = _ => Environment.ProcessorCount };
        var table = new Option<string?>("--table") { Description = "of the table only scenarios whose name contains this, or one of these: operator/,vm/" };
        var play = new Option<string?>("--play") { Description = "tells this scenario file with each of the mutants on, and hunts nothing" };
        var command = new Command("mutants", "Switch every safety rule off, one at a time: a unit test, the table or fuzz must notice.") { only, seeds, all, threads, shard, hinted, table, play };
        command.SetAction(parsed =>
        {
            var order = new HuntOrder(
                parsed.GetValue(only), parsed.GetValue(seeds) ?? (parsed.GetValue(hinted) ? 0 : FuzzSeeds), parsed.GetValue(all), parsed.GetValue(threads), parsed.GetValue(shard)!, parsed.GetValue(hinted), parsed.GetValue(table), parsed.GetValue(play));
            try
            {
#if MUTANTS
                return Hunt(order);
#else
                return BuildAndRun(order);
#endif
            }
            catch (Exception error) when (error is FormatException or OverflowException or IOException or ScenarioException)
            {
                Console.Error.WriteLine(error.Message);
                return 2;
            }
        });
        return command;
    }

#if MUTANTS
    private static int Hunt(HuntOrder order)
    {
        var rules = MutantFile.Load(Path.Combine(Folder, "mutants.yaml"));

        // What is known to be broken would "catch" every mutant.
        var scenarios = ScenarioTable.Load("sim/scenarios", null).Where(scenario => scenario.Pending is null).ToList();
        if (rules.FirstOrDefault(rule => rule.Test.Length == 0 && !scenarios.Exists(scenario => rule.Names(scenario.Name))) is { } lost)
        {
            Console.Error.WriteLine($"mutant {lost.Name}: no scenario has '{lost.Hint}' in its name");
            return 2;
        }

        if (rules.FirstOrDefault(rule => rule.Test.Length > 0 && !UnitTests.Exists(rule.Test)) is { } untested)
        {
            Console.Error.WriteLine($"mutant {untested.Name}: there is no unit test {untested.Test}");
            return 2;
        }

        var numbers = Enumerable.Range(1, rules.Count).Where(number => order.Hunts(rules[number - 1])).ToList();
        if (numbers.Count == 0)
        {
            Console.Error.WriteLine($"no mutant has '{order.Only}' in its name");
            return 2;
        }

        var (part, parts) = FuzzCommand.Range(order.Shard, "/");
        numbers = [.. numbers.Where((_, index) => index % parts == part - 1)];

        if (order.Hinted)
        {
            scenarios = scenarios.FindAll(scenario => numbers.Exists(number => rules[number - 1].Names(scenario.Name)));
        }
        else
        {
            scenarios = scenarios.FindAll(scenario => order.Plays(scenario.Name) || numbers.Exists(number => rules[number - 1].Names(scenario.Name)));
        }

        if (order.Play is { } file)
        {
            return numbers.Sum(number => Play(file, rules[number - 1], number)) == 0 ? 0 : 1;
        }

        var tested = numbers.Select(number => rules[number - 1].Test).Where(test => test.Length > 0).Distinct().Select(UnitTests.Broken).FirstOrDefault(broken => broken is not null);
        if (tested is not null)
        {
            Console.Error.WriteLine($"a unit test fails without any mutant: {tested}");
            return 2;
        }

        if (new MutantHunt(scenarios, order with { FuzzSeeds = 0, FuzzAll = false }).Hunt(new MutantRule { Name = "no mutant" }, 0) is { Killed: true } sound)
        {
            // Whatever fails without a mutant would "catch" every one of them.
            Console.Error.WriteLine($"the table fails without any mutant: {sound.Table}");
            return 2;
        }

        var fates = new MutantFate[numbers.Count];
        var next = -1;
        var watch = Stopwatch.StartNew();
        void Work()
        {
            for (var i = Interlocked.Increment(ref next); i < numbers.Count; i = Interlocked.Increment(ref next))
            {
                var fate = new MutantHunt(scenarios, order).Hunt(rules[numbers[i] - 1], numbers[i]);
                lock (fates)
                {
                    fates[i] = fate;
                    Tell(fate);
                }
            }
        }

        Workers.Run(order.Threads, Work);
        var killed = fates.Count(fate => fate.Killed);
        var known = fates.Count(fate => fate is { Killed: false, Rule.Survives.Length: > 0 });
        Console.WriteLine($"{fates.Length} mutants, {killed} killed ({fates.Count(fate => fate.Table is not null)} by the table, {fates.Count(fate => fate.Test is not null)} by a unit test), "
            + $"{known} survive for a known reason, {fates.Length - killed - known} survive, {watch.Elapsed.TotalSeconds:F0} s");
        foreach (var fate in fates.Where(fate => fate is { Killed: true, Rule.Survives.Length: > 0 }))
        {
            Console.Error.WriteLine($"{fate.Rule.Name} is caught now: take the reason out of mutants.yaml ({fate.Rule.Survives})");
        }

        return fates.All(fate => fate.Killed == (fate.Rule.Survives.Length == 0)) ? 0 : 1;
    }

    /// <summary>One scenario with a mutant on, told as it happens.</summary>
    private static int Play(string file, MutantRule rule, int number)
    {
        Console.WriteLine($"mutant {rule.Name}: {rule.Rule}");
        Core.Mutant.Active = number;
        try
        {
            return RunCommand.Run(file);
        }
        finally
        {
            Core.Mutant.Active = 0;
        }
    }

    private static void Tell(MutantFate fate)
    {
        var verdict = fate.Killed ? "killed  " : fate.Rule.Survives.Length > 0 ? "survives" : "SURVIVES";
        Console.WriteLine($"{verdict} {fate.Rule.Name,-36} {fate.Seconds,5:F1} s  {fate.Test ?? fate.Table ?? fate.Fuzz ?? (fate.Rule.Survives.Length > 0 ? fate.Rule.Survives : fate.Rule.Rule)}");
        if (fate is { Table: not null, Fuzz: not null })
        {
            Console.WriteLine($"{"",55}{fate.Fuzz}");
        }
    }
#else
    private static int BuildAndRun(HuntOrder order)
    {
        var rules = MutantFile.Load(Path.Combine(Folder, "mutants.yaml"));
        MutantFile.WriteCore(rules, "src/TwoNodeHa.Core", Path.Combine(Folder, "obj", "core"));
        var build = Start("build", "-c", "Release", "-v", "q", "--nologo", Folder);
        if (build != 0)
        {
            Console.Error.WriteLine("the test build of the simulator does not build: a mutant's text is not C#");
            return build;
        }

        List<string> arguments =
        [
            Path.Combine(Folder, "bin", "Release", "net10.0", "sim-mutants.dll"), "mutants", "--fuzz-seeds", $"{order.FuzzSeeds}",
            "--threads", $"{order.Threads}", "--shard", order.Shard,
        ];
        if (order.Only is { } only)
        {
            arguments.AddRange(["--only", only]);
        }

        if (order.Hinted)
        {
            arguments.Add("--hinted");
        }

        if (order.Table is { } table)
        {
            arguments.AddRange(["--table", table]);
        }

        if (order.Play is { } file)
        {
            arguments.AddRange(["--play", file]);
        }

        if (order.FuzzAll)
        {
            arguments.Add("--all");
        }

        return Start([.. arguments]);
    }

    /// <summary>Runs dotnet with these arguments, and gives its exit code.</summary>
    internal static int Start(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments)) ?? throw new IOException("dotnet cannot be started");
        process.WaitForExit();
        return process.ExitCode;
    }
#endif
}
