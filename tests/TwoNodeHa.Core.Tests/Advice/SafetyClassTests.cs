using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Tests.Config;
using Xunit;

namespace TwoNodeHa.Core.Tests.Advice;

public class SafetyClassTests
{
    private const string Crossover = "[link crossover]\nalpha = 198.51.100.11\nbeta = 198.51.100.12\n";

    [Fact]
    public void OneLink_IsClassCAndSaysWhatBreaksIt()
    {
        var verdict = SafetyClass.Of(ConfigText.GoodPlus(""));

        Assert.Equal("C", verdict.Letter);
        Assert.Equal(
            "one link and gateway pings: if both hosts see the gateway but cannot hear each other for 10.01 s, no rule can be both safe and available, and a VM may run twice.",
            verdict.Sentence);
        Assert.Contains("class B", verdict.StepUp, StringComparison.Ordinal);
        Assert.False(verdict.HasReservation);
    }

    [Fact]
    public void SecondNetwork_IsClassB()
    {
        var verdict = SafetyClass.Of(ConfigText.GoodPlus(Crossover));

        Assert.Equal(("B", ""), (verdict.Letter, verdict.StepUp));
        Assert.Contains("only if all of them fail", verdict.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[link two]\nalpha = 192.0.2.21\nbeta = 192.0.2.22\n")]
    [InlineData("[link two]\nalpha = 198.51.100.11\nbeta = 192.0.2.22\n")]
    [InlineData("[link two]\nport = 7758\nalpha = 192.0.2.11\nbeta = 192.0.2.12\n")]
    public void SecondLinkInTheSameNetwork_StaysClassC(string link)
    {
        var verdict = SafetyClass.Of(ConfigText.GoodPlus(link));

        Assert.Equal("C", verdict.Letter);
        Assert.StartsWith("several links in one network", verdict.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void SecondLinkOfTheOtherFamily_IsAnotherNetwork() =>
        Assert.Equal("B", SafetyClass.Of(ConfigText.GoodPlus("[link six]\nalpha = [2001:db8::11]\nbeta = [2001:db8::12]\n")).Letter);

    [Fact]
    public void NoWatchdog_IsSaidInTheSentenceWhateverTheClass()
    {
        var configured = SafetyClass.Of(ConfigText.GoodPlus(Crossover + "[watchdog]\ndevice = none"));
        var missing = SafetyClass.Of(ConfigText.GoodPlus(Crossover), watchdogMissing: true);

        Assert.Equal(("B", true), (configured.Letter, configured.HasReservation));
        Assert.Contains("without a watchdog", configured.Sentence, StringComparison.Ordinal);
        Assert.Equal(configured, missing);
    }

    [Fact]
    public void TakeoverOnAmbiguity_IsSaidInTheSentence() => Assert.Contains(
        "even from a peer that still answers",
        SafetyClass.Of(ConfigText.GoodPlus("[policy]\non_ambiguous = takeover")).Sentence,
        StringComparison.Ordinal);
}
