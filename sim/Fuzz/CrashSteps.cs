using TwoNodeHa.Core.Contract;
using TwoNodeHa.Sim.Scenarios;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Fuzz;

/// <summary>What dies at a crash point.</summary>
internal enum CrashKind
{
    /// <summary>The daemon: SIGKILL; the service manager starts it again.</summary>
    Daemon,

    /// <summary>The host: reset, it boots again.</summary>
    Host,
}

/// <summary>One crash of one story.</summary>
/// <param name="Story">Name of the story.</param>
/// <param name="Index">Number of the command among those that count, from 0.</param>
/// <param name="After">Behind the command, not before it.</param>
/// <param name="Kind">What dies.</param>
internal sealed record CrashPoint(string Story, int Index, bool After, CrashKind Kind);

/// <summary>What became of one crash; <paramref name="Failures"/> is empty when all promises held and the pool recovered.</summary>
/// <param name="Point">The crash.</param>
/// <param name="Command">Host and command at which it happened.</param>
/// <param name="Failures">What did not hold.</param>
internal sealed record CrashVerdict(CrashPoint Point, string Command, IReadOnlyList<string> Failures);

/// <summary>
/// Kills the daemon, and separately resets the host, before and after every command that fencing, takeover, departure and
/// rejoin give (orders, writes of the state, disarming), and demands that the promises hold and the pool recovers.
/// </summary>
internal static class CrashSteps
{
    /// <summary>The stories: every procedure of the daemon is part of one.</summary>
    public static readonly IReadOnlyDictionary<string, string> Stories = new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["cable"] = Story("1", "at 1s: pull cable of a", "at 70s: plug cable of a"),
        ["power"] = Story("1", "at 1s: power off a", "at 70s: power on a"),
        ["yield"] = Story("2", "at 1s: hide gateway from a", "at 70s: show gateway to a"),
        ["reboot-master"] = Story("1", "at 1s: orderly reboot of a"),
        ["reboot-slave"] = Story("1", "at 1s: orderly reboot of b"),
        ["restart"] = Story("1", "at 1s: stop daemon on a"),
    };

    /// <summary>Behind the end of the daemon itself there is nothing to crash.</summary>
    private const string NeverReached = "never reached";

    /// <summary>Every crash point of a story, found by a run without a crash.</summary>
    public static IReadOnlyList<CrashPoint> PointsOf(string story)
    {
        var count = 0;
        Run(story, (_, command, after) =>
        {
            count += !after && Counts(command) ? 1 : 0;
            return null;
        });
        return [.. from index in Enumerable.Range(0, count) from after in (bool[])[false, true] from kind in Enum.GetValues<CrashKind>()
            select new CrashPoint(story, index, after, kind)];
    }

    /// <summary>Runs one story with one crash.</summary>
    public static CrashVerdict Play(CrashPoint point, Action<string>? onLine = null)
    {
        var (seen, where) = (0, NeverReached);
        var result = Run(point.Story, (host, command, after) =>
        {
            if (!Counts(command))
            {
                return null;
            }

            var index = after ? seen - 1 : seen++;
            if (index != point.Index || after != point.After || where != NeverReached)
            {
                return null;
            }

            where = $"{host.Name} {(command is Command.Act act ? act.Action.GetType().Name : command.GetType().Name)}";
            return point.Kind;
        }, onLine);
        var unreached = where == NeverReached && !point.After ? new[] { "the crash point was not reached: the story is not the same twice" } : [];
        return new CrashVerdict(point, where, [.. unreached, .. result.Violations, .. result.Failures]);
    }

    private static ScenarioResult Run(string story, Func<VirtualHost, Command, bool, CrashKind?> crash, Action<string>? onLine = null)
    {
        var scenario = Scenario.Parse($"{story}.yaml", story, Stories[story]);
        var run = new ScenarioRun(scenario, new Variant(0, scenario.LinkCounts[0]));
        run.World.OnLine = onLine;
        run.World.Crash = (host, command, after) => run.World.KeepLog ? crash(host, command, after) : null;
        return run.Run();
    }

    private static bool Counts(Command command) => command is Command.Persist or Command.DisarmWatchdog or Command.Exit
        || command is Command.Act { Action: not HaAction.SyncDatabase };

    private static string Story(string links, params string[] events) => $"""
        story: a crash at every step
        links: {links}
        events:
        {string.Join('\n', events.Select(one => $"  - {one}"))}
        expect:
          - all VMs run
          - both are paired
        end: 700s
        """;
}
