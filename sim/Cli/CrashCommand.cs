using System.CommandLine;
using System.Diagnostics;
using TwoNodeHa.Sim.Fuzz;

namespace TwoNodeHa.Sim.Cli;

/// <summary><c>sim crash</c>: the daemon, or the host, dies before and after every command of every procedure.</summary>
internal static class CrashCommand
{
    public static Command Create()
    {
        var only = new Option<string?>("--only") { Description = "only this story" };
        var show = new Option<int?>("--show") { Description = "print the log of the crashes at this command (with --only)" };
        var threads = new Option<int>("--threads") { Description = "threads", DefaultValueFactory = _ => Environment.ProcessorCount };
        var command = new Command("crash", "Crash of daemon and host before and after every command of fence, takeover, departure and rejoin.") { only, threads, show };
        only.AcceptOnlyFromAmong([.. CrashSteps.Stories.Keys]);
        command.SetAction(parsed => parsed.GetValue(show) is { } index && parsed.GetValue(only) is { } story
            ? Show(story, index) : Run(parsed.GetValue(only), Math.Max(1, parsed.GetValue(threads))));
        return command;
    }

    private static int Show(string story, int index)
    {
        foreach (var point in CrashSteps.PointsOf(story).Where(point => point.Index == index))
        {
            var verdict = CrashSteps.Play(point, Console.WriteLine);
            Console.WriteLine($"{story} #{index}: {point.Kind} dies {(point.After ? "after" : "before")} {verdict.Command}: "
                + (verdict.Failures.Count == 0 ? "held" : string.Join("; ", verdict.Failures)));
        }

        return 0;
    }

    private static int Run(string? only, int threads)
    {
        var watch = Stopwatch.StartNew();
        var (runs, bad) = (0, 0);
        foreach (var story in CrashSteps.Stories.Keys.Where(name => only is null || name == only))
        {
            var verdicts = CrashSteps.PointsOf(story).AsParallel().AsOrdered().WithDegreeOfParallelism(threads).Select(point => CrashSteps.Play(point)).ToList();
            var failed = verdicts.Where(verdict => verdict.Failures.Count > 0).ToList();
            foreach (var verdict in failed)
            {
                Console.WriteLine($"FAILED {story}: {verdict.Point.Kind} dies {(verdict.Point.After ? "after" : "before")} {verdict.Command} (#{verdict.Point.Index}): {verdict.Failures[0]}");
            }

            Console.WriteLine($"{story,-14} {verdicts.Count / 4,4} commands, {verdicts.Count,5} crashes, {failed.Count} failed");
            (runs, bad) = (runs + verdicts.Count, bad + failed.Count);
        }

        Console.WriteLine($"{runs} crashes, {bad} failed, {watch.Elapsed.TotalSeconds:F1} s");
        return bad == 0 ? 0 : 1;
    }
}
