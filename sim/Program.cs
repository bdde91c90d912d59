using System.CommandLine;
using TwoNodeHa.Sim.Cli;

var root = new RootCommand("Emulated two-host pools for TwoNodeHa.")
{
    // One line per verb.
    XapiCommand.Create(),
    NodeCommand.Create(),
    FuzzCommand.Create(),
    DemoCommand.Create(virtualStory: null),
    BenchCommand.Create(),
};

return await root.Parse(NodeCommand.SplitDaemon(args)).InvokeAsync(new InvocationConfiguration
{
    // A host ends in its own time; both verbs handle the signals themselves.
    ProcessTerminationTimeout = null,
});
