using System.CommandLine;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Cli;

/// <summary><c>sim run FILE</c>: one scenario file, told as it happens.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("files") { Description = "scenario files", Arity = ArgumentArity.OneOrMore };
        var command = new Command("run", "Run scenario files and print what happens; golden logs are not looked at.") { files };
        command.SetAction(parsed => parsed.GetValue(files)!.Sum(Run) == 0 ? 0 : 1);
        return command;
    }

    /// <summary>How many variants did not go as expected; what happens is printed.</summary>
    internal static int Run(string file)
    {
        try
        {
            var scenario = Scenario.Load(file, Path.GetDirectoryName(Path.GetFullPath(file))!);
            return scenario.Variants().Count(variant => !Tell(scenario, variant));
        }
        catch (Exception error) when (error is ScenarioException or IOException)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
    }

    private static bool Tell(Scenario scenario, Variant variant)
    {
        var run = new ScenarioRun(scenario, variant);
        run.World.OnLine = Console.WriteLine;
        Console.WriteLine($"== {scenario.Name} {variant.Name(scenario)}".TrimEnd());
        var result = run.Run();
        foreach (var failure in result.Failures)
        {
            Console.WriteLine(failure);
        }

        foreach (var (what, count) in result.Excused)
        {
            Console.WriteLine($"let pass {count} times: {what}");
        }

        if (result.DoubleTime > TimeSpan.Zero)
        {
            Console.WriteLine($"VMs were double for {result.DoubleTime.TotalSeconds:F1} s");
        }

        Console.WriteLine(result.Passed ? "as expected" : "NOT as expected");
        return result.Passed;
    }
}
