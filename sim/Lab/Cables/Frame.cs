using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;

namespace TwoNodeHa.Sim.Lab.Cables;

/// <summary>Ethernet frames with what a lab has on its wire: ARP (RFC 826), IPv4 (RFC 791), ICMP (RFC 792), TCP (RFC 9293).</summary>
internal static class Frame
{
    public const int HeaderBytes = 14;
    public const ushort Arp = 0x0806;
    public const ushort Ipv4 = 0x0800;
    public const byte Icmp = 1;
    public const byte Tcp = 6;
    public const byte Udp = 17;

    /// <summary>Two bytes more than a frame of 1500 bytes with a VLAN tag.</summary>
    public const int MaxBytes = 1520;

    private const int ArpBytes = 28;
    private const int IpBytes = 20;
    private const int TcpBytes = 20;

    public static PhysicalAddress Broadcast { get; } = new([255, 255, 255, 255, 255, 255]);

    public static ulong Target(ReadOnlySpan<byte> frame) => Hardware(frame);

    public static ulong Source(ReadOnlySpan<byte> frame) => Hardware(frame[6..]);

    public static ulong Number(PhysicalAddress address) => Hardware(address.GetAddressBytes());

    /// <summary>Goes to everybody.</summary>
    public static bool IsGroup(ReadOnlySpan<byte> frame) => (frame[0] & 1) != 0;

    public static ushort Kind(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt16BigEndian(frame[12..]);

    /// <summary>Protocol above IPv4; 0 for what is no IPv4.</summary>
    public static byte Protocol(ReadOnlySpan<byte> frame) =>
        Kind(frame) == Ipv4 && frame.Length >= HeaderBytes + IpBytes ? frame[HeaderBytes + 9] : (byte)0;

    /// <summary>Port that it is sent to; null where there is none, as in all but the first part of a long datagram.</summary>
    public static ushort? TargetPort(ReadOnlySpan<byte> frame)
    {
        bool hasPorts = Protocol(frame) is Tcp or Udp
            && (BinaryPrimitives.ReadUInt16BigEndian(frame[(HeaderBytes + 6)..]) & 0x1FFF) == 0
            && frame.Length >= PayloadAt(frame) + 4;
        return hasPorts ? BinaryPrimitives.ReadUInt16BigEndian(frame[(PayloadAt(frame) + 2)..]) : null;
    }

    /// <summary>Where that begins which IPv4 carries.</summary>
    public static int PayloadAt(ReadOnlySpan<byte> frame) => HeaderBytes + ((frame[HeaderBytes] & 15) * 4);

    public static IPAddress IpSource(ReadOnlySpan<byte> frame) => new(frame.Slice(HeaderBytes + 12, 4));

    public static IPAddress IpTarget(ReadOnlySpan<byte> frame) => new(frame.Slice(HeaderBytes + 16, 4));

    /// <summary>An ARP message in a frame.</summary>
    /// <param name="operation">1: who has <paramref name="targetIp"/>? 2: <paramref name="senderIp"/> is here.</param>
    /// <param name="sender">Hardware address of the sender, in the frame and in the message.</param>
    /// <param name="senderIp">Address of the sender.</param>
    /// <param name="target">Hardware address that it is sent to.</param>
    /// <param name="targetIp">Address that is asked for, or that asked.</param>
    public static byte[] ArpMessage(
        ushort operation, PhysicalAddress sender, IPAddress senderIp, PhysicalAddress target, IPAddress targetIp)
    {
        var frame = new byte[HeaderBytes + ArpBytes];
        target.GetAddressBytes().CopyTo(frame, 0);
        sender.GetAddressBytes().CopyTo(frame, 6);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), Arp);
        ReadOnlySpan<byte> head = [0, 1, 8, 0, 6, 4, 0, (byte)operation];
        head.CopyTo(frame.AsSpan(HeaderBytes));
        sender.GetAddressBytes().CopyTo(frame, 22);
        senderIp.GetAddressBytes().CopyTo(frame, 28);
        target.GetAddressBytes().CopyTo(frame, 32);
        targetIp.GetAddressBytes().CopyTo(frame, 38);
        return frame;
    }

    /// <summary>Whether it asks for an address by ARP; <paramref name="asked"/> is that.</summary>
    public static bool IsArpQuestion(ReadOnlySpan<byte> frame, out IPAddress asked)
    {
        bool is1 = Kind(frame) == Arp && frame.Length >= HeaderBytes + ArpBytes
            && BinaryPrimitives.ReadUInt16BigEndian(frame[20..]) == 1;
        asked = is1 ? new IPAddress(frame.Slice(38, 4)) : IPAddress.None;
        return is1;
    }

    /// <summary>The echo to an ICMP echo request, as its target answers it.</summary>
    public static byte[] EchoTo(ReadOnlySpan<byte> request)
    {
        byte[] answer = Returned(request);
        int at = PayloadAt(answer);
        answer[at] = 0;
        Refresh(answer.AsSpan(at), 2, 0);
        return answer;
    }

    /// <summary>What a closed port answers to a SYN (RFC 9293, section 3.10.7.1).</summary>
    public static byte[] ResetTo(ReadOnlySpan<byte> syn)
    {
        int at = PayloadAt(syn);
        byte[] answer = Returned(syn[..(at + TcpBytes)]);
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(HeaderBytes + 2), (ushort)(at - HeaderBytes + TcpBytes));
        Refresh(answer.AsSpan(HeaderBytes, at - HeaderBytes), 10, 0);
        Span<byte> tcp = answer.AsSpan(at);
        syn.Slice(at, 2).CopyTo(tcp[2..]);
        syn.Slice(at + 2, 2).CopyTo(tcp);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], 0);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[8..], BinaryPrimitives.ReadUInt32BigEndian(syn[(at + 4)..]) + 1);
        const ushort FiveWordsResetAck = (5 << 12) | 0x14;
        BinaryPrimitives.WriteUInt16BigEndian(tcp[12..], FiveWordsResetAck);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[14..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[18..], 0);
        uint pseudo = Sum(answer.AsSpan(HeaderBytes + 12, 8)) + Tcp + TcpBytes;
        Refresh(tcp, 16, pseudo);
        return answer;
    }

    /// <summary>A SYN without ACK.</summary>
    public static bool IsSyn(ReadOnlySpan<byte> frame) =>
        Protocol(frame) == Tcp && frame.Length >= PayloadAt(frame) + TcpBytes && (frame[PayloadAt(frame) + 13] & 0x12) == 0x02;

    /// <summary>Writes the checksum (RFC 1071) of a part into its place in it.</summary>
    public static void Refresh(Span<byte> part, int place, uint pseudo)
    {
        part.Slice(place, 2).Clear();
        uint sum = Sum(part) + pseudo;
        while (sum >> 16 != 0)
        {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        BinaryPrimitives.WriteUInt16BigEndian(part[place..], (ushort)~sum);
    }

    private static uint Sum(ReadOnlySpan<byte> part)
    {
        uint sum = 0;
        for (int index = 0; index + 1 < part.Length; index += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(part[index..]);
        }

        return (part.Length & 1) == 1 ? sum + ((uint)part[^1] << 8) : sum;
    }

    private static ulong Hardware(ReadOnlySpan<byte> bytes) =>
        ((ulong)BinaryPrimitives.ReadUInt16BigEndian(bytes) << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]);

    /// <summary>The same, from its target to its source.</summary>
    private static byte[] Returned(ReadOnlySpan<byte> frame)
    {
        byte[] answer = frame.ToArray();
        frame[6..12].CopyTo(answer);
        frame[..6].CopyTo(answer.AsSpan(6));
        frame.Slice(HeaderBytes + 12, 4).CopyTo(answer.AsSpan(HeaderBytes + 16));
        frame.Slice(HeaderBytes + 16, 4).CopyTo(answer.AsSpan(HeaderBytes + 12));
        return answer;
    }
}
