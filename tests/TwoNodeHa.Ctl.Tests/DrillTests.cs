using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;
using TwoNodeHa.Ctl.Remote;
using Xunit;

namespace TwoNodeHa.Ctl.Tests;

/// <summary>Drills against a daemon that plays a script; what its journal holds is what the real decision code said in a scenario.</summary>
public sealed class DrillTests : IDisposable
{
    private const string Fenced = "operator/fences-a-host";
    private const string Emptied = "operator/maintenance-empties-the-master";

    private static readonly string s_config = CtlRun.RepositoryFile("ha.conf.example");

    private static readonly VmReport s_vms = new() { FactsAgeSeconds = 1, Vms = [Vm(1, "web", "alpha"), Vm(2, "database", "beta")] };

    private readonly string _directory = Directory.CreateTempSubdirectory("ha-ctl-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Fence_IsMeasuredOnBothHosts_AndCertified()
    {
        using var pool = new Pool(Fenced) { After = [At("Fencing"), At("Fenced", "TakingOver"), At("Paired")] };
        var run = pool.Run(80, "fence", "--vm", "web", "--promote", "--yes");

        Assert.True(run.ExitCode == 0, run.Out + run.Error);
        var order = Assert.IsType<OperatorRequest.FenceSelf>(Assert.Single(pool.Orders));
        Assert.Equal("somebody, for a drill", order.By);
        Assert.Contains("DRILL PASSED: alpha had fenced in 0.06 s, beta took over 0.01 s later.", run.Out, StringComparison.Ordinal);
        Assert.Matches("ok +0.06 s +≤ 4.00 s +K: from the decision", run.Out);
        Assert.Matches("ok +0.01 s +≤ 1.00 s +from the verified fence", run.Out);
        Assert.Matches("measured +1.33 s +-  +from the takeover until beta was master", run.Out);
        Assert.Contains("The one measured fence took 0.06 s; K is 4 s", run.Out.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Contains("alpha Fenced, beta TakingOver", run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    [InlineData(40)]
    public void Screens_AreNeverWiderThanTheTerminal(int width)
    {
        using var pool = new Pool(Fenced) { After = [At("Paired")] };
        foreach (string[] words in new[] { ["fence", "--vm", "web", "--promote", "--yes"], Array.Empty<string>(), ["report"], ["failover", "--lose", "beta"] })
        {
            var run = pool.Run(width, words);
            Assert.NotEmpty(run.Out + run.Error);
            Assert.All((run.Out + run.Error).Split('\n'), line => Assert.True(line.Length <= Math.Max(width, 56), $"{line.Length}: {line}"));
        }
    }

    public static TheoryData<string[], Func<StatusReport, StatusReport>, string> Refusals => new()
    {
        { ["fence", "--vm", "web", "--yes"], status => status, "alpha is master" },
        { ["fence", "--promote", "--yes"], status => status, "web runs on alpha and would be stopped" },
        { ["fence", "--promote", "--vm", "wbe", "--yes"], status => status, "Did you mean web?" },
        { ["fence", "--promote", "--all-vms", "--yes"], status => status with { Protected = false, Findings = ["the storage of the protected VMs is doubtful"] }, "not covered" },
        { ["handover", "--yes"], status => status with { Protected = false, Enabled = false, Switch = "disabled" }, "HA is disabled" },
        { ["failover", "--lose", "alpha", "--all-vms", "--yes"], status => status, "cannot watch its own loss" },
        { ["failover", "--lose", "beta", "--all-vms", "--by-agent", "--yes"], status => status, "no fence agent is configured" },
        { ["failover", "--lose", "beta", "--yes"], status => status, "database runs on beta and would be stopped" },
        { ["handover", "--yes"], status => status with { PeerHost = "gamma" }, "names other hosts" },
    };

    /// <summary>With the confirmation, which must not count for more than what is in the way.</summary>
    [Theory]
    [MemberData(nameof(Refusals))]
    public void WhatIsInTheWay_IsSaid_AndNothingIsOrdered(string[] words, Func<StatusReport, StatusReport> change, string expected)
    {
        using var pool = new Pool(Fenced) { Before = change(SampleStatus.Good) };
        var run = pool.Run(0, words);
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.Contains("nothing was done", run.Error, StringComparison.Ordinal);
        Assert.Empty(pool.Orders);

        var json = pool.Run(0, [.. words, "--json"]).Json;
        Assert.Contains(json.GetProperty("drill").GetProperty("in_the_way").EnumerateArray(),
            one => (one.GetProperty("sentence").GetString() + one.GetProperty("advice").GetString()).Contains(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("handover")]
    [InlineData("fence --vm web --promote")]
    [InlineData("failover --lose beta --vm database")]
    public void WithoutConfirmation_OnlySaysWhatWouldHappen(string words)
    {
        using var pool = new Pool(Fenced);
        var run = pool.Run(0, words.Split(' '));
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.StartsWith("- ", run.Out, StringComparison.Ordinal);
        Assert.Contains("nothing was done yet; to do it, add --yes", run.Error, StringComparison.Ordinal);
        Assert.Empty(pool.Orders);
    }

    [Fact]
    public void Alone_ShowsEachDrill_WithWhatIsInItsWay()
    {
        using var pool = new Pool(Fenced) { Journal = [] };
        var run = pool.Run(80);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("ha-ctl drill handover   may begin", run.Out, StringComparison.Ordinal);
        Assert.Contains("! alpha is master", run.Out, StringComparison.Ordinal);
        Assert.Contains("ha-ctl drill failover --lose beta", run.Out, StringComparison.Ordinal);
        Assert.Contains("no fence was measured", run.Out, StringComparison.Ordinal);

        pool.Before = SampleStatus.Good with { Protected = false, Enabled = false };
        Assert.Equal(ExitCode.Refused, pool.Run(80).ExitCode);
    }

    [Fact]
    public void Handover_BeginsAndEndsTheMaintenance_WithABoundOfItsOwn()
    {
        using var pool = new Pool(Emptied, aheadSeconds: -1) { After = [At("Paired") with { Protected = false }, At("Maintenance")], AfterOff = [At("Joining") with { Protected = false }, At("Paired")] };
        var run = pool.Run(0, "handover", "--yes", "--limit", "10m");

        Assert.Equal([(true, CtlRun.Now.ToUnixTimeMilliseconds() + 600_000), (false, 0)],
            pool.Orders.Cast<OperatorRequest.Maintenance>().Select(order => (order.On, order.UntilUnixMs)));

        // The scenario cuts the power in between, so this one is judged by what the journal tells of it.
        Assert.Matches("measured +20.18 s +- +from the order until alpha was empty", run.Out);
        Assert.Matches("ok +0.01 s +≤ 1.00 s +from the promise until beta had it", run.Out);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("DRILL PASSED: alpha was emptied in 20.18 s and is back; no VM stopped.", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Handover_Interrupted_EndsTheMaintenance()
    {
        using var stop = new CancellationTokenSource();
        using var pool = new Pool(Emptied) { After = [At("Paired")], OnOrder = order => { if (order is OperatorRequest.Maintenance { On: true }) { stop.Cancel(); } } };
        var run = pool.Run(0, context => context with { Interrupted = stop.Token }, "handover", "--yes");

        Assert.Equal(ExitCode.Findings, run.ExitCode);
        Assert.Equal([true, false], pool.Orders.Cast<OperatorRequest.Maintenance>().Select(order => order.On));
        Assert.Contains("DRILL FAILED: interrupted", run.Out, StringComparison.Ordinal);
        Assert.Contains("ha-ctl status", run.Out + run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Handover_TerminalIsGone_EndsTheMaintenanceAllTheSame()
    {
        using var stop = new CancellationTokenSource();
        using var pool = new Pool(Emptied) { After = [At("Paired")], OnOrder = order => { if (order is OperatorRequest.Maintenance { On: true }) { stop.Cancel(); } } };
        using var gone = new Hangup();
        Assert.Throws<IOException>(() => pool.Run(0, context => context with { Interrupted = stop.Token, Out = gone, Error = gone }, "handover", "--yes"));
        Assert.Equal([true, false], pool.Orders.Cast<OperatorRequest.Maintenance>().Select(order => order.On));
    }

    [Fact]
    public void Handover_PeerDiesInTheMiddle_EndsTheMaintenance_AndSaysWhatHappened()
    {
        using var pool = new Pool(Emptied) { After = [At("Suspecting") with { Why = "beta is silent, the gateway answers" }], AfterOff = [At("Paired")] };
        var run = pool.Run(0, "handover", "--yes");
        Assert.Equal(ExitCode.Findings, run.ExitCode);
        Assert.False(Assert.IsType<OperatorRequest.Maintenance>(pool.Orders[^1]).On);
        Assert.Contains("DRILL FAILED: a real failure came between: alpha is Suspecting: beta is silent", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Handover_PeerDiesUnderThePromise_SaysTheWordThatOnlyAPersonCanGive()
    {
        using var pool = new Pool(Emptied)
        {
            After = [At("Maintenance")],
            AfterOff = [At("Maintenance") with { Protected = false, Peer = SampleStatus.Good.Peer! with { HeardAgeSeconds = 40 } }],
        };
        var run = pool.Run(0, "handover", "--yes", "--limit", "1s");
        Assert.Equal(ExitCode.Findings, run.ExitCode);
        Assert.Contains("takeover --peer-is-dead", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Handover_GivenUpByTheDaemon_SaysWhy()
    {
        var given = new EventLine(CtlRun.Now.ToUnixTimeMilliseconds() + 5, 54, "critical", "the maintenance is given up: web could not be moved: VM_LACKS_FEATURE");
        using var pool = new Pool(Emptied) { Journal = [given], After = [At("Paired")] };
        var run = pool.Run(0, "handover", "--yes");
        Assert.Equal(ExitCode.Findings, run.ExitCode);
        Assert.Contains("VM_LACKS_FEATURE", run.Out, StringComparison.Ordinal);
        Assert.Equal(2, pool.Orders.Count);
    }

    [Fact]
    public void Handover_MaintenanceCannotBeEnded_SaysSoAndWhenItEndsByItself()
    {
        using var pool = new Pool(Emptied) { After = [At("Maintenance")], Answers = order => new ControlAnswer { Ok = order is OperatorRequest.Maintenance { On: true }, Text = "not now" } };
        var run = pool.Run(0, "handover", "--yes", "--limit", "10m");
        Assert.Equal(ExitCode.Findings, run.ExitCode);
        Assert.Contains("could NOT be ended: ha-ctl maintenance off. It ends by itself 10 min after its begin", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void OrderThatTheDaemonRefuses_EndsTheDrill_WithItsReason()
    {
        using var pool = new Pool(Fenced) { Answers = _ => new ControlAnswer { Ok = false, Text = "Refused: web cannot be moved" } };
        var run = pool.Run(0, "handover", "--yes");
        Assert.Equal((ExitCode.Refused, 1), (run.ExitCode, pool.Orders.Count));
        Assert.Contains("Refused: web cannot be moved\nha-ctl: Nothing was done.", run.Error.Replace("\nNothing", "\nha-ctl: Nothing", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Fence_Interrupted_UndoesNothing_SinceNothingHasTo()
    {
        using var stop = new CancellationTokenSource();
        using var pool = new Pool(Fenced) { After = [At("Fencing")], OnOrder = _ => stop.Cancel() };
        var run = pool.Run(0, context => context with { Interrupted = stop.Token }, "fence", "--vm", "web", "--promote", "--yes");
        Assert.Equal((ExitCode.Pending, 1), (run.ExitCode, pool.Orders.Count));
        Assert.Contains("ha-ctl drill report", run.Out, StringComparison.Ordinal);
        Assert.Contains("DRILL FAILED: interrupted", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Fence_HostThatDoesNotComeBack_IsAFailure()
    {
        using var pool = new Pool(Fenced) { After = [At("Fenced") with { Protected = false, Findings = ["this host is Fenced: nothing runs here"] }] };
        var run = pool.Run(0, "fence", "--vm", "web", "--promote", "--yes", "--limit", "1s");
        Assert.Equal(ExitCode.Findings, run.ExitCode);
        Assert.Contains("DRILL FAILED: the pool is not covered again after 1 s: this host is Fenced", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Fence_SlowerThanK_Fails()
    {
        using var pool = new Pool(Fenced) { After = [At("Paired")] };
        pool.Journal = [.. pool.Journal.Select(line => line.Id == 11 ? line with { Sentence = line.Sentence.Replace("0.06", "4.20", StringComparison.Ordinal) } : line)];
        var run = pool.Run(0, "fence", "--vm", "web", "--promote", "--yes");
        Assert.Equal(ExitCode.Findings, run.ExitCode);
        Assert.Contains("DRILL FAILED: fence took 4.20 s, 4.00 s at most by the timeline", run.Out, StringComparison.Ordinal);
        Assert.Contains("Set kill_bound_seconds = 9 on both hosts", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void PeerJournalAway_IsIncomplete_AndNamesWhatIsMissing()
    {
        using var pool = new Pool(Fenced) { After = [At("Paired")], Ssh = _ => FakePrograms.Failed(255, "No route to host") };
        var run = pool.Run(0, "fence", "--vm", "web", "--promote", "--yes");
        Assert.Equal(ExitCode.Findings, run.ExitCode);
        Assert.Contains("DRILL INCOMPLETE: not measured: attested handover, fence and handover", run.Out, StringComparison.Ordinal);
        Assert.Contains("the journal of beta could not be read", run.Out, StringComparison.Ordinal);
        Assert.Contains("No route to host", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void ClocksApart_AreReckoned_AndTheirErrorIsSaid()
    {
        using var pool = new Pool(Fenced) { After = [At("Paired")], PeerAheadMs = 10_800_000 };
        var run = pool.Run(0, "fence", "--vm", "web", "--promote", "--yes");
        Assert.True(run.ExitCode == 0, run.Out);
        Assert.Contains("is 10800.00 s ahead", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Failover_IsWatchedFromTheLastHeartbeat()
    {
        // The survivor is b of the scenario, and this host. It hears a for the last time when the cable is cut.
        using var pool = new Pool("network/cable-of-one-host", own: "b")
        {
            Before = SampleStatus.Good with { Role = "slave", Peer = SampleStatus.Good.Peer! with { Role = "master", HeardAgeSeconds = 0 } },
            After = [At("Suspecting") with { Peer = SampleStatus.Good.Peer! with { HeardAgeSeconds = 0 } }, At("TakingOver"), At("Sole"), At("Paired")],
            BeginsWithoutAnOrder = true,
        };
        var run = pool.Run(80, "failover", "--lose", "beta", "--vm", "database", "--promote", "--yes");
        Assert.True(run.ExitCode == 0, run.Out + run.Error);
        Assert.Empty(pool.Orders);
        Assert.Contains("NOW cut the power of beta", run.Out, StringComparison.Ordinal);
        Assert.Contains("DRILL PASSED: alpha took over 9.80 s after the last heartbeat of beta", run.Out.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Matches("ok +5.29 s +≤ 5.50 s +from the last heartbeat until alpha suspected", run.Out);
        Assert.Matches("ok +9.80 s +≤ 10.01 s +from the last heartbeat until alpha took", run.Out);
    }

    [Fact]
    public void Failover_NobodyCutsAnything_OrdersNothing()
    {
        using var pool = new Pool(Fenced);
        var run = pool.Run(0, "failover", "--lose", "beta", "--vm", "database", "--yes", "--limit", "1s");
        Assert.Equal(ExitCode.Timeout, run.ExitCode);
        Assert.Contains("No order was given", run.Error, StringComparison.Ordinal);
        Assert.Empty(pool.Orders);
    }

    [Fact]
    public void Failover_TheWrongCable_IsSaid()
    {
        using var pool = new Pool(Fenced) { After = [At("Isolated") with { Why = "neither peer nor gateway" }], BeginsWithoutAnOrder = true };
        var run = pool.Run(0, "failover", "--lose", "beta", "--vm", "database", "--yes");
        Assert.Equal(ExitCode.Findings, run.ExitCode);
        Assert.Contains("it was alpha that lost its network", run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Fenced, "a", "drill fence of alpha", "DRILL PASSED")]
    [InlineData("network/cable-of-one-host", "b", "drill failover of beta", "DRILL PASSED")]
    [InlineData(Emptied, "a", "drill handover of alpha", "DRILL PASSED")]
    public void Report_FindsTheNewestOne_AlsoAfterAnInterruption(string scenario, string own, string heading, string verdict)
    {
        using var pool = new Pool(scenario, own);
        var run = pool.Run(0, "report");
        Assert.True(run.ExitCode == 0, run.Out + run.Error);
        Assert.Contains(heading, run.Out, StringComparison.Ordinal);
        Assert.Contains(verdict, run.Out, StringComparison.Ordinal);
        Assert.Empty(pool.Orders);
    }

    [Fact]
    public void Report_NothingWasDrilled_SaysSo()
    {
        using var pool = new Pool(Fenced) { Journal = [] , Ssh = _ => FakePrograms.Failed(255, "no") };
        Assert.Contains("tell of no drill", pool.Run(0, "report").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Certificate_IsAPageThatNamesCannotSteer_AndJson()
    {
        var file = Path.Combine(_directory, "drill.html");
        using var pool = new Pool(Fenced);
        pool.Journal = [.. pool.Journal, new EventLine(pool.Journal[^1].UnixMs, 33, "error", "<script>alert(1)</script> given up")];
        var run = pool.Run(0, "report", "--html", file, "--json");
        Assert.Equal(ExitCode.Findings, run.ExitCode);
        var drill = run.Json.GetProperty("drill");
        Assert.False(drill.GetProperty("passed").GetBoolean());
        Assert.Equal("fence", drill.GetProperty("figures")[0].GetProperty("name").GetString());
        Assert.Equal(0.06, drill.GetProperty("figures")[0].GetProperty("seconds").GetDouble());
        Assert.Equal("ok", drill.GetProperty("kill_bound").GetProperty("grade").GetString());
        var page = File.ReadAllText(file);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.Contains("DRILL FAILED", page, StringComparison.Ordinal);

        Assert.Equal(ExitCode.LocalFailure, pool.Run(0, "report", "--html", "/proc/nowhere/x.html").ExitCode);
    }

    [Fact]
    public void Daemon_Away_IsSaid() => Assert.Equal(ExitCode.Unreachable, CtlRun.Of("drill", "--config", s_config, "--socket", "/nonexistent/x.sock").ExitCode);

    private static StatusReport At(string state, string peer = "Paired") => SampleStatus.Good with { State = state, Peer = SampleStatus.Good.Peer! with { State = peer } };

    private static VmDetail Vm(int number, string name, string on) => new(new Guid(number, 0, 0, new byte[8]), name)
    {
        Protected = true, ProtectedWhy = "", On = on, ComesBack = true, IfItsHostFails = "runs on the other one",
    };

    /// <summary>A terminal that was closed.</summary>
    private sealed class Hangup : StringWriter
    {
        public override void Write(char value) => throw new IOException("Input/output error");

        public override void Write(string? value) => throw new IOException("Input/output error");

        public override void WriteLine(string? value) => throw new IOException("Input/output error");

        public override void Flush() => throw new IOException("Input/output error");
    }

    /// <summary>A pool whose daemon goes from status to status once the drill has begun.</summary>
    private sealed class Pool : IDisposable
    {
        private readonly FakeDaemon _daemon;
        private readonly ImmutableArray<EventLine> _there;
        private int _looks;

        public Pool(string scenario, string own = "a", double aheadSeconds = 0)
        {
            Journal = Shifted(GoldenJournal.Of(scenario, own), aheadSeconds);
            _there = Shifted(GoldenJournal.Of(scenario, own == "a" ? "b" : "a"), aheadSeconds);
            _daemon = FakeDaemon.Answering(Answer);
        }

        public StatusReport Before { get; set; } = SampleStatus.Good;

        public StatusReport[] After { get; init; } = [SampleStatus.Good];

        public StatusReport[]? AfterOff { get; init; }

        public ImmutableArray<EventLine> Journal { get; set; }

        public Func<OperatorRequest, ControlAnswer> Answers { get; init; } = _ => new ControlAnswer { Ok = true, Pending = true, Text = "so it is" };

        public Action<OperatorRequest> OnOrder { get; init; } = _ => { };

        public Func<string, ProgramResult>? Ssh { get; init; }

        public long PeerAheadMs { get; init; }

        /// <summary>What happens is done by hand, after the first look.</summary>
        public bool BeginsWithoutAnOrder { get; init; }

        public List<OperatorRequest> Orders { get; } = [];

        public CtlRun Run(int width, params string[] words) => Run(width, context => context, words);

        public CtlRun Run(int width, Func<CtlContext, CtlContext> also, params string[] words)
        {
            _looks = 0;
            return CtlRun.On(context => also(context with
            {
                Screen = width == 0 ? Screen.None : new Screen(true, width, 24, false, true), Programs = new FakePrograms(Ssh ?? OverSsh),
            }), ["drill", .. words, .. words.Length > 0 ? ["--ssh", "beta"] : Array.Empty<string>(), "--config", s_config, "--socket", _daemon.SocketPath]);
        }

        public void Dispose() => _daemon.Dispose();

        private ProgramResult OverSsh(string line)
        {
            var now = CtlRun.Now.ToUnixTimeMilliseconds() + PeerAheadMs;
            return FakePrograms.Done(string.Create(CultureInfo.InvariantCulture,
                $"{now}\n{GoldenJournal.Printed([.. _there.Select(one => one with { UnixMs = one.UnixMs + PeerAheadMs })])}\n{now}\n"));
        }

        private ControlAnswer Answer(ControlRequest request)
        {
            switch (request)
            {
                case OperatorRequest order:
                    Orders.Add(order);
                    _looks = 0;
                    OnOrder(order);
                    return Answers(order);
                case ControlRequest.Vms:
                    return new ControlAnswer { Ok = true, Vms = s_vms };
                case ControlRequest.Events:
                    return new ControlAnswer { Ok = true, Events = [.. Journal] };
                default:
                    return new ControlAnswer { Ok = true, Status = Status() };
            }
        }

        private StatusReport Status()
        {
            if (Orders.Count == 0 && (!BeginsWithoutAnOrder || _looks++ < 2))
            {
                return Before;
            }

            var script = AfterOff is { } off && Orders.LastOrDefault() is OperatorRequest.Maintenance { On: false } ? off : After;
            var at = BeginsWithoutAnOrder ? _looks - 3 : _looks++;
            return script[Math.Clamp(at, 0, script.Length - 1)];
        }

        private static ImmutableArray<EventLine> Shifted(ImmutableArray<EventLine> lines, double seconds) =>
            [.. lines.Select(line => line with { UnixMs = line.UnixMs + (long)(1000 * seconds) })];
    }
}
