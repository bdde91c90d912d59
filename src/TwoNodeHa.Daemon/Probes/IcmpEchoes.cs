using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Probes;

/// <summary>
/// Requests of ICMP echo that are out, and which packet answers which (RFC 792, RFC 4443). Each request carries a random number;
/// only an echo reply with it, from the address that was asked, counts, once, and as of the time at which the request was sent.
/// </summary>
internal sealed class IcmpEchoes(bool isV4)
{
    private const int MessageBytes = 16;
    private const int OutstandingMax = 4096;

    private readonly ConcurrentDictionary<ulong, Outstanding> _outstanding = new();
    private readonly ConcurrentQueue<ulong> _order = new();
    private readonly byte[] _request = new byte[MessageBytes];
    private readonly ulong _base = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
    private ulong _count;

    /// <summary>An answer that comes later than this after its request belongs to none.</summary>
    internal static TimeSpan Forget { get; } = TimeSpan.FromSeconds(30);

    /// <summary>The next request, and the number by which it can be taken back; one caller at a time, the bytes are used anew.</summary>
    public (byte[] Message, ulong Token) Ask(IPAddress address, Instant now, Action<Instant> answered)
    {
        // A stream cipher would be no better: the number is only to be unguessable from outside and never repeated.
        var token = _base + (++_count * 0x9E3779B97F4A7C15);
        _outstanding[token] = new Outstanding(address, now, answered);
        _order.Enqueue(token);
        Expire(now);
        Compose(token);
        return (_request, token);
    }

    /// <summary>It could not be sent.</summary>
    public void TakeBack(ulong token) => _outstanding.TryRemove(token, out _);

    /// <summary>Takes in a packet as the raw socket hands it over: IPv4 with its header, IPv6 without.</summary>
    public void Take(ReadOnlySpan<byte> packet, IPAddress from)
    {
        if (isV4)
        {
            var header = packet.Length > 0 ? (packet[0] & 0x0F) * 4 : 0;
            if (packet.Length < header + MessageBytes)
            {
                return;
            }

            packet = packet[header..];
        }

        var isReply = packet.Length >= MessageBytes && packet[0] == (isV4 ? 0 : 129);
        if (isReply && _outstanding.TryGetValue(BinaryPrimitives.ReadUInt64BigEndian(packet[8..]), out var probe)
            && probe.Address.Equals(from) && _outstanding.TryRemove(BinaryPrimitives.ReadUInt64BigEndian(packet[8..]), out _))
        {
            probe.Answered(probe.Sent);
        }
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
        _request[0] = isV4 ? (byte)8 : (byte)128;
        BinaryPrimitives.WriteUInt16BigEndian(_request.AsSpan(4), (ushort)_base);
        BinaryPrimitives.WriteUInt16BigEndian(_request.AsSpan(6), (ushort)_count);
        BinaryPrimitives.WriteUInt64BigEndian(_request.AsSpan(8), token);
        if (isV4)
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

    private sealed record Outstanding(IPAddress Address, Instant Sent, Action<Instant> Answered);
}
