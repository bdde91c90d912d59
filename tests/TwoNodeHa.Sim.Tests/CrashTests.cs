using TwoNodeHa.Sim.Fuzz;

namespace TwoNodeHa.Sim.Tests;

/// <summary>The bounded part of <c>sim crash</c>: one story, every command of it.</summary>
public sealed class CrashTests
{
    [Fact]
    public void A_crash_at_any_command_of_a_restart_is_survived()
    {
        var points = CrashSteps.PointsOf("restart");
        Assert.True(points.Count >= 20, $"only {points.Count} crash points");
        var verdicts = points.Select(point => CrashSteps.Play(point)).ToList();
        Assert.Empty(verdicts.Where(verdict => verdict.Failures.Count > 0).Select(verdict => $"{verdict.Point} at {verdict.Command}: {verdict.Failures[0]}"));
        Assert.Contains(verdicts, verdict => verdict.Command == "a Persist");
    }
}
