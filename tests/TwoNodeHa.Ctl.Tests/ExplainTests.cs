using System.Collections.Immutable;
using System.Diagnostics;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;
using Xunit;

namespace TwoNodeHa.Ctl.Tests;

/// <summary>Journals of a scenario's golden log: what the real decision code said.</summary>
public sealed class ExplainTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("ha-ctl-").FullName;
    private readonly ImmutableArray<EventLine> _a = GoldenJournal.Of("network/cable-of-one-host", "b");
    private readonly ImmutableArray<EventLine> _b = GoldenJournal.Of("network/cable-of-one-host", "a");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void BothJournals_AreMergedAcrossTheirClocks_AndNameTheRule()
    {
        // The clock of b is three hours ahead; ssh answers at the stopped clock of the test.
        const long Ahead = 10_800_000;
        using var daemon = Daemon();
        var now = CtlRun.Now.ToUnixTimeMilliseconds() + Ahead;
        var programs = new FakePrograms(_ => FakePrograms.Done($"{now}\n{GoldenJournal.Printed([.. _b.Select(line => line with { UnixMs = line.UnixMs + Ahead })])}\n{now}\n"));
        var run = CtlRun.With(programs, "explain", "--ssh", "b", "--socket", daemon.SocketPath);

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("is 10800.00 s ahead", run.Out, StringComparison.Ordinal);
        Assert.Contains("if it was set meanwhile", run.Out, StringComparison.Ordinal);
        Assert.Contains("docs/protocol.md#the-right-to-run", run.Out, StringComparison.Ordinal);
        Assert.Matches("(?s)T[12]: .*protocol.md#t[12]", run.Out);
        var lines = run.Out.Split('\n');
        Assert.Contains(lines, line => line.StartsWith("alpha ", StringComparison.Ordinal) && line.Contains('T', StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("beta ", StringComparison.Ordinal) && line.Contains("F", StringComparison.Ordinal));

        // The loser is gone before the survivor takes over: seen in the merged order only when the clocks were reconciled.
        Assert.True(run.Out.IndexOf("E11", StringComparison.Ordinal) < run.Out.IndexOf("E20", StringComparison.Ordinal), run.Out);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    [InlineData(40)]
    public void Screen_IsNeverWiderThanTheTerminal(int width)
    {
        using var daemon = Daemon();
        var run = CtlRun.On(new Screen(true, width, 24, false, true), 1, "explain", "--alone", "--socket", daemon.SocketPath);
        Assert.Equal(0, run.ExitCode);
        // Four columns stand before the last one of a table, which has 20 at least.
        Assert.All(run.Out.Split('\n'), line => Assert.True(line.Length <= Math.Max(width, 50), line));
    }

    [Theory]
    [InlineData("E20")]
    [InlineData("taking over")]
    public void WhatIsAskedFor_IsInTheMiddle(string what)
    {
        using var daemon = Daemon();
        var at = _a.Last(line => line.Id == 20).UnixMs;
        var run = CtlRun.Of("explain", what, "--alone", "--socket", daemon.SocketPath);
        Assert.Contains($"Around {Words.Utc(at)}", run.Out, StringComparison.Ordinal);
        Assert.Contains(Words.Utc(at), CtlRun.Of("explain", Words.Utc(at), "--alone", "--socket", daemon.SocketPath).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void NothingLikeIt_SaysWhatCanBeAsked()
    {
        using var daemon = Daemon();
        var run = CtlRun.Of("explain", "nosuchvm", "--alone", "--socket", daemon.SocketPath);
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains("give an id (E20)", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void PeerAway_ItsJournalIsLeftOut_AndThatIsSaid()
    {
        using var daemon = Daemon();
        var run = CtlRun.With(new FakePrograms(_ => FakePrograms.Failed(255, "No route to host")), "explain", "--ssh", "b", "--socket", daemon.SocketPath);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("of this host alone: beta (b) does not answer: No route to host", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void GapsAndOtherVersions_AreSaid()
    {
        using var daemon = Daemon();
        var file = Path.Combine(_directory, "b.jsonl");
        var late = _b.Where(line => line.UnixMs >= _a.Last(one => one.Id == 20).UnixMs).Take(2).Append(new EventLine(_a.Last(one => one.Id == 20).UnixMs + 1, 999, "notice", "of tomorrow"));
        File.WriteAllText(file, GoldenJournal.Printed([.. late]) + "\n{\"torn");
        var run = CtlRun.Of("explain", "E20", "--with", file, "--socket", daemon.SocketPath);
        Assert.Contains("the journal of beta begins only at", run.Out, StringComparison.Ordinal);
        Assert.Contains("1 events are of kinds that this version does not know", run.Out, StringComparison.Ordinal);
        Assert.Contains("1 lines of", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Html_IsAPageThatNamesCannotSteer()
    {
        using var daemon = FakeDaemon.Answering(request => request is ControlRequest.Status ? new ControlAnswer { Ok = true, Status = SampleStatus.Good }
            : new ControlAnswer { Ok = true, Events = [.. _a, new EventLine(_a.Last(one => one.Id == 20).UnixMs, 33, "error", "<script>alert(1)</script> given up")] });
        var file = Path.Combine(_directory, "page.html");
        Assert.Equal(0, CtlRun.Of("explain", "E20", "--alone", "--html", file, "--socket", daemon.SocketPath).ExitCode);
        var page = File.ReadAllText(file);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.Contains("<svg", page, StringComparison.Ordinal);
    }

    [Fact]
    public void TwoThousandEvents_TakeLessThanASecond()
    {
        ImmutableArray<EventLine> many = [.. Enumerable.Range(0, 2000).SelectMany(round => _a.Select(line => line with { UnixMs = line.UnixMs - (round * 600_000L) })).Reverse().Take(2000)];
        var watch = Stopwatch.StartNew();
        Assert.NotNull(Incident.Of([new Journal("a", many), new Journal("b", many)], "", out _));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), watch.Elapsed.ToString());
    }

    private FakeDaemon Daemon() => FakeDaemon.Answering(request => request is ControlRequest.Status
        ? new ControlAnswer { Ok = true, Status = SampleStatus.Good } : new ControlAnswer { Ok = true, Events = [.. _a] });
}
