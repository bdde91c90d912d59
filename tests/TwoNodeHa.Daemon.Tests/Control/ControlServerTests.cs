using System.Net.Sockets;
using System.Text.Json;
using System.Text;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Daemon.Control;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Control;

public sealed class ControlServerTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly CollectingSink _sink = new();
    private readonly System.Collections.Concurrent.ConcurrentQueue<HaEvent> _told = new();
    private readonly ControlDesk _desk;
    private readonly ControlServer _server;

    public ControlServerTests()
    {
        _desk = new ControlDesk(
            Status, count => [new EventLine(1, 2, "info", $"{count} asked")], _sink, "9.8.7", _told.Enqueue, () => new VmReport { Vms = [] }, TimeSpan.FromMilliseconds(300));
        _server = new ControlServer(_scratch["c/control.sock"], _desk, new ListLogger());
        _server.Start();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _server.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public async Task What_is_published_is_answered_without_the_loop()
    {
        using var client = await ConnectAsync();
        Assert.Equal("alpha", (await client.AskAsync("""{"verb":"status"}""")).Status!.Host);
        Assert.Equal("7 asked", (await client.AskAsync("""{"verb":"events","last":7}""")).Events!.Single().Sentence);
        Assert.Equal("0 asked", (await client.AskAsync("""{"verb":"events","last":-7}""")).Events!.Single().Sentence);
        Assert.Equal("9.8.7", (await client.AskAsync("""{"verb":"version"}""")).Text);
        Assert.Empty(_sink.Posted);
    }

    [Fact]
    public async Task An_unknown_verb_is_told_the_known_ones()
    {
        using var client = await ConnectAsync();
        var answer = await client.AskAsync($$"""{"verb":"explode{{new string('x', 500)}}"}""");
        Assert.False(answer.Ok);
        foreach (var verb in (string[])["status", "events", "enable", "disable", "maintenance", "takeover", "fence", "guard", "depart", "version"])
        {
            Assert.Contains(verb, answer.Text, StringComparison.Ordinal);
        }

        Assert.True(answer.Text.Length < 250, answer.Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"verb":7}""")]
    [InlineData("""{"verb":null}""")]
    [InlineData("""{"verb":"disable","until_unix_ms":"long"}""")]
    [InlineData("""{"verb":"status"} {"verb":"status"}""")]
    public async Task What_is_no_request_is_refused_and_the_connection_lives_on(string line)
    {
        using var client = await ConnectAsync();
        var answer = await client.AskAsync(line);
        Assert.False(answer.Ok);
        Assert.NotEqual("", answer.Text);
        Assert.Empty(_sink.Posted);
        Assert.True((await client.AskAsync("""{"verb":"version"}""")).Ok);
    }

    [Fact]
    public async Task Text_that_is_not_UTF8_is_refused_and_the_connection_lives_on()
    {
        using var client = await ConnectAsync();
        await client.SendAsync([.. Encoding.ASCII.GetBytes("{\"verb\":\""), 0xFF, 0xC0, .. Encoding.ASCII.GetBytes("\"}\n")]);
        Assert.False((await client.ReadAsync()).Ok);
        Assert.True((await client.AskAsync("""{"verb":"version"}""")).Ok);
    }

    [Fact]
    public async Task Half_a_line_and_then_nothing_costs_only_that_client()
    {
        using (var gone = await ConnectAsync())
        {
            await gone.SendAsync(Encoding.ASCII.GetBytes("{\"verb\":\"fen"));
        }

        using var next = await ConnectAsync();
        Assert.True((await next.AskAsync("""{"verb":"version"}""")).Ok);
        Assert.Empty(_sink.Posted);
    }

    [Fact]
    public async Task Requests_in_pieces_and_in_one_go_are_answered_in_order()
    {
        using var client = await ConnectAsync();
        await client.SendAsync(Encoding.ASCII.GetBytes("{\"verb\":\"ver"));
        await client.SendAsync(Encoding.ASCII.GetBytes("sion\"}\n{\"verb\":\"events\",\"last\":1}\n{\"verb\":\"x\"}\n"));
        Assert.Equal("9.8.7", (await client.ReadAsync()).Text);
        Assert.Equal("1 asked", (await client.ReadAsync()).Events!.Single().Sentence);
        Assert.False((await client.ReadAsync()).Ok);
    }

    [Fact]
    public async Task A_line_of_the_longest_length_is_read_and_a_longer_one_ends_the_connection()
    {
        using var client = await ConnectAsync();
        var request = """{"verb":"version"}""";
        await client.SendAsync(Encoding.ASCII.GetBytes(request + new string(' ', ControlServer.LineMax - request.Length - 1) + "\n"));
        Assert.True((await client.ReadAsync()).Ok);

        await client.SendAsync(Encoding.ASCII.GetBytes(new string('x', ControlServer.LineMax)));
        var answer = await client.ReadAsync();
        Assert.False(answer.Ok);
        Assert.Contains("65536", answer.Text, StringComparison.Ordinal);
        Assert.True(await client.IsClosedAsync());

        using var next = await ConnectAsync();
        Assert.True((await next.AskAsync("""{"verb":"version"}""")).Ok);
    }

    [Fact]
    public async Task Idle_clients_block_no_verb_the_longest_idle_one_makes_room()
    {
        var idle = new List<Client>();
        for (var i = 0; i < ControlServer.ClientsMax; i++)
        {
            idle.Add(await ConnectAsync());
            Assert.True((await idle[^1].AskAsync("""{"verb":"version"}""")).Ok);
            await Task.Delay(20, Cancel);
        }

        using var next = await ConnectAsync();
        Assert.True((await next.AskAsync("""{"verb":"status"}""")).Ok);

        var last = await idle[0].ReadAsync();
        Assert.Contains("others wait for a place", last.Text, StringComparison.Ordinal);
        Assert.True(await idle[0].IsClosedAsync());
        Assert.True((await idle[^1].AskAsync("""{"verb":"version"}""")).Ok);
        idle.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task Clients_that_wait_for_their_answers_keep_their_places()
    {
        var waiting = new List<Client>();
        for (var i = 0; i < ControlServer.ClientsMax; i++)
        {
            waiting.Add(await ConnectAsync());
            await waiting[^1].SendAsync(Encoding.UTF8.GetBytes("{\"verb\":\"enable\"}\n"));
        }

        // The desk of this test waits 0.3 s for its loop: while all places owe an answer, nobody is put out.
        await Eventually.Holds(() => _sink.Of<Observation.OperatorAsked>().Count() == ControlServer.ClientsMax, "all were asked");
        foreach (var client in waiting)
        {
            Assert.Contains("did not answer within", (await client.ReadAsync()).Text, StringComparison.Ordinal);
            client.Dispose();
        }
    }

    [Fact]
    public async Task Who_asked_is_told_once_and_without_control_characters()
    {
        using var client = await ConnectAsync();
        await client.AskAsync("""{"verb":"enable","by":"root, pts/3\u001b[2J, ssh from 192.0.2.50"}""");
        Assert.Equal("enable was asked for by root, pts/3?[2J, ssh from 192.0.2.50", Assert.Single(_told).Sentence);

        await client.AskAsync("""{"verb":"guard"}""");
        await client.AskAsync("""{"verb":"takeover"}""");
        Assert.Single(_told);
    }

    [Fact]
    public async Task A_takeover_needs_the_word_that_the_peer_is_dead()
    {
        using var client = await ConnectAsync();
        var refused = await client.AskAsync("""{"verb":"takeover"}""");
        Assert.False(refused.Ok);
        Assert.Contains("peer_is_dead", refused.Text, StringComparison.Ordinal);
        Assert.Empty(_sink.Posted);

        await client.AskAsync("""{"verb":"takeover","peer_is_dead":true}""");
        Assert.IsType<OperatorRequest.Takeover>(_sink.Of<Observation.OperatorAsked>().Single().Request);
    }

    [Fact]
    public async Task The_loop_is_asked_and_its_answer_goes_to_who_asked()
    {
        using var first = await ConnectAsync();
        using var second = await ConnectAsync();
        var asks = new[]
        {
            (first, """{"verb":"enable"}""", (OperatorRequest)new OperatorRequest.Enable()),
            (second, """{"reason":"work","verb":"disable"}""", new OperatorRequest.Disable(0, "work")),
            (first, """{"verb":"maintenance","on":true}""", new OperatorRequest.Maintenance(true)),
            (second, """{"verb":"fence"}""", new OperatorRequest.FenceSelf()),
            (second, """{"verb":"guard"}""", new OperatorRequest.BootGuard()),
            (second, """{"verb":"depart"}""", new OperatorRequest.Depart()),
        };
        foreach (var (client, line, request) in asks)
        {
            var before = _sink.Posted.Length;
            var answer = client.AskAsync(line);
            await Eventually.Holds(() => _sink.Posted.Length > before, line);
            var asked = (Observation.OperatorAsked)_sink.Posted[before];
            Assert.Equal(request, asked.Request);
            _desk.Reply(new Command.Reply(asked.RequestId + 1000, new OperatorReply(false, false, "for nobody")));
            var accepted = request is not OperatorRequest.FenceSelf;
            _desk.Reply(new Command.Reply(asked.RequestId, new OperatorReply(accepted, true, line)));
            var got = await answer;
            Assert.Equal((accepted, true, line), (got.Ok, got.Pending, got.Text));
        }
    }

    [Fact]
    public async Task A_reason_that_is_left_out_reaches_the_loop_as_empty()
    {
        using var client = await ConnectAsync();
        await client.AskAsync("""{"verb":"disable"}""");
        Assert.Equal(new OperatorRequest.Disable(0, ""), _sink.Of<Observation.OperatorAsked>().Single().Request);
    }

    [Theory]
    [InlineData("""{"verb":"disable","reason":null}""", "reason")]
    [InlineData("""{"verb":"maintenance"}""", "on")]
    [InlineData("""{"verb":"disable","until_unix_ms":1e308}""", "until_unix_ms")]
    [InlineData("""{"on":true}""", "\"verb\" is missing")]
    [InlineData("""{"verb":7}""", "\"verb\" is missing or no string")]
    [InlineData("""{"verb":"enabel"}""", "did you mean 'enable'?")]
    public async Task A_request_that_lacks_something_is_told_what_and_reaches_nobody(string line, string expected)
    {
        using var client = await ConnectAsync();
        var answer = await client.AskAsync(line);
        Assert.False(answer.Ok);
        Assert.Contains(expected, answer.Text, StringComparison.Ordinal);
        Assert.Empty(_sink.Posted);
    }

    [Fact]
    public void Every_request_has_a_verb()
    {
        var requests = typeof(ControlRequest).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(ControlRequest)) && !type.IsAbstract);
        Assert.Equal(
            requests.OrderBy(type => type.FullName, StringComparer.Ordinal),
            typeof(ControlRequest).GetCustomAttributes(false).OfType<System.Text.Json.Serialization.JsonDerivedTypeAttribute>()
                .Select(known => known.DerivedType).OrderBy(type => type.FullName, StringComparer.Ordinal));
        Assert.Equal(ControlRequest.Verbs.Length, ControlRequest.Verbs.Distinct().Count());
    }

    [Fact]
    public async Task A_loop_that_never_answers_costs_a_bounded_wait()
    {
        using var client = await ConnectAsync();
        var answer = await client.AskAsync("""{"verb":"enable"}""");
        Assert.False(answer.Ok);
        Assert.Contains("did not answer within", answer.Text, StringComparison.Ordinal);
        Assert.Contains("may still be carried out", answer.Text, StringComparison.Ordinal);

        // The answer that comes too late is for nobody, and harms nobody.
        _desk.Reply(new Command.Reply(_sink.Of<Observation.OperatorAsked>().Single().RequestId, new OperatorReply(true, false, "late")));
        Assert.Equal("9.8.7", (await client.AskAsync("""{"verb":"version"}""")).Text);
    }

    [Fact]
    public void Only_the_owner_may_use_the_socket()
    {
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_scratch["c/control.sock"]));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_scratch["c"]));
    }

    [Fact]
    public async Task A_socket_left_behind_by_a_killed_daemon_is_replaced()
    {
        using var second = new ControlServer(_scratch["c/control.sock"], _desk, new ListLogger());
        second.Start();
        using var client = await ConnectAsync();
        Assert.True((await client.AskAsync("""{"verb":"version"}""")).Ok);
    }

    private static StatusReport Status() => new()
    {
        Host = "alpha",
        PeerHost = "beta",
        State = "Paired",
        StateAgeSeconds = 1,
        Why = "",
        Enabled = true,
        Switch = "enabled",
        SafetyClass = "A",
        SafetySentence = "",
        Protected = true,
        Epoch = 1,
        Incarnation = 1,
        Role = "master",
        Toolstack = "",
        Rights = [],
        TakeoverRefusals = [],
        Watchdog = "",
        Gateway = "",
        Links = [],
        Vms = [],
    };

    private async Task<bool> AskOnceAsync()
    {
        using var client = await ConnectAsync();
        try
        {
            return (await client.AskAsync("""{"verb":"version"}""")).Ok;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task<Client> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(_scratch["c/control.sock"]), Cancel);
        return new Client(socket);
    }

    private sealed class Client(Socket socket) : IDisposable
    {
        private readonly StreamReader _reader = new(new NetworkStream(socket, ownsSocket: true));

        public async Task SendAsync(byte[] bytes)
        {
            for (var sent = 0; sent < bytes.Length;)
            {
                sent += await socket.SendAsync(bytes.AsMemory(sent), Cancel);
            }
        }

        public async Task<ControlAnswer> AskAsync(string line)
        {
            try
            {
                await SendAsync(Encoding.UTF8.GetBytes(line + "\n"));
            }
            catch (SocketException error)
            {
                throw new IOException(error.Message, error);
            }

            return await ReadAsync();
        }

        public async Task<ControlAnswer> ReadAsync()
        {
            var line = await _reader.ReadLineAsync(Cancel).AsTask().WaitAsync(Eventually.Ceiling, Cancel);
            return line is null
                ? throw new IOException("closed without an answer")
                : JsonSerializer.Deserialize(line, ControlJson.Default.ControlAnswer)!;
        }

        /// <summary>Closed by the server; with a reset where it did not read everything.</summary>
        public async Task<bool> IsClosedAsync()
        {
            try
            {
                return await _reader.ReadLineAsync(Cancel).AsTask().WaitAsync(Eventually.Ceiling, Cancel) is null;
            }
            catch (IOException)
            {
                return true;
            }
        }

        public void Dispose() => _reader.Dispose();
    }
}
