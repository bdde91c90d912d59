using System.Globalization;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Scenarios;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Baselines;

/// <summary>What guards the hosts.</summary>
internal enum PolicyKind
{
    /// <summary>The daemon.</summary>
    Ours = 0,

    /// <summary>HA-Lizard 2.x with its default parameters.</summary>
    HaLizard = 1,

    /// <summary>The cron script of 2010.</summary>
    Cron = 2,
}

/// <summary>How a scenario ended, from the truth alone.</summary>
/// <param name="What">safe, VM twice, stuck, or needs a person.</param>
/// <param name="Seconds">From the first event until every VM ran for good; null when none stopped or some stay down.</param>
internal sealed record Outcome(string What, double? Seconds)
{
    public override string ToString() => Seconds is { } seconds
        ? string.Create(CultureInfo.InvariantCulture, $"{What}, {seconds:F0} s") : What;
}

/// <summary>Runs a scenario under another policy in the same world.</summary>
internal static class Comparison
{
    private static readonly TimeSpan Afterwards = TimeSpan.FromMinutes(10);

    /// <summary>The columns of docs/scenarios.md.</summary>
    public static IReadOnlyList<(string Name, Func<ScenarioResult, string> Cell)> Columns() =>
    [
        ("HA-Lizard", run => Cell(run, PolicyKind.HaLizard)),
        ("cron script", run => Cell(run, PolicyKind.Cron)),
    ];

    /// <summary>Scenarios about what only the daemon has say nothing of the others.</summary>
    public static bool Applies(Scenario scenario) => scenario is { ThirdParty: "none", ConfigFile: null, Pending: null }
        && scenario.Area is "power" or "network" or "toolstack" or "vm" or "orderly";

    public static Outcome Run(Scenario scenario, Variant variant, PolicyKind policy, string toolstack) =>
        Play(scenario, variant, policy, toolstack).Outcome;

    /// <summary>The same, with the run itself.</summary>
    public static (Outcome Outcome, ScenarioResult Result) Play(Scenario scenario, Variant variant, PolicyKind policy, string toolstack)
    {
        scenario = scenario with { Toolstack = toolstack, Expected = [], End = scenario.Moves.Count == 0 ? Afterwards : Max(scenario.End, scenario.Moves[^1].At + Afterwards) };
        Func<VirtualWorld, VirtualHost, Guardian>? guardian = policy switch
        {
            PolicyKind.HaLizard => static (world, host) => new HaLizard(world, host),
            PolicyKind.Cron => static (world, host) => new CronScript(world, host),
            _ => null,
        };
        var run = new ScenarioRun(scenario, variant, guardian);
        var result = run.Run();
        return (Judge(run.World, scenario, result), result);
    }

    private static string Cell(ScenarioResult run, PolicyKind policy) =>
        Applies(run.Scenario) ? Run(run.Scenario, run.Variant, policy, run.Scenario.Toolstack).ToString() : "–";

    private static TimeSpan Max(TimeSpan left, TimeSpan right) => left >= right ? left : right;

    private static Outcome Judge(VirtualWorld world, Scenario scenario, ScenarioResult result)
    {
        if (result.Violations.Any(violation => violation.Contains(" S1: ", StringComparison.Ordinal) || violation.Contains(" S3: ", StringComparison.Ordinal)))
        {
            return new Outcome("**VM twice**", null);
        }

        var able = world.Hosts.Where(host => host is { PoweredOn: true, StorageLost: false } && world.Network.ReachesGateway(host.Index)).ToList();
        if (able.Count == 0)
        {
            return new Outcome("safe", result.Recovery);
        }

        if (!able.Exists(host => host.Toolstack.Records is not null && host.Toolstack.Status.InitComplete))
        {
            return new Outcome("needs a person", null);
        }

        var meantDown = scenario.Moves.Select(move => move.What.Text).Where(text => text.StartsWith("admin stops ", StringComparison.Ordinal))
            .Select(text => text["admin stops ".Length..]).ToHashSet(StringComparer.Ordinal);
        var down = world.Pool.Vms.Any(vm => !meantDown.Contains(vm.Name) && !world.Runs(0, vm.Name) && !world.Runs(1, vm.Name));
        return down ? new Outcome("stuck", null) : new Outcome("safe", result.Recovery);
    }
}
