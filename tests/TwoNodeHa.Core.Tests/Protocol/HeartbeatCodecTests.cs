using System.Buffers.Binary;
using System.Security.Cryptography;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Tests.Protocol;

public sealed class HeartbeatCodecTests
{
    private const int MacBytes = 32;

    /// <summary>What version 2 appended behind the list of missing VMs.</summary>
    private const int AppendedBytes = 1 + (7 * 8);
    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(value => (byte)value)];

    [Fact]
    public void Random_heartbeats_come_back_as_they_were_sent()
    {
        var random = new Random(20240611);
        for (var round = 0; round < 300; round++)
        {
            var beat = RandomBeat(random, random.Next(0, Heartbeat.RunningMax + 1), withAck: round % 3 != 0);
            var result = HeartbeatCodec.Decode(Encode(beat, round % 8), Key);
            Assert.Equal(DecodeFailure.None, result.Failure);
            Assert.Equal(round % 8, result.Link);
            AssertSame(beat, result.Beat!);
        }
    }

    [Fact]
    public void A_full_list_fits_a_datagram_and_a_longer_one_is_cut_and_says_so()
    {
        var full = RandomBeat(new Random(7), Heartbeat.RunningMax, withAck: true);
        var datagram = Encode(full, 0);
        Assert.True(datagram.Length <= HeartbeatCodec.DatagramMax, $"{datagram.Length} bytes");
        AssertSame(full, HeartbeatCodec.Decode(datagram, Key).Beat!);

        var over = full with { Flags = HeartbeatFlags.Armed, Running = full.Running.Add(ulong.MaxValue) };
        var cut = HeartbeatCodec.Decode(Encode(over, 0), Key).Beat!;
        Assert.Equal(full.Running.AsEnumerable(), cut.Running.AsEnumerable());
        Assert.Equal(HeartbeatFlags.Armed | HeartbeatFlags.RunningTruncated, cut.Flags);
    }

    [Fact]
    public void Every_single_changed_byte_is_refused()
    {
        var datagram = Encode(RandomBeat(new Random(8), 3, withAck: true), 1);
        for (var at = 0; at < datagram.Length; at++)
        {
            foreach (var flip in (byte[])[0x01, 0x80, 0xFF])
            {
                var changed = (byte[])datagram.Clone();
                changed[at] ^= flip;
                var result = HeartbeatCodec.Decode(changed, Key);
                Assert.True(result.Beat is null, $"byte {at} changed by {flip:X2} was accepted");
                Assert.Equal(at < 4 ? DecodeFailure.BadMagic : DecodeFailure.BadMac, result.Failure);
            }
        }
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        var datagram = Encode(RandomBeat(new Random(9), 5, withAck: true), 1);
        for (var length = 0; length < datagram.Length; length++)
        {
            var result = HeartbeatCodec.Decode(datagram.AsSpan(0, length), Key);
            Assert.Equal(length < 40 ? DecodeFailure.TooShort : DecodeFailure.BadMac, result.Failure);
            Assert.Null(result.Beat);
        }
    }

    [Fact]
    public void Every_truncated_body_that_is_signed_is_malformed()
    {
        var datagram = Encode(RandomBeat(new Random(10), 5, withAck: true), 1);
        for (var body = 0; body < datagram.Length - 8 - MacBytes; body++)
        {
            var shorter = Signed(datagram, body, []);
            Assert.Equal(DecodeFailure.Malformed, HeartbeatCodec.Decode(shorter, Key).Failure);
        }
    }

    [Fact]
    public void Another_key_is_refused()
    {
        var other = (byte[])Key.Clone();
        other[31] ^= 1;
        var result = HeartbeatCodec.Decode(Encode(RandomBeat(new Random(11), 0, withAck: false), 0), other);
        Assert.Equal(DecodeFailure.BadMac, result.Failure);
    }

    [Fact]
    public void A_version_that_this_one_cannot_read_is_named_so()
    {
        var datagram = Encode(RandomBeat(new Random(12), 2, withAck: true), 0);
        datagram[4] = HeartbeatCodec.Version + 1;
        datagram[5] = HeartbeatCodec.Version + 1;
        Sign(datagram);
        Assert.Equal(DecodeFailure.UnsupportedVersion, HeartbeatCodec.Decode(datagram, Key).Failure);
    }

    [Fact]
    public void Fields_that_a_next_version_appended_are_skipped()
    {
        var beat = RandomBeat(new Random(13), 4, withAck: true);
        var datagram = Encode(beat, 5);
        var next = Signed(datagram, datagram.Length - 8 - MacBytes, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        next[4] = HeartbeatCodec.Version + 1;
        Sign(next);
        var result = HeartbeatCodec.Decode(next, Key);
        Assert.Equal(DecodeFailure.None, result.Failure);
        Assert.Equal(5, result.Link);
        AssertSame(beat, result.Beat!);
    }

    [Fact]
    public void A_length_that_is_not_the_body_s_is_malformed()
    {
        var datagram = Encode(RandomBeat(new Random(14), 4, withAck: true), 0);
        datagram[7]++;
        Sign(datagram);
        Assert.Equal(DecodeFailure.Malformed, HeartbeatCodec.Decode(datagram, Key).Failure);
    }

    [Theory]
    [InlineData(13)]
    [InlineData(255)]
    public void A_state_that_does_not_exist_is_malformed(byte status)
    {
        var datagram = Encode(RandomBeat(new Random(15), 0, withAck: true), 0);
        datagram[9] = status;
        Sign(datagram);
        Assert.Equal(DecodeFailure.Malformed, HeartbeatCodec.Decode(datagram, Key).Failure);
    }

    [Fact]
    public void More_running_VMs_than_a_datagram_lists_are_malformed()
    {
        var datagram = Encode(RandomBeat(new Random(16), 0, withAck: true), 0);
        datagram[^(MacBytes + AppendedBytes + 1)] = Heartbeat.RunningMax + 1;
        var padded = Signed(datagram, datagram.Length - 8 - MacBytes, new byte[(Heartbeat.RunningMax + 1) * 8]);
        Assert.Equal(DecodeFailure.Malformed, HeartbeatCodec.Decode(padded, Key).Failure);
    }

    [Theory]
    [InlineData(HeartbeatCodec.DatagramMax + 1)]
    [InlineData(64 * 1024)]
    public void What_is_longer_than_a_heartbeat_is_too_long(int length) =>
        Assert.Equal(DecodeFailure.TooLong, HeartbeatCodec.Decode(new byte[length], Key).Failure);

    [Fact]
    public void Garbage_is_refused_and_never_throws()
    {
        var random = new Random(17);
        for (var round = 0; round < 3000; round++)
        {
            var garbage = new byte[random.Next(0, HeartbeatCodec.DatagramMax + 100)];
            random.NextBytes(garbage);
            Assert.Null(HeartbeatCodec.Decode(garbage, Key).Beat);

            // The same behind a valid header and with a valid signature: only the fields are left to object.
            if (garbage.Length is > 40 and <= HeartbeatCodec.DatagramMax)
            {
                BinaryPrimitives.WriteUInt32BigEndian(garbage, 0x544E4841);
                garbage[5] = HeartbeatCodec.ReadableFrom;
                BinaryPrimitives.WriteUInt16BigEndian(garbage.AsSpan(6), (ushort)(garbage.Length - 40));
                Sign(garbage);
                var result = HeartbeatCodec.Decode(garbage, Key);
                Assert.True(result.Failure is DecodeFailure.None or DecodeFailure.Malformed, result.Failure.ToString());
            }
        }
    }

    private static byte[] Encode(Heartbeat beat, int link)
    {
        var buffer = new byte[HeartbeatCodec.DatagramMax];
        return buffer[..HeartbeatCodec.Encode(beat, link, Key, buffer)];
    }

    /// <summary>The datagram with the first bytes of its body and others behind them, its length and MAC made right.</summary>
    private static byte[] Signed(byte[] datagram, int body, byte[] tail)
    {
        byte[] result = [.. datagram[..(8 + body)], .. tail, .. new byte[MacBytes]];
        BinaryPrimitives.WriteUInt16BigEndian(result.AsSpan(6), (ushort)(body + tail.Length));
        Sign(result);
        return result;
    }

    private static void Sign(byte[] datagram) =>
        HMACSHA256.HashData(Key, datagram.AsSpan(0, datagram.Length - MacBytes), datagram.AsSpan(datagram.Length - MacBytes));

    private static Heartbeat RandomBeat(Random random, int running, bool withAck) => new()
    {
        Sender = RandomGuid(random),
        Incarnation = new Incarnation(random.NextInt64(), (ulong)random.NextInt64(long.MinValue, long.MaxValue)),
        Sequence = random.NextInt64(),
        SentAt = new Instant(random.NextInt64()),
        AckIncarnation = withAck ? new Incarnation(random.NextInt64(), (ulong)random.NextInt64()) : Incarnation.None,
        AckSentAt = withAck ? new Instant(random.NextInt64()) : null,
        Status = (HaStatus)random.Next(0, 13),
        Flags = (HeartbeatFlags)(uint)random.Next(),
        Epoch = random.NextInt64(),
        Master = RandomGuid(random),
        Attestation = random.NextInt64(),
        Declined = random.NextInt64(),
        Promise = random.NextInt64(),
        Readmitted = random.NextInt64(),
        Disarm = random.NextInt64(),
        DisarmAck = random.NextInt64(),
        SwitchGeneration = random.NextInt64(),
        TakeoverInMs = random.Next(),
        ConfigFingerprint = (ulong)random.NextInt64(long.MinValue, long.MaxValue),
        RunningCount = random.Next(-1, 200),
        Mirror = new Mirror { Promise = random.NextInt64(), Pause = random.NextInt64(), Bound = random.Next(2) == 0, LowestIncarnation = random.NextInt64() },
        ReenableAtUnixMs = random.NextInt64(),
        ReenableInMs = random.NextInt64(),
        Running = [.. Enumerable.Range(0, running).Select(_ => (ulong)random.NextInt64(long.MinValue, long.MaxValue))],
        Missing = [.. Enumerable.Range(0, Math.Min(running / 2, Heartbeat.RunningMax - Math.Min(running, Heartbeat.RunningMax))).Select(_ => (ulong)random.NextInt64(long.MinValue, long.MaxValue))],
    };

    private static Guid RandomGuid(Random random)
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes);
    }

    /// <summary>Records compare the list of VMs by reference; here its content counts.</summary>
    private static void AssertSame(Heartbeat expected, Heartbeat actual)
    {
        Assert.Equal(expected.Running.AsEnumerable(), actual.Running.AsEnumerable());
        Assert.Equal(expected.Missing.AsEnumerable(), actual.Missing.AsEnumerable());
        Assert.Equal(expected with { Running = [], Missing = [] }, actual with { Running = [], Missing = [] });
    }
}
