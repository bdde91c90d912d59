using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Tests.Config;
using Xunit;

namespace TwoNodeHa.Core.Tests.Advice;

public sealed class KillBoundAdviceTests
{
    private static readonly HaConfig s_config = ConfigText.Parse(ConfigText.Good).Config!;

    [Fact]
    public void NothingMeasured_IsANote() => Assert.Equal(CheckGrade.Note, KillBoundAdvice.Of(s_config, [new EventLine(1, 11, "notice", "words of another version")]).Grade);

    /// <summary>K is 4 s: what leaves half of it is well.</summary>
    [Theory]
    [InlineData("2.00", CheckGrade.Ok)]
    [InlineData("2.01", CheckGrade.Warning)]
    public void LongestFence_DecidesByHalfOfK(string longest, CheckGrade grade)
    {
        var item = KillBoundAdvice.Of(s_config, [Fence("0.06"), Fence(longest), Fence("0.31")]);
        Assert.Equal(grade, item.Grade);
        Assert.Contains($"the longest of 3 measured fences took {longest} s; K is 4 s", item.Sentence, StringComparison.Ordinal);
    }

    /// <summary>The figure that is advised is one that the configuration accepts, with the delay that it then computes.</summary>
    [Fact]
    public void Advice_IsTwiceTheLongest_AndSaysWhatItCosts()
    {
        var advice = KillBoundAdvice.Of(s_config, [Fence("3.10")]).Advice;
        var changed = ConfigText.Parse(ConfigText.Good + "kill_bound_seconds = 7\n").Config!;
        Assert.Contains("kill_bound_seconds = 7 on both hosts", advice, StringComparison.Ordinal);
        Assert.Contains($"computed as {TimingRules.Text(changed.Timing.TakeoverDelay)} s", advice, StringComparison.Ordinal);
    }

    [Fact]
    public void Reset_IsNamed_AndIsNoFinding_SinceALongerKDoesNotUndoIt()
    {
        var item = KillBoundAdvice.Of(s_config, [Fence("0.06"), new EventLine(2, 12, "critical", "1 domains are left")]);
        Assert.Equal(CheckGrade.Note, item.Grade);
        Assert.Contains("1 domains are left", item.Sentence, StringComparison.Ordinal);
        Assert.Contains("kill_bound_seconds = 8", item.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void ShorterK_IsAHint_OnlyWhereItGains()
    {
        Assert.Contains("kill_bound_seconds = 2 would make a takeover by silence 2.00", KillBoundAdvice.Shorter(s_config, 0.06), StringComparison.Ordinal);
        Assert.Empty(KillBoundAdvice.Shorter(s_config, 1.2));
        var fixedWatchdog = ConfigText.Parse(ConfigText.Good + "fixed_watchdog_seconds = 30\n").Config!;
        Assert.Empty(KillBoundAdvice.Shorter(fixedWatchdog, 0.06));
    }

    private static EventLine Fence(string seconds) => new(1, 11, "notice", $"fenced in {seconds} s: no domain is left and no disk back-end is open");
}
