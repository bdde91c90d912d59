using System.CommandLine;
using Spectre.Console;
using TwoNodeHa.Sim.Lab;
using TwoNodeHa.Sim.Lab.Parts;

namespace TwoNodeHa.Sim.Cli;

/// <summary>
/// <c>sim bench failover</c>: how long a failover takes in the lab, part by part, and what a daemon costs;
/// <c>sim bench lateness</c>: how late the daemons' loops are, idle and under pressure.
/// </summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        var bench = new Command("bench", "Measure real daemons in the lab.");
        bench.Subcommands.Add(Failover());
        bench.Subcommands.Add(SimulatorBench.Create());
        bench.Subcommands.Add(PlanBench.Create());
        bench.Subcommands.Add(NoiseBench.Create());
        bench.Subcommands.Add(PromotionBench.Create());
        bench.Subcommands.Add(EvacuationBench.Create());
        bench.Subcommands.Add(Lateness());
        bench.Subcommands.Add(ArbiterBench.Create());
        return bench;
    }

    private static Command Failover()
    {
        var runs = new Option<int>("--runs") { Description = "Runs of each case.", DefaultValueFactory = _ => 5 };
        var profile = new Option<string>("--profile")
        {
            Description = "Timing profile of the daemons: fast, balanced or patient.", DefaultValueFactory = _ => "fast",
        }.AcceptOnlyFromAmong("fast", "balanced", "patient");
        var toolstack = new Option<string>("--toolstack")
        {
            Description = "Timings of the emulated toolstack.", DefaultValueFactory = _ => "fast",
        }.AcceptOnlyFromAmong("fast", "realistic");
        var cases = new Option<FailoverCase[]>("--case")
        {
            Description = "What fails; may be repeated. Default: all.",
            DefaultValueFactory = _ => Enum.GetValues<FailoverCase>(),
            AllowMultipleArgumentsPerToken = true,
        };
        var footprint = new Option<int>("--footprint")
        {
            Description = "Seconds over which the paired daemons are measured; 0 for not at all.",
            DefaultValueFactory = _ => 60,
        };
        var arbiter = new Option<bool>("--arbiter") { Description = "Class A: with a real etcd." };
        var boards = new Option<bool>("--boards") { Description = "Class A: with a real ipmi_sim for each host." };
        var vms = new Option<int>("--vms") { Description = "VMs of the pool, half of them on each host.", DefaultValueFactory = _ => 4 };
        var command = new Command("failover", "Time from a failure to the first start order and to running VMs.")
        {
            runs, profile, toolstack, cases, footprint, arbiter, boards, vms,
        };
        command.SetAction((parsed, stop) => RunAsync(
            new LabOptions
            {
                Profile = parsed.GetValue(profile)!, Toolstack = parsed.GetValue(toolstack)!,
                Arbiter = parsed.GetValue(arbiter), Boards = parsed.GetValue(boards), Vms = parsed.GetValue(vms),
            },
            parsed.GetValue(cases)!,
            parsed.GetValue(runs),
            TimeSpan.FromSeconds(parsed.GetValue(footprint)),
            stop));
        return command;
    }

    private static async Task<int> RunAsync(
        LabOptions options, FailoverCase[] cases, int runs, TimeSpan footprint, CancellationToken stop)
    {
        if (LabSupport.AsRootOfOneself([.. Environment.GetCommandLineArgs().Skip(1)]) is { } code)
        {
            return code;
        }

        if ((LabNetwork.WhyImpossible() ?? LabParts.WhyMissing(options)) is { } reason)
        {
            AnsiConsole.WriteLine($"no lab here: {reason}");
            return 3;
        }

        AnsiConsole.WriteLine(
            $"profile {options.Profile}, toolstack {options.Toolstack}, {options.Vms} VMs, {runs} runs each");
        foreach (FailoverCase failure in cases)
        {
            var measured = new List<FailoverPhases>();
            for (int run = 0; run < runs && !stop.IsCancellationRequested; run++)
            {
                measured.Add(await FailoverRuns.RunAsync(failure, options));
            }

            AnsiConsole.Write(BenchTable.Of(failure, measured));
        }

        if (footprint > TimeSpan.Zero && !stop.IsCancellationRequested)
        {
            await FootprintAsync(options, footprint);
        }

        return stop.IsCancellationRequested ? 130 : 0;
    }

    private static Command Lateness()
    {
        var seconds = new Option<int>("--seconds")
        {
            Description = "Seconds of each pressure.", DefaultValueFactory = _ => 120,
        };
        var kinds = new Option<PressureKind[]>("--pressure")
        {
            Description = "What presses on the machine; may be repeated. Default: each in turn, then all at once.",
            DefaultValueFactory = _ => Enum.GetValues<PressureKind>(),
            AllowMultipleArgumentsPerToken = true,
        };
        var memory = new Option<int>("--memory-percent")
        {
            Description = "Bound of the memory pressure, percent of the available memory.", DefaultValueFactory = _ => 60,
        };
        var command = new Command("lateness", "How late the loops of two paired daemons are, idle and under pressure.")
        {
            seconds, kinds, memory,
        };
        command.SetAction((parsed, stop) => LatenessAsync(
            parsed.GetValue(kinds)!, parsed.GetValue(memory), TimeSpan.FromSeconds(parsed.GetValue(seconds)), stop));
        return command;
    }

    private static async Task<int> LatenessAsync(
        PressureKind[] kinds, int memoryPercent, TimeSpan duration, CancellationToken stop)
    {
        if (LabSupport.AsRootOfOneself([.. Environment.GetCommandLineArgs().Skip(1)]) is { } code)
        {
            return code;
        }

        if (LabNetwork.WhyImpossible() is { } reason)
        {
            AnsiConsole.WriteLine($"no lab here: {reason}");
            return 3;
        }

        // The fast profile has the most due turns, and so the best figures at the far end.
        await using LabHarness lab = LabHarness.Start(new LabOptions { Profile = "fast" });
        await lab.PairAsync();
        Table table = BenchTable.OfLateness(duration);
        foreach (PressureKind kind in kinds)
        {
            BenchTable.Add(table, kind, await LatenessRuns.RunAsync(lab, kind, memoryPercent, duration, stop));
        }

        AnsiConsole.Write(table);
        return 0;
    }

    private static async Task FootprintAsync(LabOptions options, TimeSpan duration)
    {
        const int StatusRuns = 10;
        await using LabHarness lab = LabHarness.Start(options);
        await lab.PairAsync();
        AnsiConsole.Write(BenchTable.Of(
            await Footprint.MeasureAsync(lab, duration), Footprint.StatusMilliseconds(lab, StatusRuns), duration));
    }
}
