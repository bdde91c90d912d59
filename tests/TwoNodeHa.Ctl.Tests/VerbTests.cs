using TwoNodeHa.Core.Control;
using Xunit;

namespace TwoNodeHa.Ctl.Tests;

public sealed class VerbTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("ha-ctl-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static readonly string s_example = CtlRun.RepositoryFile("ha.conf.example");

    private static readonly EventLine[] s_events =
    [
        new(1_790_000_000_000, 1, "info", "The daemon started."),
        new(1_790_000_001_500, 2, "notice", "Joining to Paired: both hosts are bound."),
    ];

    [Fact]
    public void Events_AreShownOldestFirstWithUtcTimes()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Events = s_events });
        var run = CtlRun.Of("events", "--last", "7", "--socket", daemon.SocketPath);

        Assert.Equal(
            "2026-09-21T14:13:20.000Z  info    1  The daemon started.\n"
            + "2026-09-21T14:13:21.500Z  notice  2  Joining to Paired: both hosts are bound.\n",
            run.Out);
        Assert.Equal(new ControlRequest.Events(7), Assert.Single(daemon.Requests));
    }

    [Fact]
    public void Events_Json_IsStable()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Events = s_events[..1] });

        Assert.Equal(
            "{\"format\":1,\"verb\":\"events\",\"exit_code\":0,\"text\":\"\",\"events\":[{\"unix_ms\":1790000000000,\"id\":1,\"severity\":\"info\",\"sentence\":\"The daemon started.\"}]}\n",
            CtlRun.Of("events", "--json", "--socket", daemon.SocketPath).Out);
    }

    [Fact]
    public void Events_Follow_PrintsEachEventOnce()
    {
        var round = 0;
        using var daemon = FakeDaemon.Answering(_ => new ControlAnswer
        {
            Ok = true,
            Events = ++round == 1 ? s_events[..1] : [.. s_events],
        });
        var run = CtlRun.Rounds(4, "events", "--follow", "--socket", daemon.SocketPath);

        Assert.Equal(2, run.Out.TrimEnd('\n').Split('\n').Length);
    }

    [Fact]
    public void Check_DaemonDead_SaysWhatWasNotChecked()
    {
        var run = CtlRun.Of("check", "--config", s_example, "--socket", "/nonexistent/x");

        Assert.Equal(ExitCode.Findings, run.ExitCode);
        Assert.Contains("not checked without the daemon: exactly two hosts", run.Out, StringComparison.Ordinal);
        Assert.Contains("= 10.01 s", run.Out, StringComparison.Ordinal);
        Assert.Contains("safety class C", run.Out, StringComparison.Ordinal);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public void Check_EverythingInPlace_EndsWithZero()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Status = SampleStatus.Good with { Links = SampleStatus.Good.Links[..1] } });
        var config = ConfigInPlace(Path.GetDirectoryName(daemon.SocketPath)!, daemon.SocketPath);
        var run = CtlRun.Of("check", "--config", config);

        Assert.True(run.ExitCode == 0, run.Out);
        Assert.Contains("this is alpha", run.Out, StringComparison.Ordinal);
        Assert.Contains("0 problems, 0 warnings, 0 not checked", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_KeyReadableByOthers_IsAProblemWithAdvice()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Status = SampleStatus.Good });
        var directory = Path.GetDirectoryName(daemon.SocketPath)!;
        var config = ConfigInPlace(directory, daemon.SocketPath);
        File.SetUnixFileMode(Path.Combine(directory, "key"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        var run = CtlRun.Of("check", "--json", "--config", config);

        var item = Assert.Single(run.Json.GetProperty("checks").EnumerateArray(), item => item.GetProperty("name").GetString() == "key file");
        Assert.Equal("problem", item.GetProperty("grade").GetString());
        Assert.Contains("0640", item.GetProperty("sentence").GetString(), StringComparison.Ordinal);
        Assert.Contains("chmod 600", item.GetProperty("advice").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Check_BadConfiguration_ShowsAllFindings()
    {
        var file = Path.Combine(_directory, "ha.conf");
        File.WriteAllText(file, "profile = best\n");
        var run = CtlRun.Of("check", "--config", file, "--socket", "/nonexistent/x");

        Assert.Equal(ExitCode.Findings, run.ExitCode);
        Assert.Contains($"{file}:1: profile: \"best\" is not known", run.Out, StringComparison.Ordinal);
        Assert.Contains("exactly two hosts are needed", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Timeline_NeedsNoDaemon()
    {
        var run = CtlRun.Of("timeline", "--config", s_example);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("9.01 s – 10.01 s", run.Out, StringComparison.Ordinal);
        Assert.Contains("120 s", run.Out, StringComparison.Ordinal);
        Assert.Contains("counts as hung", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Timeline_Json_HasTheFixedTimes()
    {
        var first = CtlRun.Of("timeline", "--json", "--config", s_example).Json.GetProperty("deadlines")[0];

        Assert.Equal(120, first.GetProperty("seconds").GetDouble());
        Assert.NotEmpty(first.GetProperty("what").GetString()!);
    }

    [Fact]
    public void Timeline_Json_HasRowsAndTotals()
    {
        var story = CtlRun.Of("timeline", "--json", "--config", s_example).Json.GetProperty("stories")[1];

        Assert.Equal("power-loss-master", story.GetProperty("id").GetString());
        Assert.Equal(10.01, story.GetProperty("takeover_to_seconds").GetDouble());
        Assert.Equal(100, story.GetProperty("toolstack_to_seconds").GetDouble());
        Assert.Equal(0, story.GetProperty("rows")[0].GetProperty("from_seconds").GetDouble());
    }

    [Fact]
    public void Timeline_BadConfiguration_EndsWithFive() =>
        Assert.Equal(ExitCode.Findings, CtlRun.Of("timeline", "--config", "/nonexistent/ha.conf").ExitCode);

    [Fact]
    public void Keygen_MakesAPrivateKeyAndNeverOverwritesUnasked()
    {
        var file = Path.Combine(_directory, "key");
        Assert.Equal(0, CtlRun.Of("keygen", "--file", file).ExitCode);
        var first = File.ReadAllText(file);

        Assert.Matches("^[0-9a-f]{64}\n$", first);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(ExitCode.Refused, CtlRun.Of("keygen", "--file", file).ExitCode);
        Assert.Equal(first, File.ReadAllText(file));
        Assert.Equal(0, CtlRun.Of("keygen", "--file", file, "--force").ExitCode);
        Assert.NotEqual(first, File.ReadAllText(file));
        Assert.Equal(file, Assert.Single(Directory.GetFiles(Path.GetDirectoryName(file)!)));
    }

    [Fact]
    public void Keygen_NoDirectory_EndsWithEight() =>
        Assert.Equal(ExitCode.LocalFailure, CtlRun.Of("keygen", "--file", "/nonexistent/dir/key").ExitCode);

    [Fact]
    public void Version_WithAndWithoutDaemon_EndsWithZero()
    {
        using var daemon = FakeDaemon.Answering(new ControlAnswer { Ok = true, Text = "twonodehad 0.1.0" });

        Assert.Equal(new CtlRun(0, "ha-ctl 0.1.0\ntwonodehad 0.1.0\n", ""), CtlRun.Of("version", "--socket", daemon.SocketPath));
        Assert.StartsWith("ha-ctl 0.1.0\n", CtlRun.Of("version", "--socket", "/nonexistent/x").Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bash", "ha-ctl.bash")]
    [InlineData("zsh", "_ha-ctl")]
    [InlineData("fish", "ha-ctl.fish")]
    public void Completion_IsThePackagedFileAndKnowsEveryVerbAndOption(string shell, string file)
    {
        var script = CtlRun.Of("completion", shell).Out;

        // The packaged files are made from the command tree: REWRITE_GOLDEN=1 makes them anew.
        var packaged = CtlRun.RepositoryFile("packaging/completions/" + file);
        if (Environment.GetEnvironmentVariable("REWRITE_GOLDEN") == "1")
        {
            File.WriteAllText(packaged, script);
        }

        Assert.Equal(File.ReadAllText(packaged), script);
        var root = CommandTree.Build(new CtlContext(TextWriter.Null, TextWriter.Null));
        foreach (var command in root.Subcommands.Concat(root.Subcommands.SelectMany(command => command.Subcommands)))
        {
            Assert.Contains(command.Name, script, StringComparison.Ordinal);
            Assert.All(command.Options, option => Assert.Contains(option.Name.TrimStart('-'), script, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("bash", "bash -n")]
    [InlineData("zsh", "zsh -n")]
    [InlineData("fish", "fish --no-execute")]
    public void Completion_IsAScriptThatItsShellAccepts(string shell, string check)
    {
        var words = check.Split(' ');
        Assert.SkipUnless(File.Exists("/usr/bin/" + words[0]) || File.Exists("/bin/" + words[0]), $"no {words[0]} here");
        var file = Path.Combine(_directory, "script");
        File.WriteAllText(file, CtlRun.Of("completion", shell).Out);
        using var process = System.Diagnostics.Process.Start(words[0], [.. words[1..], file]);
        process.WaitForExit();

        Assert.Equal(0, process.ExitCode);
    }

    [Theory]
    [InlineData("ha-ctl ", "status")]
    [InlineData("ha-ctl --timeout 3 ev", "events")]
    [InlineData("ha-ctl disable --f", "--for")]
    [InlineData("ha-ctl disable --for ", "30m")]
    [InlineData("ha-ctl completion f", "fish")]
    [InlineData("ha-ctl maintenance o", "off")]
    public void Completion_OfBash_OffersWhatFits(string line, string expected)
    {
        File.WriteAllText(Path.Combine(_directory, "c"), CtlRun.Of("completion", "bash").Out + """

            read -ra COMP_WORDS <<< "$1"; [[ $1 == *" " ]] && COMP_WORDS+=("")
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _ha_ctl; echo "${COMPREPLY[@]}"

            """);
        var start = new System.Diagnostics.ProcessStartInfo("bash", [Path.Combine(_directory, "c"), line])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using var process = System.Diagnostics.Process.Start(start)!;

        Assert.Contains(expected, process.StandardOutput.ReadToEnd().Trim().Split(' '));
    }

    [Fact]
    public void Documentation_NamesEveryVerbOptionAndExitCode()
    {
        var page = File.ReadAllText(CtlRun.RepositoryFile("docs/ha-ctl.md"));
        var root = CommandTree.Build(new CtlContext(TextWriter.Null, TextWriter.Null));
        foreach (var command in root.Subcommands)
        {
            Assert.Contains("`" + command.Name, page, StringComparison.Ordinal);
            Assert.All(command.Options, option => Assert.Contains(option.Name, page, StringComparison.Ordinal));
        }

        foreach (var code in typeof(ExitCode).GetFields())
        {
            Assert.Contains($"| {code.GetRawConstantValue()} |", page, StringComparison.Ordinal);
        }
    }

    private static string ConfigInPlace(string directory, string socket)
    {
        File.WriteAllText(Path.Combine(directory, "key"), new string('k', 64));
        File.SetUnixFileMode(Path.Combine(directory, "key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(Path.Combine(directory, "watchdog"), "");
        File.WriteAllText(Path.Combine(directory, "inventory"), "PRODUCT='x'\nINSTALLATION_UUID='a1a1a1a1-1111-4111-8111-111111111111'\n");
        var config = Path.Combine(directory, "ha.conf");
        File.WriteAllText(config, File.ReadAllText(s_example)
            .Replace("11111111-1111-4111-8111-111111111111", "a1a1a1a1-1111-4111-8111-111111111111", StringComparison.Ordinal)
            .Replace("192.0.2.", "10.20.30.", StringComparison.Ordinal)
            .Replace("[paths]", $"[paths]\nkey_file = {directory}/key\ninventory_file = {directory}/inventory\nxapi_socket = {socket}\ncontrol_socket = {socket}", StringComparison.Ordinal)
            .Replace("#device = /dev/watchdog", $"device = {directory}/watchdog", StringComparison.Ordinal));
        return config;
    }
}
