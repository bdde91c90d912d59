using System.Net;
using System.Net.Sockets;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Telemetry;

namespace TwoNodeHa.Daemon.Probes;

/// <summary>ICMP echo of one address family on a raw socket, which root may open. What counts as an answer: <see cref="IcmpEchoes"/>.</summary>
internal sealed class IcmpSocket : IDisposable
{
    /// <summary>How often a thread that waits for answers checks whether it must stop.</summary>
    private static readonly TimeSpan StopCheckInterval = TimeSpan.FromMilliseconds(250);

    private readonly AddressFamily _family;
    private readonly IMonotonicClock _clock;
    private readonly Counters _counters;
    private readonly RateLimitedLog _log;
    private readonly IcmpEchoes _echoes;
    private readonly CancellationTokenSource _stop = new();
    private readonly Action<string> _entered;
    private Socket? _socket;
    private Thread? _receiver;

    public IcmpSocket(
        AddressFamily family, IMonotonicClock clock, Counters counters, RateLimitedLog log, Action<string> entered) =>
        (_family, _clock, _counters, _log, _entered, _echoes) = (family, clock, counters, log, entered, new IcmpEchoes(family == AddressFamily.InterNetwork));

    private bool IsV4 => _family == AddressFamily.InterNetwork;

    public void Start()
    {
        try
        {
            _socket = new Socket(_family, SocketType.Raw, IsV4 ? ProtocolType.Icmp : ProtocolType.IcmpV6) { Blocking = false };
            _receiver = new Thread(() => Receive(_socket), maxStackSize: 256 * 1024) { IsBackground = true, Name = "ha-icmp" };
            _receiver.Start();
        }
        catch (SocketException error)
        {
            _log.Warn("icmp socket", $"{_family}: {error.SocketErrorCode}; the daemon must run as root");
        }
    }

    /// <summary>Sends one request; called on the loop's thread only.</summary>
    public void Probe(IPAddress address, Action<Instant> answered)
    {
        if (_socket is not { } socket)
        {
            _counters.Add("icmp.no_socket");
            return;
        }

        var (request, token) = _echoes.Ask(address, _clock.Now, answered);
        try
        {
            socket.SendTo(request, SocketFlags.None, new IPEndPoint(address, 0));
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // No route, interface down: the silence that follows says the same.
            _echoes.TakeBack(token);
            _counters.Add("icmp.send_failed");
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _socket?.Dispose();
        _receiver?.Join(2 * StopCheckInterval);
    }

    private void Receive(Socket socket)
    {
        _entered(IsV4 ? "icmp" : "icmp6");
        var buffer = new byte[2048];
        var from = new SocketAddress(_family);
        var parser = new IPEndPoint(IsV4 ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (socket.Poll(StopCheckInterval, SelectMode.SelectRead))
                {
                    var length = socket.ReceiveFrom(buffer, SocketFlags.None, from);
                    _echoes.Take(buffer.AsSpan(0, length), ((IPEndPoint)parser.Create(from)).Address);
                }
            }
            catch (SocketException)
            {
                _counters.Add("icmp.receive_failed");
                _stop.Token.WaitHandle.WaitOne(50);
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }
}
