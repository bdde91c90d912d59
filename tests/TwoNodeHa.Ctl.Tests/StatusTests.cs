using System.Text.Json;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;
using Xunit;

namespace TwoNodeHa.Ctl.Tests;

public class StatusTests
{
    private static StatusReport Holding { get; } = SampleStatus.Good with
    {
        State = "Holding",
        Protected = false,
        Why = "beta is silent",
        Findings = ["this host is Holding: beta is silent"],
        TakeoverRefusals = ["the peer's kernel still answers (arp on mgmt)"],
    };

    [Fact]
    public void Status_Healthy_PrintsTheGoldenTable()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Status = SampleStatus.Good });
        var run = CtlRun.Of("status", "--socket", daemon.SocketPath);

        AssertGolden("status-good.txt", run.Out);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(new ControlRequest.Status(), Assert.Single(daemon.Requests));
    }

    [Fact]
    public void Status_InTrouble_PrintsTheGoldenTable()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Status = SampleStatus.Troubled });

        AssertGolden("status-troubled.txt", CtlRun.Of("status", "--socket", daemon.SocketPath).Out);
    }

    [Fact]
    public void Status_Verbose_PrintsTheGoldenTable()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Status = SampleStatus.Good });

        AssertGolden("status-verbose.txt", CtlRun.Of("status", "-v", "--socket", daemon.SocketPath).Out);
    }

    [Fact]
    public void Status_Holding_SaysWhatToDoAndInDetailWhatHoldsIt()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Status = Holding });

        var said = CtlRun.Of("status", "--socket", daemon.SocketPath).Out;
        Assert.StartsWith("NOT PROTECTED: this host is Holding: beta is silent.\n  → On beta: systemctl status twonodeha", said, StringComparison.Ordinal);
        Assert.Contains("ha-ctl takeover --peer-is-dead", said, StringComparison.Ordinal);
        Assert.Contains("No takeover   the peer's kernel still answers (arp on mgmt)",
            CtlRun.Of("status", "-v", "--socket", daemon.SocketPath).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Status_HoldingForAnotherConfiguration_IsNotToldToStartTheDaemon()
    {
        var status = Holding with
        {
            Peer = SampleStatus.Good.Peer! with { ConfigAgrees = false, ConfigDiffers = ["[policy]"] },
            Findings = ["this host is Holding: the configuration of beta differs", "the configuration of beta differs in [policy]"],
        };
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Status = status });

        var said = CtlRun.Of("status", "--socket", daemon.SocketPath).Out;
        Assert.Contains("differs in [policy]", said, StringComparison.Ordinal);
        Assert.Contains("Copy one ha.conf to both hosts", said, StringComparison.Ordinal);
        Assert.DoesNotContain("takeover --peer-is-dead", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Status_AVmThatRunsNowhere_IsNeverCalledCovered()
    {
        var status = SampleStatus.Good with { Vms = [SampleStatus.Good.Vms[0] with { On = "" }, .. SampleStatus.Good.Vms[1..]] };
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Status = status });

        var said = CtlRun.Of("status", "--socket", daemon.SocketPath).Out;
        Assert.StartsWith("NOT PROTECTED: the protected VM web runs nowhere.", said, StringComparison.Ordinal);
        Assert.Contains("1 protected and running, 1 down", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Status_OfAPeerThatIsSilentForLong_IsShownAsOld()
    {
        var status = SampleStatus.Good with { Peer = SampleStatus.Good.Peer! with { HeardAgeSeconds = 190 } };
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Status = status });

        var said = CtlRun.Of("status", "--socket", daemon.SocketPath).Out;
        Assert.Contains("was Paired", said, StringComparison.Ordinal);
        Assert.Contains("3 min ago", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(80, 24)]
    [InlineData(120, 40)]
    [InlineData(40, 24)]
    public void Status_With200VmsAndManyFindings_FitsOnTheScreen(int width, int height)
    {
        var vms = Enumerable.Range(0, 200).Select(index => new VmStatus(
            Guid.NewGuid(), $"a-rather-long-name-of-a-virtual-machine-{index}", true, true, index % 3 == 0 ? "" : "alpha"));
        var status = SampleStatus.Troubled with
        {
            Host = new string('a', 40),
            Why = string.Join(' ', Enumerable.Repeat("reason", 60)),
            Findings = [.. Enumerable.Range(0, 30).Select(index => $"finding {index} " + string.Join(' ', Enumerable.Repeat("word", 30)))],
            Warnings = [.. Enumerable.Range(0, 30).Select(index => $"warning {index} " + string.Join(' ', Enumerable.Repeat("word", 30)))],
            Vms = [.. vms],
        };
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Status = status });

        var lines = CtlRun.On(new Screen(true, width, height, Color: false, Utf8: true), 1, "status", "--socket", daemon.SocketPath)
            .Out.TrimEnd('\n').Split('\n');
        Assert.True(lines.Length < height, string.Join('\n', lines));
        Assert.All(lines, line => Assert.True(line.Length <= width, line));
        var coloured = CtlRun.On(new Screen(true, width, height, Color: true, Utf8: true), 1, "status", "--socket", daemon.SocketPath).Out;
        Assert.Equal(string.Join('\n', lines), System.Text.RegularExpressions.Regex.Replace(coloured, "\e\\[[0-9;]*m", "").TrimEnd('\n'));
        Assert.StartsWith("NOT PROTECTED: ", lines[0], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Contains("more remarks: ha-ctl status -v", StringComparison.Ordinal));
    }

    /// <summary>200 VMs, of which twelve do not fit, three are down and forty are not protected.</summary>
    [Theory]
    [InlineData("status-200-80x24.txt", 80, 24, true)]
    [InlineData("status-200-120x40.txt", 120, 40, true)]
    [InlineData("status-200-40x24.txt", 40, 24, true)]
    [InlineData("status-200-80x24-ascii.txt", 80, 24, false)]
    public void Status_With200Vms_PrintsTheGoldenScreen(string golden, int width, int height, bool utf8)
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Status = SampleStatus.Large });

        var said = CtlRun.On(new Screen(true, width, height, Color: false, utf8), 1, "status", "--socket", daemon.SocketPath).Out;
        var lines = said.TrimEnd('\n').Split('\n');
        Assert.InRange(lines.Length, 5, height - 1);
        Assert.All(lines, line => Assert.True(line.Length <= width, line));
        Assert.True(utf8 || said.All(char.IsAscii), said);
        AssertGolden(golden, said);
    }

    [Theory]
    [InlineData(true, "\e[32;1mPROTECTED: either host may fail.\e[0m")]
    [InlineData(false, "PROTECTED: either host may fail.")]
    public void Status_InColour_OnlyWhereItIsWanted(bool color, string expected)
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Status = SampleStatus.Good });

        var said = CtlRun.On(new Screen(true, 80, 24, color, Utf8: true), 1, "status", "--socket", daemon.SocketPath).Out;
        Assert.StartsWith(expected, said, StringComparison.Ordinal);
        Assert.Equal(color, said.Contains('\e', StringComparison.Ordinal));
    }

    [Fact]
    public void Status_WithoutUtf8_IsAscii()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Status = SampleStatus.Troubled });

        var said = CtlRun.On(new Screen(true, 80, 24, false, Utf8: false), 1, "status", "--socket", daemon.SocketPath).Out;
        Assert.True(said.All(char.IsAscii), said);
        Assert.Contains("  -> ", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Status_Watch_ClearsTheScreenOnceAndDrawsOverIt()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Status = SampleStatus.Good });

        var said = CtlRun.On(new Screen(true, 80, 24, false, true), 3, "status", "--watch", "--socket", daemon.SocketPath).Out;
        Assert.Equal(2, said.Split("\e[2J").Length);
        Assert.Equal(4, said.Split("\e[H").Length);
        Assert.Equal(4, said.Split("\e[J").Length);
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

        Assert.Contains("web?[2J?? ", CtlRun.Of("status", "-v", "--socket", daemon.SocketPath).Out, StringComparison.Ordinal);
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
