using System.Net.Sockets;
using System.Net;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Daemon.Telemetry;

namespace TwoNodeHa.Daemon.Links;

/// <summary>
/// One UDP path to the peer. What is not from the peer's address, not authentic or too much is counted and dropped;
/// whether an authentic heartbeat proves anything is for the decision code to say.
/// </summary>
internal sealed class UdpLink : IDisposable
{
    /// <summary>Authentic heartbeats taken in one window; a bound pair sends one or eight a second.</summary>
    internal const int FloodMax = 500;

    /// <summary>
    /// Datagrams whose MAC is looked at in one window, of those that bear the peer's address: at 2 to 3 µs each about a
    /// quarter of a core, and far more than what a flood leaves in the socket's buffer beside one heartbeat.
    /// </summary>
    internal const int MacMax = 10_000;

    /// <summary>Socket buffer, bytes: a heartbeat behind a burst is still taken.</summary>
    private const int BufferBytes = 1 << 20;

    private static readonly TimeSpan FloodWindow = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan BindRetry = TimeSpan.FromSeconds(1);

    /// <summary>How long a wait for a datagram lasts before the thread looks whether it shall end.</summary>
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(250);

    private readonly int _index;
    private readonly string _name;
    private readonly IPEndPoint _own;
    private readonly IPEndPoint _peer;
    private readonly byte[] _key;
    private readonly IObservationSink _sink;
    private readonly Counters _counters;
    private readonly RateLimitedLog _log;
    private readonly byte[] _sendBuffer = new byte[HeartbeatCodec.DatagramMax];
    private readonly CancellationTokenSource _stop = new();
    private readonly Action<string> _entered;
    private readonly Thread _receiver;
    private Socket? _socket;
    private int _macs;
    private int _taken;

    public UdpLink(
        int index, string name, IPEndPoint own, IPEndPoint peer, byte[] key, IObservationSink sink, Counters counters,
        RateLimitedLog log, Action<string> entered)
    {
        (_index, _name, _own, _peer, _key, _sink, _counters, _log) = (index, name, own, peer, key, sink, counters, log);
        _entered = entered;

        // A thread of its own, not the pool: it has a priority, and no work of others stands before it.
        _receiver = new Thread(Run, maxStackSize: 256 * 1024) { IsBackground = true, Name = "ha-link" };
    }

    public void Start() => _receiver.Start();

    public void Send(Heartbeat beat)
    {
        if (_socket is not { } socket)
        {
            Refuse("not bound", "sending");
            return;
        }

        try
        {
            var length = HeartbeatCodec.Encode(beat, _index, _key, _sendBuffer);
            socket.SendTo(_sendBuffer.AsSpan(0, length), SocketFlags.None, _peer);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            Refuse("send failed", error is SocketException socketError ? socketError.SocketErrorCode.ToString() : "closed");
        }
    }

    /// <summary>Ends receiving and sending soon; <see cref="Dispose"/> waits for it.</summary>
    public void Stop()
    {
        _stop.Cancel();
        _socket?.Dispose();
    }

    public void Dispose()
    {
        Stop();
        if (_receiver.IsAlive)
        {
            _receiver.Join(2 * Glance);
        }
    }

    /// <summary>Binds as soon as the address is there (an interface may come up after the daemon) and receives.</summary>
    private void Run()
    {
        _entered($"link {_name}");
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var socket = new Socket(_own.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { Blocking = false, ReceiveBufferSize = BufferBytes };
                socket.Bind(_own);
                _socket = socket;
                Receive(socket);
            }
            catch (SocketException error)
            {
                _socket = null;
                Refuse("bind failed", $"{_own}: {error.SocketErrorCode}");
            }
            catch (ObjectDisposedException)
            {
                return;
            }

            _stop.Token.WaitHandle.WaitOne(BindRetry);
        }
    }

    private void Receive(Socket socket)
    {
        // The largest datagram there is: what is longer than a heartbeat is seen and counted, not cut.
        var buffer = new byte[65_536];
        var any = new SocketAddress(_own.AddressFamily);
        var window = Environment.TickCount64;
        while (!_stop.IsCancellationRequested)
        {
            if (!socket.Poll(Glance, SelectMode.SelectRead))
            {
                continue;
            }

            int length;
            try
            {
                length = socket.ReceiveFrom(buffer, SocketFlags.None, any);
            }
            catch (SocketException error) when (error.SocketErrorCode is SocketError.ConnectionReset or SocketError.WouldBlock)
            {
                // An ICMP "port unreachable" of the peer: its daemon is down. Or a datagram with a wrong checksum.
                continue;
            }

            var now = Environment.TickCount64;
            if (now - window > FloodWindow.TotalMilliseconds)
            {
                (window, _macs, _taken) = (now, 0, 0);
            }

            Take(buffer.AsSpan(0, length), (IPEndPoint)_own.Create(any));
        }
    }

    /// <summary>Sender, MAC, and only then the limits: a flood of forged datagrams must not push heartbeats out.</summary>
    internal void Take(ReadOnlySpan<byte> datagram, IPEndPoint sender)
    {
        if (!sender.Address.Equals(_peer.Address))
        {
            Refuse("unknown sender", sender.ToString());
            return;
        }

        if (++_macs > MacMax)
        {
            _counters.Add($"link.{_name}.flood");
            return;
        }

        var result = HeartbeatCodec.Decode(datagram, _key);
        if (result.Beat is not { } beat)
        {
            Refuse(Words(result.Failure), $"{datagram.Length} bytes from {sender}");
        }
        else if (++_taken > FloodMax)
        {
            _counters.Add($"link.{_name}.flood");
        }
        else
        {
            _sink.Post(new Observation.HeartbeatReceived(_index, beat));
        }
    }

    private void Refuse(string reason, string detail)
    {
        // The line first: whoever sees the count finds it.
        _log.Warn($"link {_name}: {reason}", detail);
        _counters.Add($"link.{_name}.{reason.Replace(' ', '_')}");
    }

    internal static string Words(DecodeFailure failure) => failure switch
    {
        DecodeFailure.TooShort => "too short",
        DecodeFailure.TooLong => "too long",
        DecodeFailure.BadMagic => "not a heartbeat",
        DecodeFailure.UnsupportedVersion => "unsupported version",
        DecodeFailure.BadMac => "wrong key",
        _ => "malformed",
    };
}
