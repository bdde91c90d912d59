using System.Net.Sockets;
using System.Net;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Daemon.Links;
using TwoNodeHa.Daemon.Telemetry;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Links;

public sealed class UdpLinksTests : IAsyncLifetime
{
    private readonly Scratch _scratch = new();
    private readonly CollectingSink _sink = new();
    private readonly CollectingSink _peerSink = new();
    private readonly Counters _counters = new();
    private readonly ListLogger _logger = new();
    private readonly HaConfig _config;
    private readonly UdpLinks _links;
    private readonly UdpLinks _peer;
    private long _sequence = 1000;

    public UdpLinksTests()
    {
        _config = Samples.OnLoopback(_scratch, FreePort(IPAddress.Loopback), FreePort(IPAddress.Parse("127.0.0.2")));
        _links = new UdpLinks(new LocalConfig(_config, 0), Samples.Key, _sink, _counters, _logger);
        _peer = new UdpLinks(new LocalConfig(_config, 1), Samples.Key, _peerSink, new Counters(), new ListLogger());
    }

    public async ValueTask InitializeAsync()
    {
        _links.Start();
        _peer.Start();
        await ValidArrivesAsync();
    }

    public ValueTask DisposeAsync()
    {
        _links.Dispose();
        _peer.Dispose();
        _scratch.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Heartbeats_arrive_in_both_directions_with_the_link_s_index()
    {
        var beat = Samples.Beat(77);
        await Eventually.Holds(
            () =>
            {
                _links.Send(beat);
                return _peerSink.Posted.Length > 0;
            },
            "a heartbeat at the peer");
        var received = _peerSink.Of<Observation.HeartbeatReceived>()[0];
        Assert.Equal(0, received.Link);
        Assert.Equal(beat with { Running = [], Missing = [], Stopped = [] }, received.Beat with { Running = [], Missing = [], Stopped = [] });
    }

    [Theory]
    [InlineData("wrong_key")]
    [InlineData("too_short")]
    [InlineData("too_long")]
    [InlineData("not_a_heartbeat")]
    [InlineData("unsupported_version")]
    [InlineData("malformed")]
    public async Task What_is_no_heartbeat_is_counted_by_reason_and_dropped(string reason)
    {
        using var sender = Sender("127.0.0.2");
        sender.SendTo(Bad(reason), _config.Links[0].First);
        await Eventually.Holds(() => Count(reason) == 1, reason);
        Assert.DoesNotContain(_sink.Of<Observation.HeartbeatReceived>(), received => received.Beat.Sequence < 1000);
        Assert.Contains(_logger.Lines, line => line.Contains(reason.Replace('_', ' '), StringComparison.Ordinal));
        await ValidArrivesAsync();
    }

    [Fact]
    public async Task An_empty_datagram_and_one_cut_in_two_are_dropped()
    {
        using var sender = Sender("127.0.0.2");
        sender.SendTo([], _config.Links[0].First);
        await Eventually.Holds(() => Count("too_short") == 1, "the empty one");
        var beat = Valid(Samples.Key);
        sender.SendTo(beat[..(beat.Length / 2)], _config.Links[0].First);
        await Eventually.Holds(() => Count("wrong_key") == 1, "the cut one");
        Assert.DoesNotContain(_sink.Of<Observation.HeartbeatReceived>(), received => received.Beat.Sequence < 1000);
        await ValidArrivesAsync();
    }

    [Fact]
    public async Task A_valid_heartbeat_from_another_address_is_not_the_peer_s()
    {
        using var sender = Sender("127.0.0.3");
        sender.SendTo(Valid(Samples.Key), _config.Links[0].First);
        await Eventually.Holds(() => Count("unknown_sender") == 1, "the unknown sender");
        Assert.DoesNotContain(_sink.Of<Observation.HeartbeatReceived>(), received => received.Beat.Sequence < 1000);
    }

    [Fact]
    public async Task A_flood_does_not_keep_the_peer_out_afterwards()
    {
        var garbage = new byte[900];
        new Random(5).NextBytes(garbage);
        using var sender = Sender("127.0.0.2");
        for (var i = 0; i < 5000; i++)
        {
            sender.SendTo(garbage, _config.Links[0].First);
        }

        await ValidArrivesAsync();
        Assert.True(Count("not_a_heartbeat") > 0);
        Assert.True(
            _logger.Lines.Count(line => line.Contains("not a heartbeat", StringComparison.Ordinal)) <= 3, "the flood reached the journal");
    }

    [Fact]
    public void A_flood_in_the_peer_s_name_does_not_push_its_heartbeat_out()
    {
        var peer = new IPEndPoint(IPAddress.Parse("127.0.0.2"), 7757);
        var counters = new Counters();
        var sink = new CollectingSink();
        using var link = new UdpLink(0, "mgmt", new IPEndPoint(IPAddress.Loopback, 0), peer, Samples.Key, sink, counters,
            new RateLimitedLog(_logger, TimeProvider.System), _ => { });
        var forged = Valid(Samples.Key);
        forged[^1] ^= 1;
        for (var i = 0; i < UdpLink.FloodMax + 1; i++)
        {
            link.Take(forged, peer);
        }

        link.Take(Valid(Samples.Key), peer);
        Assert.Single(sink.Posted);

        // Authentic ones, a recording played back: as many as the loop can bear.
        for (var i = 0; i < 2 * UdpLink.FloodMax; i++)
        {
            link.Take(Valid(Samples.Key), peer);
        }

        Assert.Equal(UdpLink.FloodMax, sink.Posted.Length);

        // And what costs a MAC each is bounded too.
        for (var i = 0; i < UdpLink.MacMax; i++)
        {
            link.Take(forged, peer);
        }

        var counts = counters.Snapshot();
        Assert.True(counts["link.mgmt.wrong_key"] <= UdpLink.MacMax, $"{counts["link.mgmt.wrong_key"]} MACs");
    }

    [Fact]
    public async Task A_peer_that_is_down_and_comes_back_is_heard_again()
    {
        // Nobody listens: the kernel answers with "port unreachable", which must not end the receiving.
        _peer.Dispose();
        for (var i = 0; i < 20; i++)
        {
            _links.Send(Samples.Beat(i));
        }

        using var again = new UdpLinks(new LocalConfig(_config, 1), Samples.Key, _peerSink, new Counters(), new ListLogger());
        again.Start();
        await ValidArrivesAsync(again);
    }

    [Fact]
    public async Task An_address_that_is_taken_is_bound_when_it_is_free()
    {
        var blocker = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        blocker.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var own = (IPEndPoint)blocker.LocalEndPoint!;
        var counters = new Counters();
        var sink = new CollectingSink();
        var config = _config with { Links = [new LinkConfig("late", own, new IPEndPoint(IPAddress.Parse("127.0.0.2"), own.Port))] };
        using var links = new UdpLinks(new LocalConfig(config, 0), Samples.Key, sink, counters, _logger);
        links.Start();
        await Eventually.Holds(() => counters.Snapshot().GetValueOrDefault("link.late.bind_failed") > 0, "the failure");
        links.Send(Samples.Beat());
        Assert.Equal(1, counters.Snapshot()["link.late.not_bound"]);
        blocker.Dispose();
        using var sender = Sender("127.0.0.2");
        await Eventually.Holds(
            () =>
            {
                sender.SendTo(Valid(Samples.Key), own);
                return sink.Posted.Length > 0;
            },
            "a heartbeat on the address that became free");
    }

    private static int FreePort(IPAddress address)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static Socket Sender(string address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        return socket;
    }

    private static byte[] Valid(byte[] key)
    {
        var buffer = new byte[HeartbeatCodec.DatagramMax];
        return buffer[..HeartbeatCodec.Encode(Samples.Beat(), 0, key, buffer)];
    }

    private static byte[] Bad(string reason)
    {
        var beat = Valid(Samples.Key);
        switch (reason)
        {
            case "wrong_key":
                return Valid(new byte[32]);
            case "too_short":
                return beat[..39];
            case "too_long":
                return new byte[65_507];
            case "not_a_heartbeat":
                return new byte[300];
            case "unsupported_version":
                beat[5] = HeartbeatCodec.Version + 1;
                break;
            default:
                beat[9] = 200;
                break;
        }

        var end = beat.Length - 32;
        System.Security.Cryptography.HMACSHA256.HashData(Samples.Key, beat.AsSpan(0, end), beat.AsSpan(end));
        return beat;
    }

    private long Count(string reason) => _counters.Snapshot().GetValueOrDefault($"link.mgmt.{reason}");

    /// <summary>Sent again and again, as the loop does: datagrams may be lost in a full buffer.</summary>
    private Task ValidArrivesAsync(UdpLinks? from = null)
    {
        var sequence = ++_sequence;
        return Eventually.Holds(
            () =>
            {
                (from ?? _peer).Send(Samples.Beat(sequence));
                return _sink.Of<Observation.HeartbeatReceived>().Any(received => received.Beat.Sequence == sequence);
            },
            $"heartbeat {sequence}");
    }
}
