using System.CommandLine;
using TwoNodeHa.Sim.Cli;
using TwoNodeHa.Sim.Cli.Demo;

var root = new RootCommand("Emulated two-host pools for TwoNodeHa.")
{
    // One line per verb.
    XapiCommand.Create(),
    NodeCommand.Create(),
    NetworkCommand.Create(),
    FirstProcessCommand.Create(),
    RunCommand.Create(),
    TableCommand.Create(),
    ReportCommand.Create(),
    CompareCommand.Create(),
    MutantsCommand.Create(),
    OperatorsCommand.Create(),
    FuzzCommand.Create(),
    CrashCommand.Create(),
    ChaosCommand.Create(),
    ExploreCommand.Create(),
    DemoCommand.Create(new VirtualStoryteller()),
    BenchCommand.Create(),
    PressureCommand.Create(),
    PlaygroundCommand.Create(),
    BaseboardCommand.Create(),
    UnitCommand.Create(),
    WatchdogCommand.Create(),
    TruthCommand.Create(),
};

return await root.Parse(NodeCommand.SplitDaemon(args)).InvokeAsync(new InvocationConfiguration
{
    // A host ends in its own time; both verbs handle the signals themselves.
    ProcessTerminationTimeout = null,
});
