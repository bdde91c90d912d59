using System.Buffers.Binary;
using System.Numerics;

namespace TwoNodeHa.Core.Protocol;

/// <summary>What a slot holds.</summary>
public enum DiskSlotContent
{
    /// <summary>Nothing was ever written: all zeros.</summary>
    Empty = 0,

    /// <summary>A datagram, whole.</summary>
    Datagram = 1,

    /// <summary>Ours, but length or checksum is wrong: read while it was written, or damaged.</summary>
    Torn = 2,

    /// <summary>Ours, of a version that this code does not read.</summary>
    UnsupportedVersion = 3,

    /// <summary>Something else: the path is not what the admin took it for, and is not to be written to.</summary>
    Foreign = 4,
}

/// <summary>
/// The slot of one host on a disk link, byte by byte in protocol.md, "The slot of a disk link": magic, version, slot, length
/// of the datagram, sequence, checksum, datagram, zeros. Big-endian. The checksum is the CRC-32C of everything before it and
/// of the datagram, not of the zeros: it tells a torn slot. Who wrote the slot is proven by the datagram's own HMAC.
/// </summary>
public static class DiskSlot
{
    /// <summary>Size of one slot, bytes: one sector of every disk, and an aligned transfer for O_DIRECT.</summary>
    public const int Bytes = 4096;

    /// <summary>Smallest size of the file or device, bytes: a slot for each host.</summary>
    public const int DiskBytes = 2 * Bytes;

    /// <summary>Version written by this code.</summary>
    public const byte Version = 1;

    private const ulong Magic = 0x544E_4841_4449_534B;
    private const int VersionAt = 8;
    private const int SlotAt = 9;
    private const int LengthAt = 10;
    private const int SequenceAt = 12;
    private const int ChecksumAt = 20;
    private const int HeaderBytes = 24;

    /// <summary>Offset of a host's slot, bytes.</summary>
    /// <param name="host">0 or 1: index in <see cref="Config.HaConfig.Hosts"/>.</param>
    public static long OffsetOf(int host) => (long)host * Bytes;

    /// <summary>Fills a slot.</summary>
    /// <param name="host">Whose slot, 0 or 1.</param>
    /// <param name="sequence">Number of this write since the start of the writer.</param>
    /// <param name="datagram">At most <see cref="HeartbeatCodec.DatagramMax"/> bytes.</param>
    /// <param name="slot">Exactly <see cref="Bytes"/> bytes.</param>
    public static void Write(int host, ulong sequence, ReadOnlySpan<byte> datagram, Span<byte> slot)
    {
        if (datagram.Length > HeartbeatCodec.DatagramMax)
        {
            throw new ArgumentException($"{datagram.Length} bytes are no datagram", nameof(datagram));
        }

        slot = slot[..Bytes];
        slot.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(slot, Magic);
        slot[VersionAt] = Version;
        slot[SlotAt] = (byte)host;
        BinaryPrimitives.WriteUInt16BigEndian(slot[LengthAt..], (ushort)datagram.Length);
        BinaryPrimitives.WriteUInt64BigEndian(slot[SequenceAt..], sequence);
        datagram.CopyTo(slot[HeaderBytes..]);
        BinaryPrimitives.WriteUInt32BigEndian(slot[ChecksumAt..], Checksum(slot, datagram.Length));
    }

    /// <summary>Reads a slot; never throws, whatever it holds.</summary>
    /// <param name="host">Whose slot it should be, 0 or 1.</param>
    /// <param name="slot">Exactly <see cref="Bytes"/> bytes.</param>
    /// <param name="sequence">Number of the write; 0 unless a datagram is there.</param>
    /// <param name="datagram">The datagram; empty unless one is there.</param>
    public static DiskSlotContent Read(int host, ReadOnlySpan<byte> slot, out ulong sequence, out ReadOnlySpan<byte> datagram)
    {
        sequence = 0;
        datagram = default;
        if (slot.Length != Bytes || BinaryPrimitives.ReadUInt64BigEndian(slot) != Magic)
        {
            return slot.IndexOfAnyExcept((byte)0) < 0 ? DiskSlotContent.Empty : DiskSlotContent.Foreign;
        }

        if (slot[VersionAt] != Version)
        {
            return DiskSlotContent.UnsupportedVersion;
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(slot[LengthAt..]);
        if (slot[SlotAt] != host || length > HeartbeatCodec.DatagramMax
            || Checksum(slot, length) != BinaryPrimitives.ReadUInt32BigEndian(slot[ChecksumAt..]))
        {
            return DiskSlotContent.Torn;
        }

        sequence = BinaryPrimitives.ReadUInt64BigEndian(slot[SequenceAt..]);
        datagram = slot.Slice(HeaderBytes, length);
        return DiskSlotContent.Datagram;
    }

    private static uint Checksum(ReadOnlySpan<byte> slot, int length)
    {
        var crc = uint.MaxValue;
        foreach (var value in slot[..ChecksumAt])
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        foreach (var value in slot.Slice(HeaderBytes, length))
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
