using System.Net;
using System.Net.Sockets;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Daemon.Host;
using TwoNodeHa.Daemon.Links;
using TwoNodeHa.Daemon.Telemetry;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Links;

/// <summary>
/// What an authentic datagram proves, through a real socket, codec and loop: not every one that has the right key and comes
/// from the right address is a word of the peer that is alive now.
/// </summary>
public sealed class HeartbeatProofTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2.5);

    private readonly Scratch _scratch = new();
    private readonly BootClock _clock = new();
    private readonly Socket _peer = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 20_000 };
    private readonly IPEndPoint _own;
    private readonly UdpLinks _links;
    private readonly HaLoop _loop;

    public HeartbeatProofTests()
    {
        _own = new IPEndPoint(IPAddress.Loopback, FreePort());
        _peer.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
        var config = new LocalConfig(Samples.OnLoopback(_scratch, _own.Port, ((IPEndPoint)_peer.LocalEndPoint!).Port), 0);
        var executor = new Executor();
        _loop = new HaLoop(new LoopCore(config, executor), _clock, TimeProvider.System, _ => { }, () => { });
        _links = new UdpLinks(config, Samples.Key, _loop, new Counters(), new ListLogger());
        (executor.Loop, executor.Links) = (_loop, _links);
        _links.Start();
        _loop.Start(new Observation.Started(
            new DurableState { Incarnation = 1, Enabled = true, SwitchGeneration = 1 },
            DurableOrigin.Intact, 42, null, new WatchdogFacts(true, true, "test")));
    }

    public void Dispose()
    {
        _loop.Dispose();
        _links.Dispose();
        _peer.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public void The_own_heartbeats_reflected_from_the_peer_s_address_are_nobody_s()
    {
        var buffer = new byte[HeartbeatCodec.DatagramMax];
        for (var until = _clock.Now + Patience; _clock.Now < until;)
        {
            var length = _peer.Receive(buffer);
            Assert.Equal(Config().Self.Uuid, HeartbeatCodec.Decode(buffer.AsSpan(0, length), Samples.Key).Beat?.Sender);
            _peer.SendTo(buffer.AsSpan(0, length), _own);
        }

        Assert.Null(Status.Peer);
        Assert.Null(Status.Links[0].HeardAgeSeconds);
    }

    [Fact]
    public async Task An_exact_replay_is_no_news()
    {
        var word = Encoded(Samples.Beat(7));
        await HeardAsync(word);
        for (var until = _clock.Now + Patience; _clock.Now < until;)
        {
            _peer.SendTo(word, _own);
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        Assert.InRange(Status.Peer!.HeardAgeSeconds!.Value, Patience.TotalSeconds - 0.5, 60);
        await HeardAgainAsync(Encoded(Samples.Beat(8)));
    }

    [Fact]
    public async Task An_older_word_after_a_newer_one_is_no_news()
    {
        await HeardAsync(Encoded(Samples.Beat(7)));
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        _peer.SendTo(Encoded(Samples.Beat(6)), _own);
        await Task.Delay(500, TestContext.Current.CancellationToken);
        Assert.InRange(Status.Peer!.HeardAgeSeconds!.Value, 1.4, 60);
    }

    [Fact]
    public async Task An_acknowledgement_proves_a_round_trip_only_to_the_incarnation_it_names()
    {
        var own = OwnBeat();
        await HeardAsync(Encoded(Samples.Beat(7) with
        {
            AckIncarnation = own.Incarnation with { Nonce = own.Incarnation.Nonce + 1 }, AckSentAt = own.SentAt,
        }));
        Assert.Null(Status.Peer!.FreshAgeSeconds);
        own = OwnBeat();
        _peer.SendTo(Encoded(Samples.Beat(8) with { AckIncarnation = own.Incarnation, AckSentAt = own.SentAt }), _own);
        await Eventually.Holds(() => Status.Peer?.FreshAgeSeconds is not null, "the round trip");
    }

    private StatusReport Status => _loop.Core.Status(_clock.Now);

    private static LocalConfig Config() => new(Samples.Config(), 0);

    private static byte[] Encoded(Heartbeat beat)
    {
        var buffer = new byte[HeartbeatCodec.DatagramMax];
        return buffer[..HeartbeatCodec.Encode(beat, 0, Samples.Key, buffer)];
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>The newest heartbeat that the host sent.</summary>
    private Heartbeat OwnBeat()
    {
        var buffer = new byte[HeartbeatCodec.DatagramMax];
        int length;
        do
        {
            length = _peer.Receive(buffer);
        }
        while (_peer.Available > 0);

        return HeartbeatCodec.Decode(buffer.AsSpan(0, length), Samples.Key).Beat ?? throw new InvalidOperationException("no heartbeat");
    }

    /// <summary>Its receiving thread may still be about to bind.</summary>
    private async Task HeardAsync(byte[] word) => await Eventually.Holds(
        () =>
        {
            _peer.SendTo(word, _own);
            return Status.Peer is not null;
        },
        "the peer");

    private async Task HeardAgainAsync(byte[] word)
    {
        _peer.SendTo(word, _own);
        await Eventually.Holds(() => Status.Peer?.HeardAgeSeconds < 1, "the peer's next word");
    }

    private sealed class Executor : ICommandExecutor
    {
        public HaLoop? Loop { get; set; }

        public UdpLinks? Links { get; set; }

        public void Execute(Command command)
        {
            switch (command)
            {
                case Command.Persist persist:
                    Loop?.Post(new Observation.Persisted(persist.State.Version, true, ""));
                    break;
                case Command.ListDomains list:
                    // A daemon that does not know its guests does not speak yet.
                    Loop?.Post(new Observation.DomainsListed(list.Id, new HypervisorFacts([], 0), ""));
                    break;
                case Command.SendHeartbeat send:
                    Links?.Send(send.Beat);
                    break;
            }
        }
    }
}
