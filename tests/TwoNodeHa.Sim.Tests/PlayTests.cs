using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Play;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Tests;

/// <summary>What the playground's page shows and does, without a browser.</summary>
public sealed class PlayTests
{
    [Fact]
    public void A_host_without_power_is_taken_over_within_the_time_that_timeline_says()
    {
        var game = Begin();
        Pass(game, 4);
        Click(game, "power-1");
        var config = game.Ours.World.Hosts[0].Config.Config;
        var bound = Timeline.Of(config).Single(story => story.Id == "power-loss-slave").Takeover!.Value.To;
        Pass(game, bound.TotalSeconds + Game.Slice.TotalSeconds);
        Assert.Equal(nameof(HaStatus.TakingOver), HostCard.Of(game.Ours, 0).State);
        Assert.Equal("No power", HostCard.Of(game.Ours, 1).State);
        Assert.StartsWith("NOT PROTECTED, says a: ", Headline.Of(game.Ours).Text, StringComparison.Ordinal);
        Assert.All(Ours(game, "db", "files"), lane => Assert.Equal(Place.Nowhere, lane.Now));
        Pass(game, 60);
        Assert.All(game.Ours.Lanes, lane => Assert.Equal(Place.First, lane.Now));
        Assert.Null(game.Ours.Alarm);
        Assert.Contains(game.Ours.Happenings, one => one.Who == "a" && one.Why?.Rule == "T2");
        Assert.Contains(game.Ours.Happenings, one => one.Who == "db" && one.Text.StartsWith("runs again, on a; it was down for ", StringComparison.Ordinal));

        // HA-Lizard's rules wait longer under the very same fault.
        Assert.True(Longest(game.HaLizard) > Longest(game.Ours));
    }

    [Fact]
    public void HaLizards_rules_run_a_vm_twice_where_the_daemon_does_not()
    {
        var game = Begin(Stories.All.Single(story => story.Title == "A host is not heard any more").Moves);
        Pass(game, 200);
        Assert.StartsWith("mail and web ran on both hosts for ", game.HaLizard.Alarm ?? "", StringComparison.Ordinal);
        Assert.Equal(Tone.Alarm, Headline.Of(game.HaLizard).Tone);
        Assert.Contains(game.HaLizard.Happenings, one => one.Tone == Tone.Alarm);
        Assert.Null(game.Ours.Alarm);
        Assert.DoesNotContain(game.Ours.Happenings, one => one.Tone == Tone.Alarm);
    }

    [Fact]
    public void Every_story_ends_with_every_vm_running_once_under_the_daemon()
    {
        Assert.All(Stories.All, story =>
        {
            var game = Begin(story.Moves);
            Pass(game, 300);
            Assert.Null(game.Ours.Alarm);
            Assert.Empty(game.Ours.World.Violations);
            Assert.All(game.Ours.Lanes, lane => Assert.True(lane.Now is Place.First or Place.Second, $"{story.Title}: {lane.Vm} {lane.Now}"));
        });
    }

    [Fact]
    public void The_saved_file_plays_to_the_same_end()
    {
        var game = Begin();
        Pass(game, 3.35);
        Click(game, "cable-0");
        Pass(game, 25);
        Click(game, "crossover");
        Pass(game, 60.4);
        Click(game, "vm-web");
        Pass(game, 30);
        game.Do("heal");
        Pass(game, 120);
        var scenario = Scenario.Parse("saved.yaml", "saved", ScenarioWriter.Write(game));
        var run = new ScenarioRun(scenario, scenario.Variants().Single());
        var result = run.Run();
        Assert.Empty(result.Failures);
        Assert.Equal(game.Ours.World.LogLines, result.Log);
        Assert.Equal(game.Now, result.End);
    }

    [Fact]
    public void Speed_changes_nothing_but_the_speed()
    {
        var (slow, fast) = (Begin(Stories.All[0].Moves), Begin(Stories.All[0].Moves));
        while (slow.Now < TimeSpan.FromSeconds(100))
        {
            slow.Advance(TimeSpan.FromMilliseconds(17), 1, static () => true);
        }

        while (fast.Now < slow.Now)
        {
            fast.Advance(TimeSpan.FromMilliseconds(16), 60, () => fast.Now < slow.Now);
        }

        Assert.Equal(slow.Ours.World.LogLines, fast.Ours.World.LogLines);
        Assert.Equal(slow.HaLizard.World.LogLines, fast.HaLizard.World.LogLines);
    }

    [Fact]
    public void What_a_busy_browser_owes_is_bounded()
    {
        var game = Begin();
        Assert.True(game.Advance(TimeSpan.FromHours(1), 10, static () => true));
        Assert.Equal(TimeSpan.FromSeconds(2.5), game.Now);
        Assert.False(game.Advance(TimeSpan.FromSeconds(1), 10, static () => false));
        Assert.Equal(TimeSpan.FromSeconds(2.5), game.Now);
    }

    [Fact]
    public void Every_part_can_be_broken_and_mended()
    {
        var game = Begin();
        var ids = Parts.Of(game.Ours.World).Select(part => part.Id).ToList();
        Assert.Equal(["cable-0", "cable-1", "crossover", "gateway", "power-0", "power-1", "storage-0", "storage-1", "switch"], ids.Order(StringComparer.Ordinal));
        foreach (var id in ids)
        {
            Assert.Equal(PartHealth.Works, Part(game, id).Health);
            Click(game, id);
            Assert.Equal(PartHealth.Broken, Part(game, id).Health);
            Click(game, id);
            Assert.NotEqual(PartHealth.Broken, Part(game, id).Health);
            game.Do("heal");
            Pass(game, 40);
        }

        game.Do("cut a outwards");
        Assert.Equal("carries only inwards", Part(game, "cable-0").Now);
        Click(game, "cable-0");
        Assert.Equal(PartHealth.Works, Part(game, "cable-0").Health);
        Click(game, "vm-web");
        Pass(game, 0.1);
        Assert.Equal("Start it by hand", Part(game, "vm-web").Click);
    }

    [Fact]
    public void Every_state_has_a_meaning_of_its_own()
    {
        var meanings = Enum.GetValues<HaStatus>().Select(HostCard.MeaningOf).ToList();
        Assert.Equal(meanings.Count, meanings.Distinct().Count());
    }

    [Theory]
    [InlineData("story: one link\nx: [slave, master]\nevents:\n  - at 1s: power off x\n", 1, "b")]
    [InlineData("story: two links\nlinks: [2, 1]\nevents:\n  - at 1s: power off x\n", 2, "a")]
    public void A_scenario_file_is_opened_in_its_first_variant(string text, int links, string off)
    {
        var scenario = Game.Open(text);
        Assert.Equal(links, scenario.LinkCounts.Single());
        var game = Begin(scenario);
        Assert.True(game.Plays);
        Pass(game, 2);
        Assert.False(game.Plays);
        Assert.False(game.Ours.World.Hosts.Single(host => host.Name == off).PoweredOn);
        Assert.Equal("power off x", game.Done.Single().What.Text);
    }

    [Theory]
    [InlineData("power off a", "one YAML mapping")]
    [InlineData("story: x\nconfig: /etc/twonodeha/ha.conf\n", "configuration file")]
    [InlineData("story: x\nevents:\n  - power off a\n", "an event is written")]
    public void What_is_no_scenario_for_a_page_is_refused_with_the_reason(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<ScenarioException>(() => Game.Open(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_axis_is_straight_and_follows_the_run()
    {
        var lane = new Lane("web", Place.First);
        Assert.True(lane.Seen(15, Place.Nowhere));
        Assert.False(lane.Seen(20, Place.Nowhere));
        Assert.True(lane.Seen(30, Place.Second));
        var early = StripChart.At(45);
        Assert.Equal(new StripChart(0, 60), early);
        Assert.Equal([("a", 0.0, 25.0), ("down", 25.0, 25.0), ("b", 50.0, 25.0)], early.Bands(lane, 45, ["a", "b"]).Select(band => (band.Class, band.Left, band.Width)));
        Assert.Equal(15, lane.Seconds(Place.Nowhere, 45));
        var late = StripChart.At(1230);
        Assert.Equal(new StripChart(30, 1200), late);
        Assert.Equal(["down", "b"], late.Bands(lane, 1230, ["a", "b"]).Select(band => band.Class));
        Assert.All(late.Ticks(), tick => Assert.InRange(tick.X, 0, 100));
    }

    private static Game Begin(IReadOnlyList<Move>? moves = null) => Begin(Game.Site(moves: moves));

    private static Game Begin(Scenario scenario)
    {
        var game = new Game(scenario);
        Assert.Null(game.Ours.Start());
        Assert.Null(game.HaLizard.Start());
        return game;
    }

    private static void Pass(Game game, double seconds)
    {
        for (var end = game.Now + TimeSpan.FromSeconds(seconds); game.Now < end;)
        {
            game.Step();
        }
    }

    private static Part Part(Game game, string id) => Parts.Of(game.Ours.World).Concat(game.Ours.Lanes.Select(lane => Parts.Vm(game.Ours, lane))).Single(part => part.Id == id);

    private static void Click(Game game, string id) => game.Do(Part(game, id).Sentence);

    private static IEnumerable<Lane> Ours(Game game, params string[] vms) => game.Ours.Lanes.Where(lane => vms.Contains(lane.Vm));

    private static double Longest(Player player) => player.Lanes.Max(lane => lane.Seconds(Place.Nowhere, player.Time));
}
