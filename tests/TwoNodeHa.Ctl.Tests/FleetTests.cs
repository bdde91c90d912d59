using System.Diagnostics;
using System.Text.Json;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;
using TwoNodeHa.Ctl.Remote;
using Xunit;

namespace TwoNodeHa.Ctl.Tests;

public sealed class FleetTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Pools_AreListedWorstFirst_OneLineEach()
    {
        File.WriteAllText(_file, """
            # sites
            good   root@192.0.2.1 root@192.0.2.2
            full   root@192.0.2.3, root@192.0.2.4   # nearly
            away   root@192.0.2.5 root@192.0.2.6
            half   root@192.0.2.7 root@192.0.2.8
            """);
        var covered = SampleStatus.Good with { Links = [SampleStatus.Good.Links[0]] };
        var programs = new FakePrograms(line => line switch
        {
            _ when line.Contains("192.0.2.1 ", StringComparison.Ordinal) || line.Contains("192.0.2.8 ", StringComparison.Ordinal) => Said(covered),
            _ when line.Contains("192.0.2.3 ", StringComparison.Ordinal) => Said(SampleStatus.Large),
            _ => FakePrograms.Failed(255, "ssh: connect to host: No route to host"),
        });
        var run = CtlRun.With(programs, "fleet", _file);

        var lines = run.Out.TrimEnd('\n').Split('\n');
        Assert.Equal(["full", "away", "half", "good"], lines[1..5].Select(line => line[15..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]));
        Assert.StartsWith("VMS DOWN", lines[1], StringComparison.Ordinal);
        Assert.Contains("3 protected VMs run nowhere", lines[1], StringComparison.Ordinal);
        Assert.Contains("No route to host", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("covered, look", lines[3], StringComparison.Ordinal);
        Assert.Equal("2 of 4 pools covered", lines[5]);
        Assert.Equal(ExitCode.Findings, run.ExitCode);
        Assert.All(programs.Lines, line => Assert.Contains("BatchMode=yes", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    public void Lines_AreNeverWiderThanTheTerminal(int width)
    {
        File.WriteAllText(_file, "a-pool root@a\nanother root@b\n");
        var run = CtlRun.On(context => context with
        {
            Screen = new Screen(true, width, 24, false, true), Programs = new FakePrograms(_ => Said(SampleStatus.Troubled)),
        }, "fleet", _file);
        Assert.All(run.Out.Split('\n'), line => Assert.True(line.Length <= width, line));
    }

    [Fact]
    public void BadLinesAndAnswers_CostThemselves()
    {
        File.WriteAllText(_file, "alone\ngood root@a\ngood root@b\nodd -oProxyCommand=x\nmany a b c\ntorn root@torn\n");
        var run = CtlRun.With(new FakePrograms(line => line.Contains("torn", StringComparison.Ordinal) ? FakePrograms.Done("{\"verb\":\"status\",") : Said(SampleStatus.Good)),
            "fleet", _file, "--json");

        var pools = run.Json.GetProperty("pools").EnumerateArray().ToList();
        Assert.Equal(["torn", "good"], pools.Select(pool => pool.GetProperty("pool").GetString()));
        Assert.Contains("another version, or torn", pools[0].GetProperty("why").GetString(), StringComparison.Ordinal);
        var text = run.Json.GetProperty("text").GetString()!;
        Assert.All((string[])["line 1: a name alone", "line 3: good is written twice", "line 4: -oProxyCommand=x is no host", "line 5: more than two hosts"],
            words => Assert.Contains(words, text, StringComparison.Ordinal));
        Assert.Equal(ExitCode.LocalFailure, CtlRun.Of("fleet", "/nonexistent").ExitCode);
    }

    [Fact]
    public void HundredPoolsOfWhichHalfHang_AreBoundedByTheLimitTimesTheRounds()
    {
        File.WriteAllText(_file, string.Join('\n', Enumerable.Range(0, 96).Select(index => $"pool-{index} {(index % 2 == 0 ? "hang" : "well")}")));
        var watch = Stopwatch.StartNew();
        var run = CtlRun.On(context => context with { Programs = new Hanging() }, "fleet", _file, "--limit", "1", "--json");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), watch.Elapsed.ToString());
        Assert.Equal(48, run.Json.GetProperty("pools").EnumerateArray().Count(pool => pool.GetProperty("verdict").GetString() == "NO ANSWER"));
    }

    /// <summary>The plugin script itself, with a ha-ctl of the test, as XAPI calls it.</summary>
    [Theory]
    [InlineData("status", "echo '{\"verb\":\"status\",\"text\":\"a<b & c\"}'", "Success", "{\"verb\":\"status\",\"text\":\"a<b & c\"}")]
    [InlineData("status", "echo '{\"text\":\"the daemon is not running\"}'; exit 3", "Success", "{\"text\":\"the daemon is not running\"}")]
    [InlineData("status", "exit 127", "Failure", "XENAPI_PLUGIN_FAILUREha-ctl does not answer")]
    [InlineData("reboot", "echo never", "Failure", "UNKNOWN_XENAPI_PLUGIN_FUNCTIONstatus, events, version")]
    public void Plugin_AnswersAsXapiExpects(string function, string script, string status, string value)
    {
        File.WriteAllText(_file, "#!/bin/sh\n" + script + "\n");
        File.SetUnixFileMode(_file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var call = $"<?xml version='1.0'?><methodCall><methodName>{function}</methodName><params><param><value>OpaqueRef:1</value></param><param><value><struct/></value></param></params></methodCall>";
        var start = new ProcessStartInfo("/bin/sh", [CtlRun.RepositoryFile("packaging/xapi/twonodeha"), call]) { RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment["TWONODEHA_CTL"] = _file;
        using var process = Process.Start(start)!;
        var answer = System.Xml.Linq.XDocument.Parse(process.StandardOutput.ReadToEnd());
        process.WaitForExit();

        var members = answer.Descendants("member").ToDictionary(member => member.Element("name")!.Value, member => member.Element("value")!.Value);
        Assert.Equal(0, process.ExitCode);
        Assert.Equal(status, members["Status"]);
        Assert.Equal(value, members[status == "Success" ? "Value" : "ErrorDescription"]);
    }

    [Fact]
    public void AlertPaths_ThatCannotWork_AreNamed()
    {
        Assert.Equal("is not there", AlertPaths.OfHook("/nonexistent/hook"));
        Assert.Equal("is a directory", AlertPaths.OfHook("/tmp"));
        Assert.Equal("is not executable", AlertPaths.OfHook(_file));
        File.SetUnixFileMode(_file, UnixFileMode.UserExecute | UnixFileMode.OtherWrite | UnixFileMode.UserRead);
        Assert.StartsWith("can be written by anyone", AlertPaths.OfHook(_file), StringComparison.Ordinal);
        File.SetUnixFileMode(_file, UnixFileMode.UserExecute | UnixFileMode.UserRead);
        Assert.Equal(("", ""), (AlertPaths.OfHook(_file), AlertPaths.OfHook("")));
        Assert.Equal("the directory /nonexistent is not there", AlertPaths.OfMetrics("/nonexistent/x.prom"));
        Assert.Equal(("", ""), (AlertPaths.OfMetrics("/tmp/x.prom"), AlertPaths.OfMetrics("")));
    }

    private static ProgramResult Said(StatusReport status) => FakePrograms.Done("Welcome to XCP-ng\n" + JsonSerializer.Serialize(
        new CtlReport { Verb = "status", ExitCode = 0, Text = "", Status = status }, CtlJson.Default.CtlReport) + "\n");

    private sealed class Hanging : IPrograms
    {
        public ProgramResult Run(string program, IReadOnlyList<string> arguments, string input, TimeSpan limit)
        {
            if (!arguments.Contains("hang"))
            {
                return Said(SampleStatus.Good);
            }

            Thread.Sleep(limit);
            return new ProgramResult(null, "", "ssh did not end within its limit");
        }
    }
}
