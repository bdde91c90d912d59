using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Protocol;

/// <summary>Why a datagram was refused.</summary>
public enum DecodeFailure
{
    /// <summary>Not refused.</summary>
    None = 0,

    /// <summary>Shorter than any heartbeat.</summary>
    TooShort,

    /// <summary>Longer than any heartbeat of any version (1,200 bytes).</summary>
    TooLong,

    /// <summary>Not ours.</summary>
    BadMagic,

    /// <summary>The sender's version cannot be read by this one.</summary>
    UnsupportedVersion,

    /// <summary>Wrong key, or changed on the way.</summary>
    BadMac,

    /// <summary>Authentic, but its fields make no sense.</summary>
    Malformed,
}

/// <summary>Result of decoding.</summary>
/// <param name="Failure">Why it was refused; None when it was not.</param>
/// <param name="Link">Link index that the sender wrote.</param>
/// <param name="Beat">The heartbeat; null when refused.</param>
public readonly record struct DecodeResult(DecodeFailure Failure, int Link, Heartbeat? Beat);

/// <summary>
/// The datagram: magic, version, oldest version that can read it, length of the body, body, HMAC-SHA-256 over all before
/// it. Big-endian. Later versions append fields to the body; what lies behind the known fields is skipped, so that a pair
/// can be upgraded one host at a time.
/// </summary>
public static partial class HeartbeatCodec
{
    /// <summary>Longest datagram, bytes: fits every link's MTU with room for tunnels.</summary>
    public const int DatagramMax = 1200;

    /// <summary>Version written by this code. Version 2 appended the mirror and the end of a timed disablement, version 3 the VMs that were stopped.</summary>
    public const byte Version = 3;

    /// <summary>Oldest version that can read what this code writes: it skips what was appended since.</summary>
    public const byte ReadableFrom = 1;

    private const uint Magic = 0x544E4841;
    private const int HeaderBytes = 8;
    private const int MacBytes = 32;
    private const int MirrorBound = 1;
    private const int MirrorEnabled = 2;
    private const int MirrorPresent = 4;

    /// <summary>Encodes a heartbeat.</summary>
    /// <param name="beat">At most <see cref="Heartbeat.RunningMax"/> running VMs.</param>
    /// <param name="link">Index of the link it is sent on.</param>
    /// <param name="key">Shared key.</param>
    /// <param name="buffer">At least <see cref="DatagramMax"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public static int Encode(Heartbeat beat, int link, ReadOnlySpan<byte> key, Span<byte> buffer)
    {
        var writer = new Writer(buffer[HeaderBytes..]);
        WriteBody(ref writer, beat, link);
        BinaryPrimitives.WriteUInt32BigEndian(buffer, Magic);
        buffer[4] = Version;
        buffer[5] = ReadableFrom;
        BinaryPrimitives.WriteUInt16BigEndian(buffer[6..], (ushort)writer.Length);
        var end = HeaderBytes + writer.Length;
        HMACSHA256.HashData(key, buffer[..end], buffer.Slice(end, MacBytes));
        return end + MacBytes;
    }

    /// <summary>Decodes a datagram; never throws, whatever it holds.</summary>
    public static DecodeResult Decode(ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> key)
    {
        if (datagram.Length < HeaderBytes + MacBytes)
        {
            return Refuse(DecodeFailure.TooShort);
        }

        if (datagram.Length > DatagramMax)
        {
            return Refuse(DecodeFailure.TooLong);
        }

        if (BinaryPrimitives.ReadUInt32BigEndian(datagram) != Magic)
        {
            return Refuse(DecodeFailure.BadMagic);
        }

        // Before anything else is looked at: what is not authentic has no version and no length.
        var end = datagram.Length - MacBytes;
        Span<byte> mac = stackalloc byte[MacBytes];
        HMACSHA256.HashData(key, datagram[..end], mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, datagram[end..]))
        {
            return Refuse(DecodeFailure.BadMac);
        }

        if (datagram[5] > Version)
        {
            return Refuse(DecodeFailure.UnsupportedVersion);
        }

        if (BinaryPrimitives.ReadUInt16BigEndian(datagram[6..]) != end - HeaderBytes)
        {
            return Refuse(DecodeFailure.Malformed);
        }

        var reader = new Reader(datagram[HeaderBytes..end]);
        var (link, beat) = ReadBody(ref reader, written: datagram[4]);
        return reader.Failed || !Enum.IsDefined(beat.Status) ? Refuse(DecodeFailure.Malformed)
            : new DecodeResult(DecodeFailure.None, link, beat);
    }

    private static DecodeResult Refuse(DecodeFailure failure) => new(failure, -1, null);

    private static void WriteBody(ref Writer writer, Heartbeat beat, int link)
    {
        var running = beat.Running.Length <= Heartbeat.RunningMax ? beat.Running.AsSpan() : beat.Running.AsSpan()[..Heartbeat.RunningMax];
        var flags = running.Length < beat.Running.Length ? beat.Flags | HeartbeatFlags.RunningTruncated : beat.Flags;
        writer.Byte((byte)link);
        writer.Byte((byte)beat.Status);
        writer.Guid(beat.Sender);
        writer.Guid(beat.Master);
        writer.Long(beat.Incarnation.Counter);
        writer.Long((long)beat.Incarnation.Nonce);
        writer.Long(beat.Sequence);
        writer.Long(beat.SentAt.Ticks);
        writer.Long(beat.AckIncarnation.Counter);
        writer.Long((long)beat.AckIncarnation.Nonce);
        writer.Long(beat.AckSentAt?.Ticks ?? long.MinValue);
        writer.Long((uint)flags);
        writer.Long(beat.Epoch);
        writer.Long(beat.Attestation);
        writer.Long(beat.Declined);
        writer.Long(beat.Promise);
        writer.Long(beat.Readmitted);
        writer.Long(beat.Disarm);
        writer.Long(beat.DisarmAck);
        writer.Long(beat.SwitchGeneration);
        writer.Long(beat.TakeoverInMs);
        writer.Long((long)beat.ConfigFingerprint);
        writer.Long(beat.RunningCount);
        writer.Byte((byte)running.Length);
        foreach (var vm in running)
        {
            writer.Long((long)vm);
        }

        var missing = beat.Missing.AsSpan()[..Math.Min(beat.Missing.Length, Heartbeat.RunningMax - running.Length)];
        writer.Byte((byte)missing.Length);
        foreach (var vm in missing)
        {
            writer.Long((long)vm);
        }

        WriteMirror(ref writer, beat.Mirror);
        writer.Long(beat.ReenableAtUnixMs);
        writer.Long(beat.ReenableInMs);
        var stopped = beat.Stopped.AsSpan()[..Math.Min(beat.Stopped.Length, Heartbeat.StoppedMax)];
        writer.Byte((byte)stopped.Length);
        foreach (var vm in stopped)
        {
            writer.Long((long)vm);
        }
    }

    private static void WriteMirror(ref Writer writer, Mirror? mirror)
    {
        if (mirror is null)
        {
            writer.Byte(0);
            return;
        }

        writer.Byte((byte)(MirrorPresent | (mirror.Bound ? MirrorBound : 0) | (mirror.Enabled ? MirrorEnabled : 0)));
        writer.Long(mirror.Promise);
        writer.Long(mirror.Pause);
        writer.Long(mirror.Attestation);
        writer.Long(mirror.SwitchGeneration);
        writer.Long(mirror.LowestIncarnation);
    }

    private static Mirror? ReadMirror(ref Reader reader)
    {
        int flags = reader.Byte();
        return (flags & MirrorPresent) == 0 ? null : new Mirror
        {
            Bound = (flags & MirrorBound) != 0,
            Enabled = (flags & MirrorEnabled) != 0,
            Promise = reader.Long(),
            Pause = reader.Long(),
            Attestation = reader.Long(),
            SwitchGeneration = reader.Long(),
            LowestIncarnation = reader.Long(),
        };
    }

    private static (int Link, Heartbeat Beat) ReadBody(ref Reader reader, int written)
    {
        int link = reader.Byte();
        var status = (HaStatus)reader.Byte();
        var beat = new Heartbeat
        {
            Status = status,
            Sender = reader.Guid(),
            Master = reader.Guid(),
            Incarnation = new Incarnation(reader.Long(), (ulong)reader.Long()),
            Sequence = reader.Long(),
            SentAt = new Instant(reader.Long()),
            AckIncarnation = new Incarnation(reader.Long(), (ulong)reader.Long()),
            AckSentAt = reader.Long() is var ticks && ticks != long.MinValue ? new Instant(ticks) : null,
            Flags = (HeartbeatFlags)(uint)reader.Long(),
            Epoch = reader.Long(),
            Attestation = reader.Long(),
            Declined = reader.Long(),
            Promise = reader.Long(),
            Readmitted = reader.Long(),
            Disarm = reader.Long(),
            DisarmAck = reader.Long(),
            SwitchGeneration = reader.Long(),
            TakeoverInMs = (int)reader.Long(),
            ConfigFingerprint = (ulong)reader.Long(),
            RunningCount = (int)reader.Long(),
            Running = reader.Ids(),
            Missing = reader.Ids(),
        };
        if (written >= 2)
        {
            beat = ReadAppended(ref reader, beat);
        }

        return (link, written < 3 ? beat : beat with { Stopped = reader.Ids() });
    }

    private static Heartbeat ReadAppended(ref Reader reader, Heartbeat beat) => beat with
    {
        Mirror = ReadMirror(ref reader),
        ReenableAtUnixMs = reader.Long(),
        ReenableInMs = reader.Long(),
    };
}
