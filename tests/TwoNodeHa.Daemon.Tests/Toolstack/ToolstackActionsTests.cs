using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.Tools;
using TwoNodeHa.Daemon.Toolstack;

namespace TwoNodeHa.Daemon.Tests.Toolstack;

public sealed class ToolstackActionsTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public static TheoryData<string> Names => [.. Actions.Nested(typeof(HaAction)).Select(type => type.Name).Where(name => name is not ("DestroyDomain" or "EndBackends"))];

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_action_is_answered_once_and_with_its_id(string name)
    {
        var expected = name switch
        {
            "FencePeer" or "AcquireLease" or "ReleaseLease" or "ReadReservations" or "RegisterKeys" or "PreemptPeer" => (ActionOutcome.Failed, "NOT_CONFIGURED"),

            // These need the toolstack, and its socket is not there: nothing was sent, so nothing can have happened.
            "PromoteToMaster" or "DesignateMaster" or "ResetPowerState" or "StartVm" or "RecoverSlaves" or "SyncDatabase" or "PlugStorage" or "MoveVm" or "SwitchHost" or "MarkVm"
                => (ActionOutcome.Failed, "NOT_SENT"),
            _ => (ActionOutcome.Succeeded, ""),
        };
        var answer = await AnswerAsync(Samples.OnLoopback(_scratch), Sample(name), Eventually.Ceiling);
        Assert.Equal(expected, (answer.Outcome, answer.Code));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_toolstack_and_tools_that_hang_are_answered_by_the_deadline(string name)
    {
        // A socket that accepts and never says a word, and tools that never end.
        using var silent = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        silent.Bind(new UnixDomainSocketEndPoint(_scratch["no-xapi"]));
        silent.Listen(8);
        var config = Samples.OnLoopback(_scratch);
        File.WriteAllText(_scratch["hang.sh"], "sleep 30\n");
        var hang = $"/bin/sh {_scratch["hang.sh"]}";
        config = config with
        {
            Tools = config.Tools with
            {
                KillToolstack = hang,
                StopToolstack = hang,
                StartToolstack = hang,
                BlockPeer = hang,
                ResetHost = hang,
                PowerOffHost = hang,
            },
        };
        var started = Stopwatch.GetTimestamp();
        var answer = await AnswerAsync(config, Sample(name), TimeSpan.FromMilliseconds(400));
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(8), "the deadline was 0.4 s");
        var certain = name is "FencePeer" or "AcquireLease" or "ReleaseLease" or "ReadReservations" or "RegisterKeys" or "PreemptPeer" or "WriteRoleSlave" or "WriteRoleMaster" or "ReleaseStorageLocks";
        Assert.True(certain || answer.Outcome == ActionOutcome.Unknown || answer.Code == "NOT_SENT", answer.ToString());
    }

    [Fact]
    public async Task A_call_whose_answer_is_lost_may_have_happened()
    {
        // The toolstack lets us log in, takes the call, and dies before it answers.
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(_scratch["no-xapi"]));
        listener.Listen(8);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var seen = new ConcurrentQueue<string>();
        var server = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                using var client = await listener.AcceptAsync(stop.Token);
                await ServeLoginsAsync(client, seen, stop.Token);
            }
        }, TestContext.Current.CancellationToken);
        var answer = await AnswerAsync(Samples.OnLoopback(_scratch), new HaAction.RecoverSlaves(), Eventually.Ceiling);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server);
        Assert.Contains("pool.recover_slaves", seen);
        Assert.Equal((ActionOutcome.Unknown, "TRANSPORT"), (answer.Outcome, answer.Code));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Tools_that_are_missing_are_a_failure_that_names_them(string name)
    {
        var config = Samples.OnLoopback(_scratch);
        const string Missing = "/no/such/tool";
        config = config with
        {
            Tools = config.Tools with
            {
                KillToolstack = Missing,
                StopToolstack = Missing,
                StartToolstack = Missing,
                BlockPeer = Missing,
                ResetHost = Missing,
                PowerOffHost = Missing,
            },
        };
        var answer = await AnswerAsync(config, Sample(name), Eventually.Ceiling);
        if (name is "KillToolstack" or "StartToolstack" or "RestartToolstack" or "BlockPeerToolstack" or "ResetHost" or "PowerOffHost")
        {
            Assert.Equal((ActionOutcome.Failed, "TOOL"), (answer.Outcome, answer.Code));
            Assert.Contains(Missing, answer.Detail, StringComparison.Ordinal);
        }
    }

    private static async Task ServeLoginsAsync(Socket client, ConcurrentQueue<string> seen, CancellationToken cancel)
    {
        await using var stream = new NetworkStream(client);
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        while (await reader.ReadLineAsync(cancel) is not null)
        {
            var length = 0;
            while (await reader.ReadLineAsync(cancel) is { Length: > 0 } header)
            {
                length = header.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)
                    ? int.Parse(header["Content-Length:".Length..], CultureInfo.InvariantCulture) : length;
            }

            var body = new char[length];
            await reader.ReadBlockAsync(body, cancel);
            var call = JsonNode.Parse(new string(body))!;
            var method = (string)call["method"]!;
            seen.Enqueue(method);
            if (!method.StartsWith("session.", StringComparison.Ordinal))
            {
                return;
            }

            var reply = $"{{\"jsonrpc\":\"2.0\",\"result\":\"OpaqueRef:1\",\"id\":{call["id"]!.ToJsonString()}}}";
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {reply.Length}\r\n\r\n{reply}"), cancel);
        }
    }

    [Fact]
    public async Task The_configured_reset_is_run_instead_of_the_kernel_s()
    {
        var config = Samples.OnLoopback(_scratch);
        config = config with
        {
            Tools = config.Tools with { ResetHost = $"/usr/bin/touch {_scratch["reset"]}", PowerOffHost = $"/usr/bin/touch {_scratch["off"]}" },
        };
        await AnswerAsync(config, new HaAction.ResetHost("test"), Eventually.Ceiling);
        Assert.True(File.Exists(_scratch["reset"]) && !File.Exists(_scratch["off"]));
        await AnswerAsync(config, new HaAction.PowerOffHost("test"), Eventually.Ceiling);
        Assert.True(File.Exists(_scratch["off"]));
    }

    [Fact]
    public async Task Roles_are_written_as_the_toolstack_reads_them()
    {
        var config = Samples.OnLoopback(_scratch);
        await AnswerAsync(config, new HaAction.WriteRoleSlave("192.0.2.11"), Eventually.Ceiling);
        Assert.Equal("slave:192.0.2.11", File.ReadAllText(_scratch["pool.conf"]));
        await AnswerAsync(config, new HaAction.WriteRoleMaster(), Eventually.Ceiling);
        Assert.Equal("master", File.ReadAllText(_scratch["pool.conf"]));
        Directory.CreateDirectory(_scratch["pool.conf.twonodeha"]);
        var failed = await AnswerAsync(config, new HaAction.WriteRoleMaster(), Eventually.Ceiling);
        Assert.Equal((ActionOutcome.Failed, "IO"), (failed.Outcome, failed.Code));
    }

    [Fact]
    public async Task A_stop_that_waits_is_killed_while_it_waits()
    {
        // The stop waits for the process as systemd does; only the kill ends it.
        File.WriteAllText(_scratch["stop.sh"], $"while ! [ -e {_scratch["killed"]} ]; do sleep 0.02; done\n");
        var config = Samples.OnLoopback(_scratch);
        config = config with
        {
            Tools = config.Tools with { StopToolstack = $"/bin/sh {_scratch["stop.sh"]}", KillToolstack = $"/usr/bin/touch {_scratch["killed"]}" },
        };
        var answer = await AnswerAsync(config, new HaAction.KillToolstack(), Eventually.Ceiling);
        Assert.Equal(ActionOutcome.Succeeded, answer.Outcome);
    }

    [Fact]
    public async Task A_restart_that_a_kill_overtakes_starts_nothing()
    {
        // The stop takes as long as the file is missing; a fence begins while the restart waits for it.
        File.WriteAllText(_scratch["stop.sh"], $"touch {_scratch["stopping"]}; while ! [ -e {_scratch["go"]} ]; do sleep 0.02; done\n");
        var config = Samples.OnLoopback(_scratch);
        config = config with
        {
            Tools = config.Tools with
            {
                StopToolstack = $"/bin/sh {_scratch["stop.sh"]}",
                KillToolstack = "/bin/true",
                StartToolstack = $"/usr/bin/touch {_scratch["started"]}",
            },
        };
        var sink = new CollectingSink();
        await using var port = new ToolstackPort(new LocalConfig(config, 0), sink, new ToolRunner(), NullLogger.Instance);
        port.Act(new Command.Act(1, new HaAction.RestartToolstack(), Eventually.Ceiling));
        await Eventually.Holds(() => File.Exists(_scratch["stopping"]), "stopping");
        port.Act(new Command.Act(2, new HaAction.KillToolstack(), Eventually.Ceiling));
        await Task.Delay(100, TestContext.Current.CancellationToken);
        File.WriteAllText(_scratch["go"], "");
        await Eventually.Holds(() => sink.Of<Observation.ActionFinished>().Length == 2, "both are answered");
        var (restart, kill) = (sink.Of<Observation.ActionFinished>().Single(done => done.Id == 1), sink.Of<Observation.ActionFinished>().Single(done => done.Id == 2));
        Assert.Equal((ActionOutcome.Failed, "OVERTAKEN"), (restart.Outcome, restart.Code));
        Assert.Equal(ActionOutcome.Succeeded, kill.Outcome);
        Assert.False(File.Exists(_scratch["started"]));
    }

    [Fact]
    public async Task A_kill_waits_for_a_start_that_may_come_behind_it()
    {
        // The start brings the unit up late, unless a stop came after it: as a job that reaches systemd behind the first stop.
        File.WriteAllText(_scratch["start.sh"], $"touch {_scratch["starting"]}; sleep 0.4; touch {_scratch["up"]}\n");
        var config = Samples.OnLoopback(_scratch);
        config = config with
        {
            Tools = config.Tools with
            {
                StopToolstack = $"/bin/rm -f {_scratch["up"]}",
                KillToolstack = "/bin/true",
                StartToolstack = $"/bin/sh {_scratch["start.sh"]}",
            },
        };
        var sink = new CollectingSink();
        await using var port = new ToolstackPort(new LocalConfig(config, 0), sink, new ToolRunner(), NullLogger.Instance);
        port.Act(new Command.Act(1, new HaAction.StartToolstack(), Eventually.Ceiling));
        await Eventually.Holds(() => File.Exists(_scratch["starting"]), "starting");
        port.Act(new Command.Act(2, new HaAction.KillToolstack(), Eventually.Ceiling));
        await Eventually.Holds(() => sink.Of<Observation.ActionFinished>().Any(done => done.Id == 2), "the kill is answered");
        Assert.Equal(ActionOutcome.Succeeded, sink.Of<Observation.ActionFinished>().Single(done => done.Id == 2).Outcome);
        Assert.False(File.Exists(_scratch["up"]));
    }

    [Fact]
    public async Task A_slow_block_of_the_peer_does_not_land_behind_the_order_that_lifts_it()
    {
        File.WriteAllText(_scratch["block.sh"], $"if [ $1 = add ]; then touch {_scratch["adding"]}; sleep 0.4; touch {_scratch["blocked"]}; else rm -f {_scratch["blocked"]}; fi\n");
        var config = Samples.OnLoopback(_scratch);
        config = config with { Tools = config.Tools with { BlockPeer = $"/bin/sh {_scratch["block.sh"]}" } };
        var sink = new CollectingSink();
        await using var port = new ToolstackPort(new LocalConfig(config, 0), sink, new ToolRunner(), NullLogger.Instance);
        port.Act(new Command.Act(1, new HaAction.BlockPeerToolstack(true), Eventually.Ceiling));
        await Eventually.Holds(() => File.Exists(_scratch["adding"]), "adding");
        port.Act(new Command.Act(2, new HaAction.BlockPeerToolstack(false), Eventually.Ceiling));
        await Eventually.Holds(() => sink.Of<Observation.ActionFinished>().Length == 2, "both are answered");
        Assert.False(File.Exists(_scratch["blocked"]));
    }

    /// <summary>What stands before it, like a block that hangs, does not hold its answer.</summary>
    [Fact]
    public async Task An_action_is_answered_by_its_deadline_although_the_one_before_it_hangs()
    {
        File.WriteAllText(_scratch["block.sh"], $"if [ $1 = add ]; then touch {_scratch["adding"]}; while ! [ -e {_scratch["go"]} ]; do sleep 0.02; done; fi\n");
        var config = Samples.OnLoopback(_scratch);
        config = config with { Tools = config.Tools with { BlockPeer = $"/bin/sh {_scratch["block.sh"]}" } };
        var sink = new CollectingSink();
        await using var port = new ToolstackPort(new LocalConfig(config, 0), sink, new ToolRunner(), NullLogger.Instance);
        port.Act(new Command.Act(1, new HaAction.BlockPeerToolstack(true), TimeSpan.FromMinutes(5)));
        await Eventually.Holds(() => File.Exists(_scratch["adding"]), "adding");
        port.Act(new Command.Act(2, new HaAction.BlockPeerToolstack(false), TimeSpan.FromMilliseconds(200)));
        await Eventually.Holds(() => sink.Posted.Length > 0, "the second is answered");
        var answer = Assert.Single(sink.Of<Observation.ActionFinished>());
        Assert.Equal((2, ActionOutcome.Unknown, "DEADLINE"), (answer.Id, answer.Outcome, answer.Code));
        File.WriteAllText(_scratch["go"], "");
    }

    private static HaAction Sample(string name) => Actions.All.Single(pair => pair.Key.Name == name).Value;

    private static async Task<Observation.ActionFinished> AnswerAsync(HaConfig config, HaAction action, TimeSpan deadline)
    {
        var sink = new CollectingSink();
        await using var port = new ToolstackPort(new LocalConfig(config, 0), sink, new ToolRunner(), NullLogger.Instance);
        port.Act(new Command.Act(4711, action, deadline));
        await Eventually.Holds(() => sink.Posted.Length > 0, $"an answer to {action}");
        var answer = Assert.IsType<Observation.ActionFinished>(Assert.Single(sink.Posted));
        Assert.Equal(4711, answer.Id);
        return answer;
    }
}
