using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Sim.Cli.Demo;

/// <summary>Shows both hosts while a story runs.</summary>
internal interface IDemoScreen
{
    /// <summary>Shows until the story is over; passes on how it ended.</summary>
    Task ShowAsync(LabHarness lab, Func<string> chapter, Task story);
}
