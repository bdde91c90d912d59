using TwoNodeHa.Core.Control;
using Xunit;

namespace TwoNodeHa.Ctl.Tests;

public class OrderTests
{
    private static readonly long s_now = CtlRun.Now.ToUnixTimeMilliseconds();

    public static TheoryData<string[], ControlRequest> Orders => new()
    {
        { ["enable"], new OperatorRequest.Enable() },
        { ["disable"], new OperatorRequest.Disable() },
        { ["disable", "--for", "30m"], new OperatorRequest.Disable(s_now + 1_800_000) },
        { ["disable", "--for", "90s", "--reason", "switch work"], new OperatorRequest.Disable(s_now + 90_000, "switch work") },
        { ["disable", "--for", "1.5h"], new OperatorRequest.Disable(s_now + 5_400_000) },
        { ["disable", "--for", "1d"], new OperatorRequest.Disable(s_now + 86_400_000) },
        { ["maintenance", "on"], new OperatorRequest.Maintenance(true) },
        { ["maintenance", "off"], new OperatorRequest.Maintenance(false) },
        { ["takeover", "--peer-is-dead"], new OperatorRequest.Takeover { PeerIsDead = true } },
        { ["vm", "protect", "sql"], new OperatorRequest.Protect("sql", true) },
        { ["vm", "unprotect", "sql"], new OperatorRequest.Protect("sql", false) },
        { ["fence", "self", "--yes"], new OperatorRequest.FenceSelf() },
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
    public void Order_Pending_IsWaitedForAndEndsWithZeroOnceConfirmed()
    {
        var asked = 0;
        using var daemon = FakeDaemon.Answering(request => request is OperatorRequest
            ? new ControlAnswer { Ok = true, Pending = true, Text = "beta has not confirmed; HA still holds there." }
            : new ControlAnswer { Ok = true, Status = SampleStatus.Good with { Enabled = false, SwitchConfirmed = ++asked > 2 } });
        var run = CtlRun.Of("disable", "--socket", daemon.SocketPath);

        Assert.Equal((0, "HA is disabled on both hosts. VMs go on running; nobody restarts them.\n"), (run.ExitCode, run.Out));
        Assert.Equal(3, asked);
    }

    [Fact]
    public void Order_NotConfirmedInTime_EndsWithFourAndSaysSo()
    {
        using var daemon = FakeDaemon.Answering(request => request is OperatorRequest
            ? new ControlAnswer { Ok = true, Pending = true, Text = "beta has not confirmed; HA still holds there." }
            : new ControlAnswer { Ok = true, Status = SampleStatus.Good with { Enabled = false, SwitchConfirmed = false } });
        var run = CtlRun.Of("disable", "--wait", "0.2", "--socket", daemon.SocketPath);

        Assert.Equal(4, run.ExitCode);
        Assert.Contains("HA still holds there.\nNot confirmed within 0.2 s", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Order_NoWait_EndsWithFourAtOnce()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Pending = true, Text = "beta has not confirmed." });
        var run = CtlRun.Of("enable", "--wait", "0", "--socket", daemon.SocketPath);

        Assert.Equal((4, "beta has not confirmed.\n"), (run.ExitCode, run.Out));
        Assert.Single(daemon.Requests);
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
    [InlineData("'stats' is no verb of ha-ctl; did you mean 'status'?", "stats")]
    [InlineData("did you mean 'timeline'?", "timline")]
    [InlineData("did you mean 'disable'?", "disble", "--for", "2h")]
    [InlineData("'--wach' is not known to 'ha-ctl status'; did you mean '--watch'?", "status", "--wach")]
    [InlineData("'--jsn' is not known to 'ha-ctl status'; did you mean '--json'?", "status", "--jsn")]
    [InlineData("'offf' is not known to 'ha-ctl maintenance'; did you mean 'off'?", "maintenance", "offf")]
    [InlineData("'xyzzy' is no verb of ha-ctl\nTry", "xyzzy")]
    public void CommandLine_WithASlip_NamesWhatWasMeant(string expected, params string[] args)
    {
        var run = CtlRun.Of(args);

        Assert.Equal((ExitCode.Usage, ""), (run.ExitCode, run.Out));
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void CommandLine_Empty_PrintsTheHelpByGroups()
    {
        var run = CtlRun.Of();

        Assert.Equal((ExitCode.Usage, ""), (run.ExitCode, run.Error));
        Assert.Equal(run.Out, CtlRun.Of("--help").Out);
        var root = CommandTree.Build(new CtlContext(TextWriter.Null, TextWriter.Null));
        Assert.All(root.Subcommands, verb => Assert.Contains($"\n  {verb.Name} ", run.Out, StringComparison.Ordinal));
        Assert.True(run.Out.Split('\n').All(line => line.Length <= 120), run.Out);
    }

    [Fact]
    public void Help_OfAVerb_EndsWithExamples()
    {
        var run = CtlRun.Of("disable", "--help");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("--reason", run.Out, StringComparison.Ordinal);
        Assert.Contains("Examples:\n  ha-ctl disable --for 2h", run.Out, StringComparison.Ordinal);
    }

    [Theory]
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
        Assert.Matches("Try: ha-ctl (\\w+ )?--help", run.Error);
    }
}
