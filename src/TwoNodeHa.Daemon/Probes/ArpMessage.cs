using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;

namespace TwoNodeHa.Daemon.Probes;

/// <summary>ARP for IPv4 over Ethernet (RFC 826), without the frame around it.</summary>
internal static class ArpMessage
{
    public const int Bytes = 28;

    /// <summary>EtherType of ARP.</summary>
    public const ushort EtherType = 0x0806;

    private const ushort Ethernet = 1;
    private const ushort Ipv4 = 0x0800;
    private const ushort Request = 1;
    private const ushort Reply = 2;

    /// <summary>Who has <paramref name="target"/>? Tell <paramref name="sender"/>.</summary>
    public static byte[] Ask(PhysicalAddress hardware, IPAddress sender, IPAddress target)
    {
        var message = new byte[Bytes];
        BinaryPrimitives.WriteUInt16BigEndian(message, Ethernet);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), Ipv4);
        message[4] = 6;
        message[5] = 4;
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), Request);
        hardware.GetAddressBytes().CopyTo(message, 8);
        sender.GetAddressBytes().CopyTo(message, 14);
        target.GetAddressBytes().CopyTo(message, 24);
        return message;
    }

    /// <summary>Who answers, and with which hardware address; false when it is no reply.</summary>
    public static bool TryReadReply(ReadOnlySpan<byte> message, out IPAddress sender, out PhysicalAddress hardware)
    {
        (sender, hardware) = (IPAddress.None, PhysicalAddress.None);
        if (message.Length < Bytes
            || BinaryPrimitives.ReadUInt16BigEndian(message) != Ethernet
            || BinaryPrimitives.ReadUInt16BigEndian(message[2..]) != Ipv4
            || message[4] != 6 || message[5] != 4
            || BinaryPrimitives.ReadUInt16BigEndian(message[6..]) != Reply)
        {
            return false;
        }

        (sender, hardware) = (new IPAddress(message.Slice(14, 4)), new PhysicalAddress(message.Slice(8, 6).ToArray()));
        return true;
    }
}
