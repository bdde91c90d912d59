using TwoNodeHa.Core.Config;
using Xunit;

namespace TwoNodeHa.Core.Tests.Config;

public class TimingRulesTests
{
    [Fact]
    public void Lines_Balanced_ShowTheWholeArithmetic()
    {
        var rules = TimingRules.Of(ConfigText.Parse(ConfigText.Good).Config!);

        Assert.Equal(
            [
                "S = (4 + 1) · interval 1 + stall 0.5 = 5.5 s",
                "T ≥ (max(S 5.5, gateway timeout 5 + stagger 0) + max(K 4, fixed watchdog 0)) · (1 + 2 · 500 ppm) + margin 0.5 = (5.5 + 4) · 1.001 + 0.5 = 10.01 s",
                "T ≥ (gateway timeout 5 + stagger 0 + interval 1 + fence 4) · 1.001 = 10.01 s",
                "T > 2 · f + margin = 2 · 2.2 + 0.5 = 4.9 s",
                "a sign of life holds a takeover back for Q = max(S + interval 6.5, fence 4 · 1.001 + margin 0.5 + 2 · interval 1 + rest 0.5) = 7.004 s; a host that is heard one way ends 4.504 s before the announced takeover",
                "T = 10.01 s: all rules hold",
                "staggered loss: δ ≤ T / (1 + 2 · drift) − gateway timeout − fence = 10.01 / 1.001 − 5 − 4 = 1 s after the newest heartbeat, in the worst case 0 s after the link",
            ],
            rules.Lines());
        Assert.Equal(TimeSpan.FromSeconds(1), rules.StaggerMax);
    }

    [Fact]
    public void FixedWatchdog_LongerThanTheKill_TakesItsPlace()
    {
        var config = ConfigText.GoodPlus("fixed_watchdog_seconds = 10");

        Assert.Equal(TimeSpan.FromMilliseconds(16_016), config.Timing.TakeoverDelay);
    }

    [Fact]
    public void StaggerTolerance_LengthensTheDelayAndIsThenCovered()
    {
        var config = ConfigText.GoodPlus("stagger_tolerance_seconds = 30");

        Assert.Equal(TimeSpan.FromMilliseconds(40_040), config.Timing.TakeoverDelay);
        Assert.True(TimingRules.Of(config).StaggerAfterLink >= TimeSpan.FromSeconds(30));
    }

    /// <summary>
    /// A cut just before a heartbeat is due and just after a probe was answered: the loser ends gateway timeout + K
    /// after the cut, the taker's wait began one interval before it.
    /// </summary>
    [Fact]
    public void GatewayTimeoutLongerThanTheLease_CountsTheIntervalToo()
    {
        var config = ConfigText.GoodWith("[timing]", "timeout_seconds = 10");

        Assert.Equal(TimeSpan.FromMilliseconds(15_015), config.Timing.TakeoverDelay);
        var loserEnd = config.Gateway.Timeout + config.Timing.FenceBound;
        Assert.True(config.Timing.TakeoverDelay - config.Timing.HeartbeatInterval >= loserEnd);
        var refused = ConfigText.Parse(
            ConfigText.Good.Replace("[timing]", "timeout_seconds = 10\n[timing]\ntakeover_delay_seconds = 14.6", StringComparison.Ordinal));
        Assert.Contains("on the gateway path", Assert.Single(refused.Findings).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ComputedDelay_IsAboveTheAttestationFloorToo()
    {
        var config = ConfigText.GoodWith(
            "[timing]\n",
            "timeout_seconds = 1.5\n[timing]\nheartbeat_interval_seconds = 10\nlosses_tolerated = 1\nstall_tolerance_seconds = 0.1\nkill_bound_seconds = 2\n");

        Assert.Equal(TimeSpan.FromMilliseconds(40_901), config.Timing.TakeoverDelay);
        Assert.True(TimingRules.Of(config).Holds);
    }

    [Fact]
    public void ConfiguredDelay_AtItsBoundOrLonger_IsKept()
    {
        Assert.Equal(TimeSpan.FromMilliseconds(10_010), ConfigText.GoodPlus("takeover_delay_seconds = 10.01").Timing.TakeoverDelay);
        Assert.Equal(TimeSpan.FromSeconds(60), ConfigText.GoodPlus("takeover_delay_seconds = 60").Timing.TakeoverDelay);
    }

    [Theory]
    [InlineData("", "abc", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("same", "same", 0)]
    public void Distance_CountsSingleEdits(string left, string right, int expected) =>
        Assert.Equal(expected, NearestWord.Distance(left, right));
}
