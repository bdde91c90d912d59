namespace TwoNodeHa.Sim.Baselines;

/// <summary>How a scenario ends under the daemon where that is not "safe", and why nothing better is wanted.</summary>
/// <param name="Ends">The outcomes that are wanted, one of them in each variant (<see cref="Outcome.What"/>).</param>
/// <param name="Reason">Why, for the page and the output.</param>
internal sealed record KnownEnd(IReadOnlyList<string> Ends, string Reason);

/// <summary>The scenarios that the daemon does not end as "safe" on purpose. Everything else must be safe.</summary>
internal static class ByDesign
{
    private const string Stuck = "stuck";
    private const string Person = "needs a person";
    private const string NoMemory = "the survivor has no memory for it";
    private const string HaIsOff = "HA is disabled: a VM that its host's power-off ended stays down, and no master is made";

    private static readonly Dictionary<string, KnownEnd> s_known = new(StringComparer.Ordinal)
    {
        ["network/split-brain-without-A1"] = new(["**VM twice**"], "the documented counterexample: without assumption A1 no pair is safe"),
        ["orderly/host-stopped-with-ha-disabled"] = new([Stuck], HaIsOff),
        ["orderly/reboot-with-ha-disabled"] = new([Stuck], HaIsOff),
        ["power/lone-start-held"] = new([Person], "lone_start = hold: a host that boots alone asks, it cannot know what the other runs"),
        ["toolstack/native-ha-switched-on"] = new([Stuck, Person], "the platform's own HA is on: two of them would fence each other"),
        ["toolstack/third-host-joins"] = new([Stuck, Person], "three hosts: rules made for two say nothing about them"),
        ["vm/balloons-stay-without-leave"] = new([Stuck], NoMemory),
        ["vm/best-effort-leaves-the-memory"] = new([Stuck], NoMemory),
        ["vm/does-not-fit-is-said-before"] = new([Stuck], NoMemory),
        ["vm/local-disk-is-said-before"] = new([Stuck], "its disk is on the dead host"),
        ["vm/memory-of-a-migration-target"] = new([Stuck], NoMemory),
        ["vm/network-of-one-host"] = new([Stuck], "only the dead host has its network"),
        ["vm/start-blocked"] = new([Stuck], "the administrator blocked the start of that VM"),
        ["vm/too-little-memory"] = new([Stuck], NoMemory),
        ["vm/unmarked-comes-behind-restart"] = new([Stuck], NoMemory),
    };

    /// <summary>What is known of a scenario; null when it must be safe.</summary>
    public static KnownEnd? Of(string scenario) => s_known.GetValueOrDefault(scenario);

    /// <summary>What the daemon did that was not expected, and what was expected and no longer happens; empty when the page is true.</summary>
    /// <param name="ends">Each run's scenario and outcome under the daemon.</param>
    /// <param name="complete">Every scenario was run, so that one that is missing has gone.</param>
    public static IReadOnlyList<string> Contradictions(IReadOnlyCollection<(string Scenario, string What)> ends, bool complete)
    {
        var wrong = ends.Where(end => !(Of(end.Scenario)?.Ends ?? ["safe"]).Contains(end.What))
            .Select(end => $"{end.Scenario}: the daemon ends '{end.What}', expected is {string.Join(" or ", Of(end.Scenario)?.Ends ?? ["safe"])}");
        var seen = ends.ToLookup(end => end.Scenario, end => end.What, StringComparer.Ordinal);
        var idle = s_known.Where(known => complete || seen.Contains(known.Key))
            .SelectMany(known => known.Value.Ends.Where(end => !seen[known.Key].Contains(end)).Select(end => $"{known.Key}: no run ends '{end}' any more"));
        return [.. wrong, .. idle];
    }
}
