using System.CommandLine;
using Spectre.Console;
using TwoNodeHa.Sim.Cli.Demo;
using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Sim.Cli;

/// <summary>
/// <c>sim demo</c>: the master's cable is pulled and plugged in again. Real daemons on a real network where the system
/// allows that, else the same story in virtual time.
/// </summary>
internal static class DemoCommand
{
    /// <param name="virtualStory">The story for systems without namespaces.</param>
    public static Command Create(IVirtualStory virtualStory)
    {
        var profile = new Option<string>("--profile")
        {
            Description = "Timing profile of the daemons: fast or balanced.", DefaultValueFactory = _ => "fast",
        }.AcceptOnlyFromAmong("fast", "balanced");
        var crossover = new Option<bool>("--crossover") { Description = "A second cable between the hosts." };
        var noColor = new Option<bool>("--no-color") { Description = "No colours, no live picture." };
        var virtualTime = new Option<bool>("--virtual") { Description = "Virtual time, even where a lab is possible." };
        var command = new Command("demo", "Two hosts live: pull the master's cable and watch.")
        {
            profile, crossover, noColor, virtualTime,
        };
        command.SetAction((parsed, stop) => RunAsync(
            new DemoOptions(parsed.GetValue(profile)!, parsed.GetValue(crossover), parsed.GetValue(noColor)),
            parsed.GetValue(virtualTime),
            virtualStory,
            stop));
        return command;
    }

    private static Task<int> RunAsync(
        DemoOptions options, bool virtualTime, IVirtualStory virtualStory, CancellationToken stop)
    {
        if (!virtualTime && LabSupport.AsRootOfOneself([.. Environment.GetCommandLineArgs().Skip(1)]) is { } code)
        {
            return Task.FromResult(code);
        }

        IAnsiConsole console = ConsoleFor(options);
        string? reason = virtualTime ? "virtual time was asked for" : LabNetwork.WhyImpossible();
        if (reason is null)
        {
            return new LabStoryteller(options, console).TellAsync(stop);
        }

        console.WriteLine($"No real network here: {reason}");
        console.WriteLine("The same story in virtual time:");
        return virtualStory.TellAsync(options, console, stop);
    }

    private static IAnsiConsole ConsoleFor(DemoOptions options)
    {
        bool plain = options.NoColor || Console.IsOutputRedirected;
        return plain
            ? AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors })
            : AnsiConsole.Console;
    }
}
