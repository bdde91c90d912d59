using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Telemetry;

namespace TwoNodeHa.Daemon.Probes;

/// <summary>
/// ICMP echo of one address family (RFC 792, RFC 4443) on a raw socket, which root may open. Each request carries a random
/// number; only an echo of it, from the address that was asked, counts.
/// </summary>
internal sealed class IcmpSocket : IDisposable
{
    private const int MessageBytes = 16;
    private const int OutstandingMax = 4096;
    private static readonly TimeSpan Forget = TimeSpan.FromSeconds(30);

    /// <summary>How often a thread that waits for answers checks whether it must stop.</summary>
    private static readonly TimeSpan StopCheckInterval = TimeSpan.FromMilliseconds(250);

    private readonly AddressFamily _family;
    private readonly IMonotonicClock _clock;
    private readonly Counters _counters;
    private readonly RateLimitedLog _log;
    private readonly ConcurrentDictionary<ulong, Outstanding> _outstanding = new();
    private readonly ConcurrentQueue<ulong> _order = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly byte[] _request = new byte[MessageBytes];
    private readonly ulong _base = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
    private ulong _count;
    private readonly Action<string> _entered;
    private Socket? _socket;
    private Thread? _receiver;

    public IcmpSocket(
        AddressFamily family, IMonotonicClock clock, Counters counters, RateLimitedLog log, Action<string> entered) =>
        (_family, _clock, _counters, _log, _entered) = (family, clock, counters, log, entered);

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

        // A stream cipher would be no better: the number is only to be unguessable from outside and never repeated.
        var token = _base + (++_count * 0x9E3779B97F4A7C15);
        var sent = _clock.Now;
        _outstanding[token] = new Outstanding(address, sent, answered);
        _order.Enqueue(token);
        Expire(sent);
        Compose(token);
        try
        {
            socket.SendTo(_request, SocketFlags.None, new IPEndPoint(address, 0));
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // No route, interface down: the silence that follows says the same.
            _outstanding.TryRemove(token, out _);
            _counters.Add("icmp.send_failed");
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _socket?.Dispose();
        _receiver?.Join(2 * StopCheckInterval);
    }

    internal static ushort Checksum(ReadOnlySpan<byte> message)
    {
        uint sum = 0;
        for (var i = 0; i + 1 < message.Length; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(message[i..]);
        }

        while (sum >> 16 != 0)
        {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        return (ushort)~sum;
    }

    private void Compose(ulong token)
    {
        Array.Clear(_request);
        _request[0] = IsV4 ? (byte)8 : (byte)128;
        BinaryPrimitives.WriteUInt16BigEndian(_request.AsSpan(4), (ushort)_base);
        BinaryPrimitives.WriteUInt16BigEndian(_request.AsSpan(6), (ushort)_count);
        BinaryPrimitives.WriteUInt64BigEndian(_request.AsSpan(8), token);
        if (IsV4)
        {
            // The kernel computes it for ICMPv6 only.
            BinaryPrimitives.WriteUInt16BigEndian(_request.AsSpan(2), Checksum(_request));
        }
    }

    private void Expire(Instant now)
    {
        while (_order.TryPeek(out var oldest)
            && (!_outstanding.TryGetValue(oldest, out var probe) || now - probe.Sent > Forget || _order.Count > OutstandingMax))
        {
            _order.TryDequeue(out _);
            _outstanding.TryRemove(oldest, out _);
        }
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
                    Take(buffer.AsSpan(0, length), ((IPEndPoint)parser.Create(from)).Address);
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

    private void Take(ReadOnlySpan<byte> packet, IPAddress from)
    {
        // A raw IPv4 socket hands the IP header over, a raw IPv6 socket does not.
        if (IsV4)
        {
            var header = packet.Length > 0 ? (packet[0] & 0x0F) * 4 : 0;
            if (packet.Length < header + MessageBytes)
            {
                return;
            }

            packet = packet[header..];
        }

        var isReply = packet.Length >= MessageBytes && packet[0] == (IsV4 ? 0 : 129);
        if (isReply && _outstanding.TryGetValue(BinaryPrimitives.ReadUInt64BigEndian(packet[8..]), out var probe)
            && probe.Address.Equals(from) && _outstanding.TryRemove(BinaryPrimitives.ReadUInt64BigEndian(packet[8..]), out _))
        {
            probe.Answered(probe.Sent);
        }
    }

    private sealed record Outstanding(IPAddress Address, Instant Sent, Action<Instant> Answered);
}
