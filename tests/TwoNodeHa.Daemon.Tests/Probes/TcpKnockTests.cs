using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Host;
using TwoNodeHa.Daemon.Probes;
using TwoNodeHa.Daemon.Telemetry;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Probes;

public sealed class TcpKnockTests
{
    private readonly ConcurrentQueue<(string Kind, Instant SentAt)> _alive = new();
    private readonly Counters _counters = new();

    [Fact]
    public async Task An_open_port_is_a_sign_of_life()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var knock = Knock(port);
        knock.Probe();
        await Eventually.Holds(() => !_alive.IsEmpty, "an answer");
        Assert.Equal($"tcp port {port} on management", Assert.Single(_alive).Kind);
    }

    [Fact]
    public async Task A_refusal_is_a_sign_of_life_each_time()
    {
        using var knock = Knock(FreePort());
        for (var i = 1; i <= 2; i++)
        {
            await Eventually.Holds(
                () =>
                {
                    knock.Probe();
                    return _alive.Count >= i;
                },
                "an answer");
        }
    }

    [Fact]
    public async Task Silence_is_nothing_and_one_question_at_a_time_is_enough()
    {
        // A listener whose queue is full answers no further SYN.
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(0);
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        List<Socket> queue = [];
        for (var i = 0; i < 3; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            queue.Add(socket);
            _ = socket.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken).AsTask();
        }

        using var knock = Knock(port);
        knock.Probe();
        knock.Probe();
        await Eventually.Holds(() => _counters.Snapshot().GetValueOrDefault("tcp.no_answer") > 0, "the end of the patience");
        Assert.Empty(_alive);
        Assert.Equal(1, _counters.Snapshot()["tcp.no_answer"]);
        queue.ForEach(socket => socket.Dispose());
    }

    private TcpKnock Knock(int port) => new(
        [new PeerAddress(IPAddress.Loopback, "management")], new BootClock(), _counters, (kind, sent) => _alive.Enqueue((kind, sent)), port);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
