using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Tests.Config;
using Xunit;

namespace TwoNodeHa.Core.Tests.Advice;

public class TimelineTests
{
    private const string Crossover = "[link crossover]\nalpha = 198.51.100.11\nbeta = 198.51.100.12\n";

    private const string Arbiter = "[arbiter]\nendpoints = 192.0.2.31\nca_file = /etc/twonodeha/ca.pem\nprefix = /twonodeha/ward-3\n";
    private const string Boards = "[fence one]\nhost = alpha\nagent = ipmi\naddress = 203.0.113.21\npassword_file = /etc/twonodeha/one\ntimeout_seconds = 4\n"
        + "[fence two]\nhost = beta\nagent = ipmi\naddress = 203.0.113.22\npassword_file = /etc/twonodeha/two\ntimeout_seconds = 4\n";

    /// <summary>Where a takeover rests on the fence of the cut-off host, and not on a power that was read as off.</summary>
    public static TheoryData<string> WithoutBoards => new(Tails);

    private const string Storage = "[storage]\nreservation = /dev/mapper/a, /dev/mapper/b\n";

    public static TheoryData<string> Configurations => new([.. Tails, Boards, Boards + Arbiter, Storage, Storage + Boards]);

    private static string[] Tails { get; } =
    [
        "", Crossover, "[watchdog]\ndevice = none", "[policy]\non_gateway_loss = stay\nlone_start = hold",
        "takeover_delay_seconds = 60", "[storage]\nprobe = /srv/x\non_storage_loss = fence", "stagger_tolerance_seconds = 20", "fixed_watchdog_seconds = 30", Arbiter,
    ];

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Stories_AreComplete_AndTheirTimesAreInOrder(string tail)
    {
        foreach (var profile in new[] { "fast", "balanced", "patient" })
        {
            var text = ConfigText.Good.Replace("profile = balanced", "profile = " + profile, StringComparison.Ordinal) + tail;
            var stories = Timeline.Of(ConfigText.Parse(text).Config!);

            Assert.Equal(14, stories.Select(story => story.Id).Distinct().Count());
            Assert.All(stories, story => Assert.NotEmpty(story.Rows));
            Assert.All(
                stories.SelectMany(story => story.Rows),
                row => Assert.True(row.When.From >= TimeSpan.Zero && row.When.From <= row.When.To, $"{profile} {tail}: {row}"));
        }
    }

    /// <summary>The whole point: whoever is cut off is dead before the other one starts anything.</summary>
    [Theory]
    [MemberData(nameof(WithoutBoards))]
    public void CutOffHost_IsDeadBeforeTheTakeover(string tail)
    {
        var config = ConfigText.GoodPlus(tail);
        var rules = TimingRules.Of(config);
        var story = Story(config, "network-lost");

        Assert.True(rules.Holds);
        Assert.True(config.Gateway.Timeout + config.Timing.FenceBound <= story.Takeover!.Value.From);
        Assert.True(rules.LoserEnd < story.Takeover.Value.To);
    }

    [Fact]
    public void PowerLossOfMaster_Balanced_HasTheseTimes()
    {
        var story = Story(ConfigText.GoodPlus(""), "power-loss-master");

        Assert.Equal(new TimeRange(TimeSpan.FromMilliseconds(9_010), TimeSpan.FromMilliseconds(10_010)), story.Takeover);
        Assert.Equal(new TimeRange(TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(100)), story.Toolstack);
        Assert.Equal(TimeSpan.FromMilliseconds(110_010), story.Rows[^1].When.To);
    }

    [Fact]
    public void Reservations_TakeOverOneReadingAndOneFenceAfterTheKeyIsTaken()
    {
        var config = ConfigText.GoodPlus(Storage);

        // S, then 2 s for a reading, 4 s for a fence, the margin, and at most two calls.
        var slave = Story(config, "power-loss-slave");
        Assert.Contains("(T4)", slave.Rows[^1].What, StringComparison.Ordinal);
        Assert.Equal(4.5 + 2 + 4 + 0.5, slave.Takeover!.Value.From.TotalSeconds, 3);
        Assert.InRange(slave.Takeover!.Value.To.TotalSeconds, 12, 13.5);
        Assert.Equal(60, Story(config, "arbiter-away").Rows[1].When.To.TotalSeconds, 3);
        Assert.Contains("the storage refuse", SafetyClass.Of(config).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Arbiter_TakesOverByItsLease_AndCoversThePathBetweenTheHosts()
    {
        var config = ConfigText.GoodPlus(Arbiter);

        Assert.Equal(Story(ConfigText.GoodPlus(""), "power-loss-master").Takeover, Story(config, "power-loss-master").Takeover);
        Assert.Contains("(T4)", Story(config, "power-loss-slave").Rows[^1].What, StringComparison.Ordinal);
        Assert.DoesNotContain(Timeline.Of(config).SelectMany(story => story.Rows), row => row.What.Contains("(T2)", StringComparison.Ordinal));
        Assert.True(Story(config, "link-cut").EndsWell);
        Assert.True(Story(config, "power-loss-confirmed").Hypothetical);
        Assert.False(Story(config, "arbiter-away").Hypothetical);

        // 15 s of lease, less the drift, one fence and the margin; renewed a third into its life.
        Assert.Equal((15 / 1.001) - 4.5, Story(config, "arbiter-away").Rows[1].When.To.TotalSeconds, 3);
    }

    [Fact]
    public void ConfirmedPowerOff_IsEarlyForBoth_AndLaterForTheSlaveThatMustOrderIt()
    {
        var config = ConfigText.GoodPlus(Boards);

        Assert.Equal(new TimeRange(TimeSpan.FromSeconds(4.5 + 0.5), TimeSpan.FromSeconds(5.5 + 4 + 0.5)), Story(config, "power-loss-slave").Takeover);
        Assert.Equal(new TimeRange(TimeSpan.FromSeconds(4.5 + 0.5), TimeSpan.FromSeconds(10.5 + 4 + 0.5)), Story(config, "power-loss-master").Takeover);
        Assert.False(Story(config, "power-loss-confirmed").Hypothetical);
        Assert.Equal(TimeSpan.FromSeconds(10.01), Story(ConfigText.GoodPlus(Boards + Arbiter), "power-loss-master").Takeover!.Value.To);
        Assert.Contains("stays off", Story(config, "link-cut").Outcome, StringComparison.Ordinal);
    }

    [Fact]
    public void AttestedLoss_NeedsNoSilence()
    {
        var config = ConfigText.GoodPlus(Crossover);
        var story = Story(config, "management-lost-second-link");

        Assert.False(story.Hypothetical);
        Assert.Equal(TimeSpan.FromSeconds(10), story.Takeover!.Value.From);
        Assert.Equal(TimeSpan.FromSeconds(10.5 + 4 + 1), story.Takeover.Value.To);
    }

    [Fact]
    public void OneLink_ShowsTheSecondOnesGainAsHypothetical_AndTheCutAsNotCovered()
    {
        var config = ConfigText.GoodPlus("");

        Assert.True(Story(config, "management-lost-second-link").Hypothetical);
        Assert.False(Story(config, "link-cut").EndsWell);
        Assert.True(Story(ConfigText.GoodPlus(Crossover), "link-cut").EndsWell);
    }

    [Fact]
    public void NoWatchdog_FrozenDaemonDoesNotEndWell() =>
        Assert.False(Story(ConfigText.GoodPlus("[watchdog]\ndevice = none"), "daemon-frozen").EndsWell);

    [Fact]
    public void StayPolicy_KeepsTheVmsOnTheCutOffHost() =>
        Assert.Null(Story(ConfigText.GoodPlus("[policy]\non_gateway_loss = stay"), "management-lost-second-link").Takeover);

    private static TimelineStory Story(HaConfig config, string id) => Timeline.Of(config).Single(story => story.Id == id);
}
