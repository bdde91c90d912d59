using Spectre.Console;

namespace TwoNodeHa.Sim.Cli.Demo;

/// <summary>What the demo was asked for.</summary>
/// <param name="Profile">Timing profile of the daemons.</param>
/// <param name="Crossover">A second cable between the hosts.</param>
/// <param name="NoColor">Plain lines only.</param>
internal sealed record DemoOptions(string Profile, bool Crossover, bool NoColor);

/// <summary>Tells the story of the demo in virtual time: for systems that allow no network namespaces.</summary>
internal interface IVirtualStory
{
    /// <summary>Exit code: 0 when the story went as it should.</summary>
    Task<int> TellAsync(DemoOptions options, IAnsiConsole console, CancellationToken stop);
}
