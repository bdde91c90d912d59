using System.Text.Json;
using TwoNodeHa.Core.Control;
using Xunit;

namespace TwoNodeHa.Ctl.Tests;

public class StatusTests
{
    [Fact]
    public void Status_Healthy_PrintsTheGoldenTable()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Status = SampleStatus.Good });
        var run = CtlRun.Of("status", "--socket", daemon.SocketPath);

        AssertGolden("status-good.txt", run.Out);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal("status", Assert.Single(daemon.Requests).Verb);
    }

    [Fact]
    public void Status_InTrouble_PrintsTheGoldenTable()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Status = SampleStatus.Troubled });

        AssertGolden("status-troubled.txt", CtlRun.Of("status", "--socket", daemon.SocketPath).Out);
    }

    [Fact]
    public void Status_Holding_SaysWhatHoldsItAndWhatToDo()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer
        {
            Ok = true,
            Status = SampleStatus.Troubled with { State = "Holding", TakeoverRefusals = ["the peer's kernel still answers (arp on mgmt)"] },
        });

        var said = CtlRun.Of("status", "--socket", daemon.SocketPath).Out;
        Assert.Contains("No takeover   the peer's kernel still answers (arp on mgmt)", said, StringComparison.Ordinal);
        Assert.Contains("What to do    On beta: 'systemctl status twonodeha'", said, StringComparison.Ordinal);
        Assert.Contains("'ha-ctl takeover --peer-is-dead'", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Status_Json_IsOneStableLine()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Status = SampleStatus.Good });
        var run = CtlRun.Of("status", "--json", "--socket", daemon.SocketPath);

        AssertGolden("status-good.json", run.Out);
        Assert.Equal(0, run.Json.GetProperty("exit_code").GetInt32());
        Assert.Equal("Paired", run.Json.GetProperty("status").GetProperty("state").GetString());
    }

    [Fact]
    public void Status_NameWithTerminalControls_IsPrintedHarmlessly()
    {
        var vm = SampleStatus.Good.Vms[0] with { Name = "web\e[2J\u009b\n" };
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Status = SampleStatus.Good with { Vms = [vm] } });

        Assert.Contains("web?[2J?? ", CtlRun.Of("status", "--socket", daemon.SocketPath).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Status_Watch_AsksAgainEachRound()
    {
        var round = 0;
        using var daemon = FakeDaemon.Answering(_ => new ControlAnswer
        {
            Ok = true,
            Status = SampleStatus.Good with { Epoch = ++round },
        });
        var run = CtlRun.Rounds(3, "status", "--watch", "--json", "--socket", daemon.SocketPath);

        var epochs = run.Out.TrimEnd('\n').Split('\n')
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("status").GetProperty("epoch").GetInt32());
        Assert.Equal([1, 2, 3], epochs);
    }

    [Fact]
    public void Status_NoSocket_SaysWhatItCanAndEndsWithThree()
    {
        var run = CtlRun.Of("status", "--socket", "/nonexistent/x.sock", "--config", CtlRun.RepositoryFile("ha.conf.example"));

        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        Assert.Contains("the daemon is not running", run.Error, StringComparison.Ordinal);
        Assert.Contains("This is what is known without the daemon", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Status_NoSocketJson_IsJsonToo()
    {
        var run = CtlRun.Of("status", "--json", "--socket", "/nonexistent/x.sock", "--config", "/nonexistent/ha.conf");

        Assert.Equal(3, run.ExitCode);
        Assert.Equal(3, run.Json.GetProperty("exit_code").GetInt32());
        Assert.Contains("not there", run.Json.GetProperty("known")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Status_AnswerWithoutStatus_IsGarbled()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true });

        Assert.Equal(ExitCode.Garbled, CtlRun.Of("status", "--socket", daemon.SocketPath).ExitCode);
    }

    /// <summary>
    /// Golden files change on purpose only, with REWRITE_GOLDEN=1: a difference is a change of what operators and
    /// scripts see. A missing one is a failure.
    /// </summary>
    private static void AssertGolden(string name, string actual)
    {
        var file = CtlRun.RepositoryFile(Path.Combine("tests", "TwoNodeHa.Ctl.Tests", "Golden", name));
        if (Environment.GetEnvironmentVariable("REWRITE_GOLDEN") == "1")
        {
            File.WriteAllText(file, actual);
        }

        Assert.Equal(File.ReadAllText(file), actual);
    }
}
