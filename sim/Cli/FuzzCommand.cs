using System.CommandLine;
using System.Text.Json;
using Spectre.Console;
using TwoNodeHa.Sim.Fuzz;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Cli;

/// <summary><c>sim fuzz</c>: seeded random fault schedules over the shipped decision code in virtual time.</summary>
internal static class FuzzCommand
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    public static Command Create()
    {
        var seeds = new Option<string>("--seeds") { Description = "first..last, as 1..2000", DefaultValueFactory = _ => "1..1000" };
        var shard = new Option<string>("--shard") { Description = "this part of the seeds, as 1/4", DefaultValueFactory = _ => "1/1" };
        var safety = new Option<FuzzClass>("--class") { Description = "safety class: A, B, C, or S for A by reservations on the storage", DefaultValueFactory = _ => FuzzClass.C };
        var threads = new Option<int>("--threads") { Description = "threads", DefaultValueFactory = _ => Environment.ProcessorCount };
        var resume = new Option<string?>("--resume") { Description = "file that keeps the progress; an unfinished campaign goes on" };
        var json = new Option<string?>("--json") { Description = "write the summary to this file" };
        var findings = new Option<string>("--findings") { Description = "folder for shrunken schedules that broke", DefaultValueFactory = _ => "fuzz-findings" };
        var lives = new Option<bool>("--lives") { Description = "whole lives: rounds of faults, words and repairs, each followed by quiet and an isolation" };
        var ignore = new Option<string[]>("--ignore") { Description = "promises whose breaches are not looked at", AllowMultipleArgumentsPerToken = true };
        var every = new Option<bool>("--every-turn") { Description = "leave no quiet time out" };
        var check = new Option<bool>("--check-left-out") { Description = "run each schedule with and without quiet time left out, and compare" };
        var show = new Option<bool>("--show") { Description = "print the log of each run (for few seeds)" };
        var command = new Command("fuzz", "Random fault schedules in virtual time; every promise is checked at every event.")
        {
            seeds, shard, safety, threads, resume, json, findings, lives, ignore, every, check, show,
        };
        command.SetAction(parsed =>
        {
            var (from, to) = Range(parsed.GetValue(seeds)!, "..");
            var (part, parts) = Range(parsed.GetValue(shard)!, "/");
            var plan = new FuzzPlan
            {
                Class = parsed.GetValue(safety),
                From = from,
                To = to + 1,
                Shard = part,
                Shards = parts,
                Ignored = parsed.GetValue(ignore) ?? [],
                Lives = parsed.GetValue(lives),
                EveryTurn = parsed.GetValue(every),
                Threads = Math.Max(1, parsed.GetValue(threads)),
                ResumeFile = parsed.GetValue(resume),
                FindingsFolder = parsed.GetValue(findings)!,
            };
            return parsed.GetValue(check) ? Check(plan) : parsed.GetValue(show) ? Show(plan) : Run(plan, parsed.GetValue(json));
        });
        return command;
    }

    private static int Show(FuzzPlan plan)
    {
        for (var seed = plan.From; seed < plan.To; seed++)
        {
            var scenario = plan.Schedule(seed);
            var run = new ScenarioRun(scenario, new Variant(0, scenario.LinkCounts[0]), everyTurn: plan.EveryTurn);
            run.World.OnLine = Console.WriteLine;
            var result = run.Run();
            Console.WriteLine($"seed {seed}: {(result.Passed ? "held" : string.Join("; ", result.Failures))}");
        }

        return 0;
    }

    private static int Check(FuzzPlan plan)
    {
        var (differ, shifted, left) = (0, 0, 0.0);
        for (var seed = plan.From; seed < plan.To; seed++)
        {
            var (verdict, where) = LeftOutCheck.Compare(plan.Schedule(seed), out var share);
            differ += verdict == LeftOutVerdict.Different ? 1 : 0;
            shifted += verdict == LeftOutVerdict.Shifted ? 1 : 0;
            if (verdict != LeftOutVerdict.Same)
            {
                Console.WriteLine($"seed {seed}: {verdict}: {where}");
            }

            left += share;
        }

        var count = plan.To - plan.From;
        Console.WriteLine($"class {plan.Class}: {count} {(plan.Lives ? "lives" : "schedules")} run twice: {differ} differ, {shifted} have a line at another time; {left / count:P0} of the time was left out");
        return differ == 0 ? 0 : 1;
    }

    private static int Run(FuzzPlan plan, string? json)
    {
        var campaign = new FuzzCampaign(plan) { Progress = Console.IsErrorRedirected ? null : Bar };
        try
        {
            campaign.Run();
        }
        catch (FormatException error)
        {
            Console.Error.WriteLine(error.Message);
            return 2;
        }

        var summary = campaign.Summary;
        foreach (var finding in summary.Findings)
        {
            Console.WriteLine($"seed {finding.Seed}: {finding.What}{(finding.File is { } file ? $" -> {file}" : "")}");
        }

        foreach (var kind in summary.Findings.GroupBy(finding => FuzzCampaign.Kind(finding.What)).OrderByDescending(group => group.Count()))
        {
            Console.WriteLine($"broken {kind.Count()} times: {kind.Key}");
        }

        foreach (var (what, count) in summary.Excused)
        {
            Console.WriteLine($"let pass {count} times: {what}");
        }

        Console.WriteLine($"VMs were double for {summary.DoubleSeconds:F0} s in all");
        Console.WriteLine($"class {summary.Class}: {summary.Schedules} {(plan.Lives ? "lives" : "schedules")}, {summary.Findings.Count} broken, "
            + $"{summary.Fences} fences, {summary.Takeovers} takeovers, {summary.SimulatedSeconds / 3600:F0} simulated h in {summary.WallSeconds:F1} s "
            + $"({summary.Schedules / summary.CpuSeconds:F0} schedules/s of one core, {summary.SimulatedSeconds / summary.CpuSeconds:F0} x real time)");
        if (json is not null)
        {
            File.WriteAllText(json, JsonSerializer.Serialize(summary, Json));
        }

        return summary.Findings.Count == 0 ? 0 : 1;
    }

    private static void Bar(FuzzSummary summary)
    {
        var share = (summary.NextSeed - summary.From) / (double)(summary.To - summary.From);
        var full = (int)(share * 30);
        Console.Error.Write($"\r[{new string('#', full)}{new string('.', 30 - full)}] {summary.NextSeed - summary.From}/{summary.To - summary.From} "
            + $"{summary.Schedules / Math.Max(0.001, summary.WallSeconds):F0}/s, {summary.Findings.Count} broken ");
        if (share >= 1)
        {
            Console.Error.WriteLine();
        }
    }

    internal static (int First, int Second) Range(string text, string separator)
    {
        var parts = text.Split(separator);
        return parts.Length == 2 && int.TryParse(parts[0], out var first) && int.TryParse(parts[1], out var second) && first <= second
            ? (first, second)
            : throw new FormatException($"'{text}' is no range: write 1{separator}{(separator == "/" ? 4 : 2000)}");
    }
}
