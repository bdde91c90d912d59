using Xunit;

namespace TwoNodeHa.Ctl.Tests;

public sealed class ConfigVerbTests : IDisposable
{
    private const string Alpha = "a1a1a1a1-1111-4111-8111-111111111111";

    private readonly string _directory = Directory.CreateTempSubdirectory("ha-ctl-").FullName;
    private readonly string _file;
    private readonly string _text;

    public ConfigVerbTests()
    {
        _file = Path.Combine(_directory, "ha.conf");
        var inventory = Path.Combine(_directory, "inventory");
        File.WriteAllText(inventory, $"INSTALLATION_UUID='{Alpha}'\n");
        _text = File.ReadAllText(CtlRun.RepositoryFile("ha.conf.example")).Replace("11111111-1111-4111-8111-111111111111", Alpha, StringComparison.Ordinal)
            + $"\ninventory_file = {inventory}\n";
        _text = _text.Replace("[tools]\n", "", StringComparison.Ordinal);
        File.WriteAllText(_file, _text);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Diff_AsksThePeerBySsh_AndNamesTheKeyOnBothHosts()
    {
        var programs = new FakePrograms(_ => FakePrograms.Done(_text.Replace("profile = balanced", "profile = fast", StringComparison.Ordinal)));
        var run = CtlRun.With(programs, "config", "diff", "--config", _file);

        Assert.Equal(ExitCode.Findings, run.ExitCode);
        Assert.Contains("must agree", run.Out, StringComparison.Ordinal);
        Assert.Matches("profile +must agree +balanced \\(line \\d+\\) +fast \\(line \\d+\\)", run.Out);
        Assert.EndsWith("root@192.0.2.12 cat /etc/twonodeha/ha.conf", Assert.Single(programs.Lines), StringComparison.Ordinal);
        Assert.Contains("BatchMode=yes", programs.Lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Diff_PeerUnreachable_SaysSoAndWhatElseCanBeDone()
    {
        var run = CtlRun.With(new FakePrograms(_ => FakePrograms.Failed(255, "ssh: connect to host 192.0.2.12 port 22: No route to host\n")),
            "config", "diff", "--config", _file);

        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        Assert.Contains("No route to host", run.Error, StringComparison.Ordinal);
        Assert.Contains("--with FILE", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Diff_WithACopy_RunsNothing_AndHidesPasswords()
    {
        var copy = Path.Combine(_directory, "other.conf");
        File.WriteAllText(copy, _text + "my_password = sesame\n");
        var programs = new FakePrograms(_ => throw new InvalidOperationException());
        var run = CtlRun.With(programs, "config", "diff", "--with", copy, "--config", _file, "--json");

        Assert.DoesNotContain("sesame", run.Out, StringComparison.Ordinal);
        Assert.Equal("***", run.Json.GetProperty("differences")[0].GetProperty("there").GetString());
    }

    [Fact]
    public void CheckFileOnly_LooksAtNothingOfThisMachine()
    {
        var run = CtlRun.Of("check", "--file-only", "--config", _file);

        Assert.DoesNotContain("key file", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("toolstack", run.Out, StringComparison.Ordinal);
        Assert.Contains("safety class", run.Out, StringComparison.Ordinal);
        Assert.Contains("192.0.2.11", run.Out, StringComparison.Ordinal);
    }
}
