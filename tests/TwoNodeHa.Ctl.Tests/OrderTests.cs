using TwoNodeHa.Core.Control;
using Xunit;

namespace TwoNodeHa.Ctl.Tests;

public class OrderTests
{
    public static TheoryData<string[], ControlRequest> Orders => new()
    {
        { ["enable"], new ControlRequest { Verb = "enable" } },
        { ["disable"], new ControlRequest { Verb = "disable" } },
        { ["disable", "--for", "30m"], new ControlRequest { Verb = "disable", ForSeconds = 1800 } },
        { ["disable", "--for", "90s", "--reason", "switch work"], new ControlRequest { Verb = "disable", ForSeconds = 90, Reason = "switch work" } },
        { ["disable", "--for", "1.5h"], new ControlRequest { Verb = "disable", ForSeconds = 5400 } },
        { ["disable", "--for", "1d"], new ControlRequest { Verb = "disable", ForSeconds = 86400 } },
        { ["maintenance", "on"], new ControlRequest { Verb = "maintenance", On = true } },
        { ["maintenance", "off"], new ControlRequest { Verb = "maintenance" } },
        { ["takeover", "--peer-is-dead"], new ControlRequest { Verb = "takeover", PeerIsDead = true } },
        { ["fence", "self", "--yes"], new ControlRequest { Verb = "fence" } },
    };

    [Theory]
    [MemberData(nameof(Orders))]
    public void Order_Accepted_SendsItsRequestAndPrintsTheSentence(string[] args, ControlRequest expected)
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Text = "Done." });
        var run = CtlRun.Of([.. args, "--socket", daemon.SocketPath]);

        Assert.Equal(new CtlRun(0, "Done.\n", ""), run);
        Assert.Equal(expected, Assert.Single(daemon.Requests));
    }

    [Fact]
    public void Order_Pending_EndsWithFour()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Pending = true, Text = "beta has not confirmed; HA still holds there." });
        var run = CtlRun.Of("disable", "--socket", daemon.SocketPath);

        Assert.Equal((4, "beta has not confirmed; HA still holds there.\n"), (run.ExitCode, run.Out));
    }

    [Fact]
    public void Order_Refused_EndsWithOneAndNamesTheReason()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = false, Text = "not allowed: the peer is heard" });
        var run = CtlRun.Of("takeover", "--peer-is-dead", "--socket", daemon.SocketPath);

        Assert.Equal(new CtlRun(1, "", "ha-ctl: not allowed: the peer is heard\n"), run);
    }

    [Fact]
    public void Order_RefusedJson_CarriesCodeAndReason()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = false, Text = "no" });
        var run = CtlRun.Of("enable", "--json", "--socket", daemon.SocketPath);

        Assert.Equal("{\"format\":1,\"verb\":\"enable\",\"exit_code\":1,\"text\":\"no\"}\n", run.Out);
    }

    [Theory]
    [InlineData("takeover")]
    [InlineData("fence", "self")]
    public void DestructiveOrder_WithoutItsWord_SendsNothing(params string[] args)
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true });
        var run = CtlRun.Of([.. args, "--socket", daemon.SocketPath]);

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.StartsWith("ha-ctl: nothing was done", run.Error, StringComparison.Ordinal);
        Assert.Empty(daemon.Requests);
    }

    [Theory]
    [InlineData("30")]
    [InlineData("m")]
    [InlineData("30x")]
    [InlineData("-5m")]
    [InlineData("0s")]
    [InlineData("366d")]
    [InlineData("NaNs")]
    public void Disable_BadDuration_IsAUsageErrorAndSendsNothing(string duration)
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true });
        var run = CtlRun.Of("disable", "--for=" + duration, "--socket", daemon.SocketPath);

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains($"\"{duration}\"", run.Error, StringComparison.Ordinal);
        Assert.Contains("write", run.Error, StringComparison.Ordinal);
        Assert.Empty(daemon.Requests);
    }

    [Theory]
    [InlineData]
    [InlineData("stats")]
    [InlineData("maintenance")]
    [InlineData("maintenance", "maybe")]
    [InlineData("events", "--last", "-1")]
    [InlineData("status", "--timeout", "0")]
    [InlineData("status", "--timeout", "five")]
    [InlineData("completion", "csh")]
    public void CommandLine_Wrong_EndsWithTwo(params string[] args)
    {
        var run = CtlRun.Of(args);

        Assert.Equal((ExitCode.Usage, ""), (run.ExitCode, run.Out));
        Assert.Contains("ha-ctl --help", run.Error, StringComparison.Ordinal);
    }
}
