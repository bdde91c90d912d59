using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Baselines;
using TwoNodeHa.Sim.Fuzz;
using TwoNodeHa.Sim.Mutation;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Scenarios;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Tests;

/// <summary>Scenario files, fuzz schedules, baselines and the jumps of virtual time.</summary>
public sealed class ScenarioTests
{
    private static readonly Cast Cast = new(["a", "b"], ["web", "mail", "db", "files"], ["mgmt", "crossover"], 0);

    private const string Good = """
        story: a host loses power
        events:
          - at 0s: power off a
        expect:
          - all VMs run on b within 16s
        """;

    [Theory]
    [InlineData("power off a", "pwer off a", "s.yaml:3: not understood: 'pwer off a'; the nearest is 'power off {host}'")]
    [InlineData("power off a", "power off c", "s.yaml:3: no host 'c'")]
    [InlineData("at 0s", "at 0x", "s.yaml:3: '0x' is no time")]
    [InlineData("within 16s", "in 16s", "s.yaml:5: not understood")]
    [InlineData("events", "evnts", "s.yaml:2: unknown key 'evnts'; meant 'events'?")]
    public void AMistake_IsNamedWithFileLineAndTheNearestWord(string right, string wrong, string message)
    {
        var error = Assert.Throws<ScenarioException>(() =>
        {
            var scenario = Scenario.Parse("s.yaml", "s", Good.Replace(right, wrong, StringComparison.Ordinal));
            return new ScenarioRun(scenario, new Variant(0, 1));
        });
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryExampleOfTheManual_IsUnderstoodAsItself()
    {
        Assert.All(WorldVerbs.Book.Phrases, phrase => Assert.Same(phrase, WorldVerbs.Book.Match(phrase.Example, Cast).Phrase));
        Assert.All(Expectations.Book.Phrases, phrase => Assert.Same(phrase, Expectations.Book.Match(phrase.Example, Cast).Phrase));
    }

    [Fact]
    public void AnExpectationThatDoesNotHold_FailsTheRun()
    {
        var scenario = Scenario.Parse("s.yaml", "s", Good.Replace("on b within 16s", "on b within 5s", StringComparison.Ordinal));
        Assert.Contains("s.yaml:5: expected: all VMs run on b within 5s", Assert.Single(new ScenarioRun(scenario, new Variant(0, 1)).Run().Failures),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FuzzClass.C)]
    [InlineData(FuzzClass.B)]
    [InlineData(FuzzClass.A)]
    public void ASchedule_IsTheSameEveryTime_AndAsItsOwnFile(FuzzClass safety)
    {
        for (var seed = 1; seed <= 4; seed++)
        {
            var scenario = FuzzSchedule.Of(seed, safety);
            var variant = new Variant(0, scenario.LinkCounts[0]);
            var log = new ScenarioRun(scenario, variant).Run().Log;
            var again = Scenario.Parse("again.yaml", "again", FuzzSchedule.ToYaml(scenario));
            Assert.Equal(log, new ScenarioRun(scenario, variant).Run().Log);
            Assert.Equal(log, new ScenarioRun(again, variant).Run().Log);
        }
    }

    [Fact]
    public void TheShrinker_KeepsWhatBreaks_AndTheRepair()
    {
        var scenario = FuzzSchedule.Of(9, FuzzClass.C);
        var needed = scenario.Moves[1].What.Text;
        var small = FuzzShrinker.Shrink(scenario, candidate => candidate.Moves.Any(move => move.What.Text == needed) ? "broken" : null);
        Assert.Equal(needed, small.Moves.TakeWhile(move => move.What.Text != "heal").Single().What.Text);
        Assert.Contains(small.Moves, move => move.What.Text == "heal");
    }

    [Fact]
    public void AJumpedHour_EndsInTheSameDecisionsAsAnHourThatWasRun()
    {
        var (run, jumped) = (Hour(jump: false), Hour(jump: true));
        Assert.True(run.Jumped < TimeSpan.FromMinutes(1));
        Assert.True(jumped.Jumped > TimeSpan.FromMinutes(50));
        Assert.Equal(run.LogLines.Where(line => line.Contains("[2", StringComparison.Ordinal)), jumped.LogLines.Where(line => line.Contains("[2", StringComparison.Ordinal)));
    }

    [Fact]
    public void LivesWithQuietTimeLeftOut_EndAsWithEveryTurn()
    {
        foreach (var safety in Enum.GetValues<FuzzClass>())
        {
            var (verdict, where) = LeftOutCheck.Compare(FuzzLives.Of(1, safety), out var share);
            Assert.True(verdict != LeftOutVerdict.Different, $"class {safety}: {where}");
            Assert.InRange(share, 0.5, 0.99);
        }
    }

    /// <summary>A VM that died, and keys that a controller forgot, in a second in which all else stayed as it was.</summary>
    [Fact]
    public void WhatNoReadingHasShownYet_EndsQuietTime()
    {
        foreach (var schedule in (Scenario[])[FuzzLives.Of(109, FuzzClass.A), FuzzLives.Of(557, FuzzClass.B), FuzzSchedule.Of(38, FuzzClass.S)])
        {
            var (verdict, where) = LeftOutCheck.Compare(schedule, out _);
            Assert.True(verdict == LeftOutVerdict.Same, $"{schedule.Name}: {where}");
        }
    }

    [Fact]
    public void WhatTheStoryHasHappenLater_ComesInTime_ThroughTimeThatIsLeftOut()
    {
        var world = Quiet();
        var at = TimeSpan.Zero;
        var begin = world.Elapsed;
        world.Later(TimeSpan.FromMinutes(7), () => at = world.Elapsed - begin);
        world.RunFor(TimeSpan.FromMinutes(30));
        Assert.Equal(TimeSpan.FromMinutes(7), at);
        Assert.True(world.Jumped > TimeSpan.FromMinutes(25));
    }

    [Fact]
    public void AHostThatIsAlone_LeavesQuietTimeOut()
    {
        var world = Quiet();
        world.RunFor(TimeSpan.FromMinutes(1));
        world.Hosts[1].PowerOff();
        world.Touched();
        world.RunFor(TimeSpan.FromMinutes(30));
        Assert.Equal(HaStatus.Sole, world.Hosts[0].Daemon!.State.Status);
        Assert.True(world.Jumped > TimeSpan.FromMinutes(25), $"{world.Jumped}");
    }

    [Fact]
    public void APairThatIsWell_IsNotWaitedForUntilItsAgesAreOld()
    {
        var world = Quiet();
        Assert.True(world.RunUntil(() => world.Hosts.All(host => host.Daemon?.State.Status == HaStatus.Paired), TimeSpan.FromMinutes(2)));
        world.Touched();
        world.RunFor(TimeSpan.FromSeconds(60));
        Assert.True(world.Jumped >= TimeSpan.FromSeconds(35), $"{world.Jumped}");
    }

    [Fact]
    public void EveryMutant_CanBePutIn()
    {
        var root = Root();
        var rules = MutantFile.Load(Path.Combine(root, "sim/mutants/mutants.yaml"));
        var into = Path.Combine(Path.GetTempPath(), $"mutants-{Guid.NewGuid():N}");
        try
        {
            MutantFile.WriteCore(rules, Path.Combine(root, "src/TwoNodeHa.Core"), into);
            Assert.True(rules.Count >= 30);
            Assert.Equal(rules.Count, rules.Select(rule => rule.Name).Distinct().Count());
        }
        finally
        {
            Directory.Delete(into, recursive: true);
        }
    }

    [Fact]
    public void EveryMutant_IsHuntedByAScenarioThatIsThere()
    {
        var names = ScenarioTable.Load(Path.Combine(Root(), "sim/scenarios"), null).Where(scenario => scenario.Pending is null).Select(scenario => scenario.Name).ToList();
        Assert.All(MutantFile.Load(Path.Combine(Root(), "sim/mutants/mutants.yaml")), rule => Assert.True(rule.Test.Length > 0 || names.Exists(rule.Names), rule.Name));
    }

    [Theory]
    [InlineData("power/one-host-loses-power", "safe", 0)]
    [InlineData("power/one-host-loses-power", "stuck", 1)]
    [InlineData("power/lone-start-held", "needs a person", 0)]
    [InlineData("power/lone-start-held", "safe", 2)]
    public void TheComparison_FailsWhenTheDaemonEndsOtherwiseThanThePageSays(string scenario, string ends, int contradictions) =>
        Assert.Equal(contradictions, ByDesign.Contradictions([(scenario, ends)], complete: false).Count);

    [Fact]
    public void TheComparison_MissesAScenarioThatHasGone() => Assert.NotEmpty(ByDesign.Contradictions([], complete: true));

    [Fact]
    public void TheBaselines_DoWhatTheyAreKnownFor()
    {
        var dead = Scenario.Parse("s.yaml", "power/s", "story: s\nevents:\n  - at 0s: power off a\n");
        Assert.Equal("safe", Comparison.Run(dead, new Variant(0, 1), PolicyKind.HaLizard, "simulated").What);
        Assert.Equal("stuck", Comparison.Run(dead, new Variant(0, 1), PolicyKind.Cron, "simulated").What);
        var hung = Scenario.Parse("s.yaml", "network/s", "story: s\nevents:\n  - at 0s: drop from a on mgmt\n  - at 0s: drop from b on mgmt\n");
        Assert.Equal("**VM twice**", Comparison.Run(hung, new Variant(0, 1), PolicyKind.HaLizard, "simulated").What);
    }

    private static VirtualWorld Quiet()
    {
        var pool = VirtualSites.Pool();
        var config = VirtualSites.Config(pool);
        var world = new VirtualWorld(config, pool, ToolstackTimings.Simulated.Drawn(new Random(1)), 1);
        world.Install();
        Assert.True(world.RunUntil(() => world.Hosts.All(host => host.Daemon?.State is { Status: HaStatus.Disabled, Host.Database: not null }), TimeSpan.FromMinutes(2)));
        world.Hosts[0].Daemon!.Ask(new OperatorRequest.Enable());
        return world;
    }

    private static VirtualWorld Hour(bool jump)
    {
        var world = Quiet();
        if (jump)
        {
            world.RunFor(TimeSpan.FromHours(1));
        }
        else
        {
            world.Scheduler.RunFor(TimeSpan.FromHours(1));
        }

        world.Hosts[0].PowerOff();
        world.RunFor(TimeSpan.FromMinutes(1));
        Assert.True(world.Runs(1, "web"));
        return world;
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "TwoNodeHa.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("not in the source tree");
        }

        return folder;
    }
}
