using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using TwoNodeHa.Sim.Explore;

namespace TwoNodeHa.Sim.Cli;

/// <summary>`sim explore`: every schedule of a few faults on a grid of time, over the shipped decision code.</summary>
internal static class ExploreCommand
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    public static Command Create()
    {
        var classes = new Option<string>("--class")
        {
            Description = "safety classes to search, letters of ABC", DefaultValueFactory = _ => "CBA",
        };
        var third = new Option<ThirdParty>("--third")
        {
            Description = "third party of class A", DefaultValueFactory = _ => ThirdParty.Arbiter,
        };
        var faults = new Option<int>("--faults") { Description = "most faults in a schedule", DefaultValueFactory = _ => 2 };
        var horizon = Seconds("--horizon", "simulated seconds of a schedule", 15);
        var window = Seconds("--window", "the first fault falls into these seconds", 5);
        var grid = Seconds("--grid", "seconds between moments of faults", 0.5);
        var profile = new Option<string>("--profile") { Description = "timing profile", DefaultValueFactory = _ => "fast" }
            .AcceptOnlyFromAmong("fast", "balanced");
        var limit = new Option<long>("--limit")
        {
            Description = "stop after so many states", DefaultValueFactory = _ => long.MaxValue,
        };
        var threads = new Option<int>("--threads")
        {
            Description = "threads", DefaultValueFactory = _ => Environment.ProcessorCount,
        };
        var assume = new Option<GatewayAssumption>("--assume")
        {
            Description = "how A1 is counted in classes B and C", DefaultValueFactory = _ => GatewayAssumption.Counted,
        };
        var broken = new Option<string[]>("--break") { Description = "assumptions to drop: A1, agent" }
            .AcceptOnlyFromAmong("A1", "agent");
        var kinds = new Option<FaultKind[]>("--kind")
        {
            Description = "kinds of faults; default: all", AllowMultipleArgumentsPerToken = true,
        };
        var words = new Option<bool>("--words")
        {
            Description = "draw the operator's words, pauses, lost states and leases, and slow disks too",
        };
        var promises = new Option<string[]>("--promise")
        {
            Description = "promises to watch; default: all", AllowMultipleArgumentsPerToken = true,
        }.AcceptOnlyFromAmong("S1", "S2", "S3", "S5", "R");
        var phase = new Option<double>("--phase")
        {
            Description = "how far b's heartbeats are behind a's, as a part of the interval", DefaultValueFactory = _ => 0.3,
        };
        var stagger = new Option<double>("--stagger")
        {
            Description = "instead of a search: sweep the time by which the loss of the gateway trails that of the link, "
                + "in steps of so many seconds",
        };
        var shifts = new Option<int>("--shifts")
        {
            Description = "with --stagger: distances of probes and of heartbeats that are tried", DefaultValueFactory = _ => 6,
        };
        var tolerance = new Option<double>("--tolerance") { Description = "stagger_tolerance_seconds of the site" };
        var delay = new Option<double?>("--takeover-delay") { Description = "T of the site, even below its bound" };
        var unwatched = new Option<bool>("--no-watchdog") { Description = "hosts without a watchdog" };
        var audit = new Option<int>("--audit")
        {
            Description = "play every n-th merged situation on beside the one it was merged with; takes memory",
        };
        var json = new Option<FileInfo?>("--json") { Description = "write the results to this file" };
        var command = new Command("explore", "Exhaustive search over faults, losses and delays; every promise is checked.")
        {
            classes, third, faults, horizon, window, grid, profile, limit, threads, assume, broken, kinds, words, promises, phase, stagger, shifts, tolerance, delay, unwatched, audit, json,
        };
        command.SetAction(parse =>
        {
            var dropped = parse.GetValue(broken) ?? [];
            var options = new ExploreOptions
            {
                Profile = parse.GetValue(profile)!,
                Faults = parse.GetValue(faults),
                Horizon = TimeSpan.FromSeconds(parse.GetValue(horizon)),
                Window = TimeSpan.FromSeconds(parse.GetValue(window)),
                Grid = TimeSpan.FromSeconds(parse.GetValue(grid)),
                Assumption = dropped.Contains("A1") ? GatewayAssumption.Off : parse.GetValue(assume),
                AgentLies = dropped.Contains("agent"),
                StatesMax = parse.GetValue(limit),
                Threads = parse.GetValue(threads),
                Phase = parse.GetValue(phase),
                StaggerTolerance = TimeSpan.FromSeconds(parse.GetValue(tolerance)),
                TakeoverDelay = parse.GetValue(delay) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
                HasWatchdog = !parse.GetValue(unwatched),
                AuditEvery = parse.GetValue(audit),
                Promises = [.. parse.GetValue(promises) ?? []],
                Words = parse.GetValue(words),
                Kinds = [.. parse.GetValue(kinds) ?? []],
            };
            if (parse.GetValue(stagger) is > 0 and var step)
            {
                return Sweep(options, TimeSpan.FromSeconds(step), parse.GetValue(shifts), parse.GetValue(json));
            }

            var letters = parse.GetValue(classes)!.ToUpperInvariant();
            if (letters.Length == 0 || letters.Any(letter => !"ABC".Contains(letter, StringComparison.Ordinal)) || options.Faults > 14)
            {
                Console.Error.WriteLine("sim explore: --class takes letters of ABC, --faults at most 14");
                return 2;
            }

            return Run(options, letters, parse.GetValue(third), parse.GetValue(json));
        });
        return command;
    }

    private static Option<double> Seconds(string name, string description, double value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };

    private static int Run(ExploreOptions common, string classes, ThirdParty third, FileInfo? json)
    {
        var results = new List<object>();
        var broken = 0;
        foreach (var letter in classes)
        {
            var options = letter == 'A'
                ? common with { Class = 'A', Third = third, Assumption = GatewayAssumption.Off }
                : common with { Class = letter };
            var report = new Explorer(options).Run();
            broken += report.Broken.Count + (report.WrongMerge is null ? 0 : 1);
            Print(options, report);
            foreach (var one in report.Broken)
            {
                Tell(options, one);
            }

            results.Add(Result(options, report));
        }

        if (json is not null)
        {
            File.WriteAllText(json.FullName, JsonSerializer.Serialize(results, Json));
        }

        return broken == 0 ? 0 : 1;
    }

    private static int Sweep(ExploreOptions options, TimeSpan step, int shifts, FileInfo? json)
    {
        var report = new StaggerSweep(options, step, shifts).Run();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"staggered loss, {options.Profile}, tolerance {options.StaggerTolerance.TotalSeconds} s, {report.Runs} runs, step "
            + $"{step.TotalSeconds} s, slowest fence"));
        Line("by the rules, safe up to", report.PrintedAfterLink, report.PrintedAfterHeartbeat);
        Line("first takeover decided too early (S3)", report.Decided.AfterLink, report.Decided.AfterHeartbeat);
        Line("first VM on both hosts (S1)", report.Ran.AfterLink, report.Ran.AfterHeartbeat);
        var holds = report.Holds;
        Console.WriteLine(holds ? "nothing breaks below what the rules print" : "BROKEN below what the rules print");
        if (json is not null)
        {
            File.WriteAllText(json.FullName, JsonSerializer.Serialize(report, Json));
        }

        return holds ? 0 : 1;

        static void Line(string what, double? link, double? beat) => Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"  {what,-40} {link,7:F3} s after the link, {beat,7:F3} s after the newest heartbeat"));
    }

    private static void Print(ExploreOptions options, ExploreReport report)
    {
        var seconds = report.Elapsed.TotalSeconds;
        var name = options.Class == 'A' ? $"A ({options.Third})" : $"{options.Class}";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"class {name}, {options.Profile}, A1 {options.Assumption}: "
            + $"{(report.Broken.Count > 0 ? "BROKEN" : report.Complete ? "clean" : "clean so far")}, all schedules of up to "
            + $"{report.FaultsDone} faults; {report.States} states, {report.Unique} unique, {report.Merged} merged, "
            + $"{report.Outside} outside A1, depth {report.Depth}; {seconds:F1} s, {report.States / seconds:F0} states/s, "
            + $"{report.MemoryBytes >> 20} MiB"));
        Console.WriteLine($"  {report.Coverage}");
        if (options.AuditEvery > 0)
        {
            Console.WriteLine($"  merges played on: {report.Audited}, {report.WrongMerge ?? "all stayed equal"}");
        }
    }

    private static void Tell(ExploreOptions options, Counterexample found)
    {
        Console.WriteLine();
        Console.WriteLine($"{found.Promise} at {ScheduledFault.Seconds(found.At)}, {found.Faults} faults:");
        Explorer.Replay(options, found.Schedule, found.At, (at, who, text) =>
            Console.WriteLine($"  {ScheduledFault.Seconds(at),8} {who,-5} {text}"));
        Console.WriteLine();
    }

    private static object Result(ExploreOptions options, ExploreReport report) => new
    {
        Class = options.Class.ToString(),
        Third = options.Third.ToString(),
        options.Profile,
        Assumption = options.Assumption.ToString(),
        options.AgentLies,
        report.FaultsDone,
        report.Complete,
        report.States,
        report.Unique,
        report.Merged,
        report.Outside,
        report.Depth,
        Seconds = report.Elapsed.TotalSeconds,
        StatesPerSecond = report.States / report.Elapsed.TotalSeconds,
        report.MemoryBytes,
        report.Coverage,
        Broken = report.Broken.Select(one => new
        {
            one.Promise,
            one.Faults,
            Seconds = one.At / (double)TimeSpan.TicksPerSecond,
        }),
    };
}
