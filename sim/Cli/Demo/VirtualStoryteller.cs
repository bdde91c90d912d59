using Spectre.Console;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Cli.Demo;

/// <summary>The story of the demo over the virtual world: minutes of it take well under a second.</summary>
internal sealed class VirtualStoryteller : IVirtualStory
{
    public Task<int> TellAsync(DemoOptions options, IAnsiConsole console, CancellationToken stop) =>
        Task.FromResult(VirtualStory.Tell(console.Profile.Out.Writer, options.Profile, options.Crossover));
}
