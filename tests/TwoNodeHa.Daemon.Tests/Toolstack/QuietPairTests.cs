using Microsoft.Extensions.Logging.Abstractions;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.Tools;
using TwoNodeHa.Daemon.Toolstack;
using TwoNodeHa.XenApi.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Toolstack;

/// <summary>What a quiet pair costs its toolstack, and that one which stands still, says nothing or was started anew is noticed all the same.</summary>
public sealed class QuietPairTests : IDisposable
{
    private const string Host = "11111111-1111-4111-8111-111111111111";
    private readonly Scratch _scratch = new();
    private readonly CollectingSink _sink = new();
    private int _batches;
    private Func<string, bool> _hangs = static _ => false;
    private readonly ManualResetEventSlim _vms = new(initialState: true);
    private long _ids;

    public void Dispose()
    {
        _scratch.Dispose();
        _vms.Dispose();
    }

    /// <summary>The readings of ten minutes, as Core orders them: one every 5 s, the database with every sixth.</summary>
    [Theory]
    [InlineData("master")]
    [InlineData("slave:192.0.2.12")]
    public async Task Six_calls_a_minute_are_enough(string role)
    {
        await using var server = Server();
        await using var port = Port(role);
        port.Start();
        await Eventually.Holds(() => server.Count("event.from") == 2 && _sink.Of<Observation.DatabaseObserved>().Length == 1, "events are followed");
        var known = (await ReadAsync(port, null, database: true)).Listener;
        Assert.NotNull(known);
        var tables = server.Requests.Select(request => request.Method!).Where(method => method.EndsWith(".get_all_records", StringComparison.Ordinal)).Distinct().Count();
        var (before, asked) = (server.Requests.Count, 0);
        for (var reading = 0; reading < 120; reading++)
        {
            var facts = await ReadAsync(port, known, database: reading % 6 == 0);
            Assert.Equal((true, false, reading % 6 == 0), (facts.Answers, facts.Emergency, facts.Database is not null));
            asked += facts.Asked ? 1 : 0;
        }

        // A machine that starves the test may have it asked here and there.
        Assert.InRange(asked, 0, 12);
        var calls = server.Requests.Skip(before).ToList();
        Assert.Equal(20, calls.Count(call => call.Method == "VM.get_all_records"));
        var events = TimeSpan.FromMinutes(1) / DatabaseEvents.Wait;
        var believed = (tables - 1) / TableCache.BelievedFor.TotalMinutes;
        Assert.InRange((calls.Count / 10.0) + events + believed, 4, 6);
    }

    [Fact]
    public async Task One_that_stands_still_is_noticed_within_the_deadline_of_a_reading()
    {
        await using var server = Server();
        await using var port = Port("master");
        var known = (await ReadAsync(port, null)).Listener;
        server.IgnoresConnections = true;
        var facts = await ReadAsync(port, known, deadline: 1);
        Assert.Equal((true, false, true), (facts.Running, facts.Answers, facts.Asked));
    }

    [Fact]
    public async Task One_that_picks_up_and_says_nothing_is_noticed_by_its_database()
    {
        await using var server = Server();
        await using var port = Port("master");
        var known = (await ReadAsync(port, null)).Listener;
        _hangs = static _ => true;
        Assert.True((await ReadAsync(port, known)).Answers);
        var facts = await ReadAsync(port, known, database: true, deadline: 2);
        Assert.Equal((true, false, true), (facts.Running, facts.Answers, facts.Asked));
    }

    [Fact]
    public async Task A_slave_without_its_master_answers_and_has_no_database()
    {
        await using var server = Server();
        await using var port = Port("slave:192.0.2.12");
        var known = (await ReadAsync(port, null)).Listener;
        _hangs = static method => method == "session.login_with_password";
        var facts = await ReadAsync(port, known, database: true, deadline: 2);
        Assert.Equal((true, true, true), (facts.Answers, facts.Asked, facts.Database is null));
    }

    [Fact]
    public async Task One_that_was_started_anew_is_asked()
    {
        await using var port = Port("master");
        ToolstackListener? known;
        await using (var server = Server())
        {
            known = (await ReadAsync(port, null)).Listener;
            Assert.False((await ReadAsync(port, known)).Asked);
        }

        await using var next = Server();
        var facts = await ReadAsync(port, known);
        Assert.Equal((true, true), (facts.Answers, facts.Asked));
        Assert.NotEqual(known, facts.Listener);
    }

    /// <summary>One waits for the other; nothing that was known is forgotten.</summary>
    [Fact]
    public async Task Two_readings_that_meet_are_both_answered()
    {
        await using var server = Server();
        await using var port = Port("master");
        _vms.Reset();
        port.Start();
        await Eventually.Holds(() => server.Count("VM.get_all_records") == 1, "the events have the database read");
        var known = ReadAsync(port, null, database: true);
        await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.Equal(1, server.Count("VM.get_all_records"));
        _vms.Set();
        Assert.NotNull((await known).Database);
        await Eventually.Holds(() => _sink.Of<Observation.DatabaseObserved>().Length == 1 && server.Count("event.from") == 2, "the events go on");
        Assert.Equal(1, server.Count("SR.get_all_records"));
    }

    private ToolstackPort Port(string role)
    {
        File.WriteAllText(_scratch["pool.conf"], role);
        return new ToolstackPort(new LocalConfig(Samples.OnLoopback(_scratch), 0), _sink, new ToolRunner(), NullLogger.Instance);
    }

    private async Task<ToolstackFacts> ReadAsync(ToolstackPort port, ToolstackListener? known, bool database = false, double deadline = 0)
    {
        var id = ++_ids;
        port.Read(new Command.ReadToolstack(id, database, deadline > 0 ? TimeSpan.FromSeconds(deadline) : Eventually.Ceiling) { Known = known });
        await Eventually.Holds(() => _sink.Of<Observation.ToolstackObserved>().Any(seen => seen.Id == id), "a reading");
        return _sink.Of<Observation.ToolstackObserved>().Single(seen => seen.Id == id).Facts;
    }

    private ScriptedServer Server() => ScriptedServer.OnUnixSocket(Answer, _scratch["no-xapi"]);

    private Reply Answer(ReceivedRequest request) => request.Method switch
    {
        { } method when _hangs(method) => new Reply.Hang(),
        "VM.get_all_records" when _vms.Wait(Eventually.Ceiling) => Reply.Result("{}"),
        "pool.get_all_records" => Reply.Result("""{"OpaqueRef:p":{"uuid":"p","master":"OpaqueRef:a","ha_enabled":false}}"""),
        "host.get_all_records" => Reply.Result(
            $$$"""{"OpaqueRef:a":{"uuid":"{{{Host}}}","enabled":true,"metrics":"OpaqueRef:m"}}"""),
        "host_metrics.get_all_records" => Reply.Result("""{"OpaqueRef:m":{"uuid":"m","live":true,"memory_total":1099511627776}}"""),
        { } other when other.EndsWith(".get_all_records", StringComparison.Ordinal) => Reply.Result("{}"),
        "host.is_in_emergency_mode" => Reply.Result("false"),
        "host.compute_free_memory" => Reply.Result("1"),
        "event.from" when Interlocked.Increment(ref _batches) > 1 => new Reply.Hang(),
        "event.from" => Reply.Result(
            """{"events":[{"id":1,"timestamp":0,"class":"pool","operation":"add","ref":"OpaqueRef:p","snapshot":{}}],"valid_ref_counts":{},"token":"t"}"""),
        _ => Reply.Result("\"OpaqueRef:s\""),
    };
}
