using System.Collections.Immutable;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Operator;
using Xunit;

namespace TwoNodeHa.Ctl.Tests;

public sealed class StatusWatchTests
{
    private static readonly StatusReport s_both = SampleStatus.Good with
    {
        Links = [SampleStatus.Good.Links[0], SampleStatus.Good.Links[1] with { HeardAgeSeconds = 0.3 }],
        Counters = ImmutableSortedDictionary<string, long>.Empty,
    };

    [Fact]
    public void SecondLinkFallsSilent_IsToldOnceAndAgainWhenItIsOver()
    {
        var silent = s_both with { Links = s_both.Links.SetItem(1, s_both.Links[1] with { HeardAgeSeconds = 10.5 }) };
        var watch = Quiet(new StatusWatch(), s_both, 0);
        watch = watch.Look(silent, 2_000, out var began);
        watch = Quiet(watch, silent, 4_000);
        _ = watch.Look(s_both, 42_000, out var ended);

        var event1 = Assert.Single(began);
        Assert.Equal((HaEventId.LinkChanged, Severity.Warning), (event1.Id, event1.Severity));
        Assert.Contains("link crossover is silent, beta is heard on mgmt alone", event1.Sentence, StringComparison.Ordinal);
        Assert.Equal(new HaEvent(HaEventId.LinkChanged, Severity.Notice, "link crossover is heard again after 40 s"), Assert.Single(ended));
    }

    [Fact]
    public void AllLinksSilent_IsThePeersSilence_AndNoLinkIsNamed() => Quiet(new StatusWatch(), s_both with
    {
        Links = [.. s_both.Links.Select(link => link with { HeardAgeSeconds = 30 })],
    }, 0);

    [Fact]
    public void OtherConfiguration_IsAnEventWithTheSection()
    {
        new StatusWatch().Look(s_both with { Peer = s_both.Peer! with { ConfigAgrees = false, ConfigDiffers = ["[policy]"] } }, 0, out var events);
        var told = Assert.Single(events);
        Assert.Equal(HaEventId.SetupDiffers, told.Id);
        Assert.Contains("the configuration of beta differs in [policy]", told.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherKey_IsToldWhileItLasts_AndForgottenAfterwards()
    {
        var deaf = s_both with { Peer = null, Links = [.. s_both.Links.Select(link => link with { HeardAgeSeconds = null })] };
        var watch = new StatusWatch().Look(With(deaf, "link.mgmt.wrong_key", 3), 0, out var events);
        Assert.Equal(HaEventId.SetupDiffers, Assert.Single(events).Id);
        Assert.Contains("signed with another key", Assert.Single(watch.Warnings), StringComparison.Ordinal);

        // The same count half a minute later: nobody sends with another key any more.
        watch = watch.Look(With(deaf, "link.mgmt.wrong_key", 3), 31_000, out events);
        Assert.Equal(Severity.Notice, Assert.Single(events).Severity);
        Assert.Empty(watch.Warnings);
    }

    [Theory]
    [InlineData("link.mgmt.wrong_key", "key file")]
    [InlineData("link.mgmt.unsupported_version", "same package")]
    public void HoldingBecauseThePeerIsNotUnderstood_AdvisesThatAndNoTakeover(string counter, string advice)
    {
        var deaf = s_both with
        {
            State = "Holding", Protected = false, Peer = s_both.Peer! with { HeardAgeSeconds = 60 },
            Links = [.. s_both.Links.Select(link => link with { HeardAgeSeconds = 60 })],
            Findings = ["this host is Holding: beta is silent and may be alive"],
        };
        var watch = new StatusWatch().Look(With(deaf, counter, 9), 0, out _);
        var verdict = Verdict.Of(deaf with { Warnings = watch.Warnings });

        Assert.False(verdict.Covered);
        Assert.All(verdict.Remarks.Where(remark => remark.IsProblem), remark => Assert.DoesNotContain("takeover", remark.Advice, StringComparison.Ordinal));
        Assert.Contains(verdict.Remarks, remark => remark.Advice.Contains(advice, StringComparison.Ordinal));
    }

    private static StatusReport With(StatusReport status, string counter, long count) =>
        status with { Counters = status.Counters.SetItem(counter, count) };

    private static StatusWatch Quiet(StatusWatch watch, StatusReport status, long nowMs)
    {
        var next = watch.Look(status, nowMs, out var events);
        Assert.Empty(events);
        return next;
    }
}
