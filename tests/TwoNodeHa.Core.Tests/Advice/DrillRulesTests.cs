using System.Collections.Immutable;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Tests.Config;
using Xunit;

namespace TwoNodeHa.Core.Tests.Advice;

public sealed class DrillRulesTests
{
    private static readonly HaConfig s_config = ConfigText.Parse(ConfigText.Good).Config!;

    private static readonly StatusReport s_status = new()
    {
        Host = "alpha", PeerHost = "beta", State = "Paired", StateAgeSeconds = 100, Why = "", Enabled = true, Switch = "enabled", SwitchConfirmed = true, SafetyClass = "C",
        SafetySentence = "", Protected = true, Epoch = 1, Incarnation = 1, Role = "slave", Toolstack = "ready", Rights = [], TakeoverRefusals = [], Watchdog = "", Gateway = "Healthy",
        Links = [], Vms = [],
        Peer = new PeerStatus { State = "Paired", HeardAgeSeconds = 0.2, Bound = true, GatewayFresh = true, Fit = true, Role = "master", Epoch = 1, RunningCount = 1, ConfigAgrees = true },
        Outlooks = [new FailureOutlook("alpha", "beta") { Covered = true, Starts = ["test1"] }, new FailureOutlook("beta", "alpha") { Covered = true, Starts = ["web"] }],
    };

    private static readonly VmReport s_vms = new() { Vms = [Vm(1, "test1", "alpha"), Vm(2, "web", "beta")] };

    private static readonly DrillWish s_fence = new(DrillKind.Fence, "alpha") { Vms = ["test1"] };

    private static readonly DrillWish s_lose = new(DrillKind.Failover, "beta") { Vms = ["web"], Promote = true };

    [Fact]
    public void EverythingAsItShouldBe_NothingIsInTheWay()
    {
        Assert.Empty(WhyNot(s_fence));
        Assert.Empty(WhyNot(s_lose));
        Assert.Empty(WhyNot(new DrillWish(DrillKind.Handover, "alpha")));
        Assert.Empty(WhyNot(s_fence with { Vms = [s_vms.Vms[0].Uuid.ToString()] }));
    }

    public static TheoryData<string, Func<StatusReport, StatusReport>> Uncovered => new()
    {
        { "HA is disabled", status => status with { Enabled = false, Protected = false, Switch = "disabled" } },
        { "the protected VM web runs nowhere", status => status with { Vms = [new VmStatus(Guid.NewGuid(), "web", true, true, "")] } },
        { "beta is not heard", status => status with { Peer = status.Peer! with { HeardAgeSeconds = 60 } } },
        { "beta was never heard", status => status with { Peer = null } },
        { "beta is Suspecting", status => status with { Peer = status.Peer! with { State = "Suspecting" } } },
        { "if beta fails, web does not come back", status => status with { Protected = false, Findings = ["if beta fails, web does not come back"] } },
        { "whether the VMs fit", status => status with { Outlooks = [] } },
        { "names other hosts", status => status with { Host = "gamma" } },
    };

    /// <summary>Whatever is drilled and however it is confirmed.</summary>
    [Theory]
    [MemberData(nameof(Uncovered))]
    public void PoolNotCovered_RefusesEveryDrill_WithAdvice(string words, Func<StatusReport, StatusReport> change)
    {
        foreach (var wish in new[] { new DrillWish(DrillKind.Handover, "alpha"), s_fence with { AllVms = true, Promote = true }, s_lose with { AllVms = true } })
        {
            var found = DrillRules.WhyNot(wish, change(s_status), s_vms, s_config);
            Assert.Contains(found, remark => remark.Sentence.Contains(words, StringComparison.Ordinal));
            Assert.All(found, remark => Assert.True(remark.Advice.Length > 0 || remark.Sentence.Contains("fails", StringComparison.Ordinal), remark.Sentence));
        }
    }

    [Fact]
    public void MasterIsOnlyLost_WhenThatWasSaid()
    {
        Assert.Contains("is master", Assert.Single(WhyNot(s_lose with { Promote = false })).Sentence, StringComparison.Ordinal);
        Assert.Contains("is master", Assert.Single(DrillRules.WhyNot(s_fence, s_status with { Role = "master" }, s_vms, s_config)).Sentence, StringComparison.Ordinal);

        // What is not known counts as the worse.
        Assert.Single(DrillRules.WhyNot(s_fence, s_status with { Role = "unknown" }, s_vms, s_config));
    }

    [Fact]
    public void VmThatWasNotNamed_IsNotStopped()
    {
        var two = s_vms with { Vms = [.. s_vms.Vms, Vm(3, "mail", "alpha")] };
        Assert.Contains("mail runs on alpha and would be stopped", Assert.Single(DrillRules.WhyNot(s_fence, s_status, two, s_config)).Sentence, StringComparison.Ordinal);
        Assert.Empty(DrillRules.WhyNot(s_fence with { Vms = ["test1", "mail"] }, s_status, two, s_config));
        Assert.Empty(DrillRules.WhyNot(s_fence with { Vms = [], AllVms = true }, s_status, two, s_config));
    }

    [Fact]
    public void SlipInAName_IsNoLeave()
    {
        var found = WhyNot(s_fence with { Vms = ["tset1"] });
        Assert.Contains(found, remark => remark is { Sentence: "no VM tset1 runs on alpha", Advice: "Did you mean test1?" });
        Assert.Contains(found, remark => remark.Sentence.Contains("would be stopped", StringComparison.Ordinal));
    }

    [Fact]
    public void VmThatWouldStayDown_IsNotStopped_WhateverWasSaid()
    {
        var lost = s_vms with { Vms = [Vm(1, "test1", "alpha") with { ComesBack = false, IfItsHostFails = "does not come back: needs 16.0 GiB" }] };
        Assert.Contains("test1 would stay down: does not come back", Assert.Single(DrillRules.WhyNot(s_fence with { AllVms = true }, s_status, lost, s_config)).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void GuestThatTheToolstackDoesNotKnow_IsNotStopped() => Assert.Contains("runs 2 guests, and the toolstack knows 1",
        Assert.Single(DrillRules.WhyNot(s_lose, s_status with { Peer = s_status.Peer! with { RunningCount = 2 } }, s_vms, s_config)).Sentence, StringComparison.Ordinal);

    [Theory]
    [InlineData("alpha", "cannot watch its own loss")]
    [InlineData("betta", "is no host of this pool")]
    public void LostHost_IsTheOtherOne_TypedInFull(string host, string words) =>
        Assert.Contains(words, Assert.Single(WhyNot(s_lose with { Host = host })).Sentence, StringComparison.Ordinal);

    [Fact]
    public void Agent_IsUsed_WhenThereIsOneThatWorks()
    {
        Assert.Contains("no fence agent is configured", Assert.Single(WhyNot(s_lose with { ByAgent = true })).Sentence, StringComparison.Ordinal);
        var boards = ConfigText.Parse(ConfigText.Good + "[fence one]\nhost = alpha\nagent = ipmi\naddress = 203.0.113.21\npassword_file = /etc/twonodeha/one\ntimeout_seconds = 4\n"
            + "[fence two]\nhost = beta\nagent = ipmi\naddress = 203.0.113.22\npassword_file = /etc/twonodeha/two\ntimeout_seconds = 4\n").Config!;
        Assert.Empty(DrillRules.WhyNot(s_lose with { ByAgent = true }, s_status, s_vms, boards));
        var broken = s_status with { ThirdParties = [new ThirdPartyStatus("two", false, "wrong password", null)] };
        Assert.Contains("two does not work: wrong password", Assert.Single(DrillRules.WhyNot(s_lose with { ByAgent = true }, broken, s_vms, boards)).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Announcement_NamesWhatStops_AndTheTimesOfTheTimeline()
    {
        var fence = string.Join('\n', DrillRules.Announce(s_fence, s_status, s_vms, s_config));
        Assert.Contains("test1 is destroyed, without a shutdown: within K, 4 s, or alpha is reset", fence, StringComparison.Ordinal);
        Assert.DoesNotContain("master", fence, StringComparison.Ordinal);

        var lose = string.Join('\n', DrillRules.Announce(s_lose, s_status, s_vms, s_config));
        var story = Timeline.Of(s_config).First(one => one.Id == "power-loss-master").Takeover!.Value;
        Assert.Contains($"alpha takes over {TimingRules.Text(story.From)} to {TimingRules.Text(story.To)} s after the last heartbeat; alpha becomes master", lose, StringComparison.Ordinal);

        Assert.Contains("no VM stops", DrillRules.Announce(new DrillWish(DrillKind.Handover, "alpha"), s_status, s_vms, s_config)[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("reboot", "this shell ends with it")]
    [InlineData("poweroff", "you must switch it on")]
    [InlineData("kill", "rejoins by itself")]
    public void Announcement_SaysWhatBecomesOfTheFencedHost(string action, string words) => Assert.Contains(words,
        DrillRules.Announce(s_fence, s_status, s_vms, ConfigText.Parse(ConfigText.Good + $"[policy]\nfence_action = {action}\n").Config!)[^1], StringComparison.Ordinal);

    private static ImmutableArray<StatusRemark> WhyNot(DrillWish wish) => DrillRules.WhyNot(wish, s_status, s_vms, s_config);

    private static VmDetail Vm(int number, string name, string on) => new(new Guid(number, 0, 0, new byte[8]), name)
    {
        Protected = true, ProtectedWhy = "", On = on, ComesBack = true, IfItsHostFails = "runs on the other one",
    };
}
