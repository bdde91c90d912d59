using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Tests.Support;

namespace TwoNodeHa.Core.Tests.Protocol;

public sealed class HeartbeatCodecTests
{
    private const int MacBytes = 32;

    /// <summary>What versions 2 and 3 appended behind the list of missing VMs, with a mirror and no stopped VM.</summary>
    private const int AppendedBytes = 1 + (7 * 8) + 1;

    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(value => (byte)value)];

    private static readonly Arbitrary<Heartbeat> AnyBeat = RecordArb.Of(
        Beat(0),
        (nameof(Heartbeat.RunningCount), RecordArb.Boxed(Gen.Choose(-1, 200))),
        (nameof(Heartbeat.Flags), RecordArb.Boxed(Gen.Choose(0, int.MaxValue).Select(bits => (HeartbeatFlags)(uint)bits))),
        (nameof(Heartbeat.AckSentAt), RecordArb.Boxed(Gen.Constant<Instant?>(new Instant(77)))),
        (nameof(Heartbeat.Mirror), RecordArb.Boxed<Mirror?>(RecordArb.Of(new Mirror()).Generator.Select(mirror => (Mirror?)mirror))),
        (nameof(Heartbeat.Running), RecordArb.Boxed(Ids(Heartbeat.RunningMax / 2))),
        (nameof(Heartbeat.Stopped), RecordArb.Boxed(Ids(Heartbeat.StoppedMax))),
        (nameof(Heartbeat.Missing), RecordArb.Boxed(Ids(Heartbeat.RunningMax / 2))));

    [Property(MaxTest = 500)]
    public Property Any_heartbeat_comes_back_as_it_was_sent() => Prop.ForAll(AnyBeat, Gen.Choose(0, 7).ToArbitrary(), (beat, link) =>
    {
        var result = HeartbeatCodec.Decode(Encode(beat, link), Key);
        Assert.Equal(DecodeFailure.None, result.Failure);
        Assert.Equal(link, result.Link);
        AssertSame(beat, result.Beat!);
    });

    [Fact]
    public void A_heartbeat_that_acknowledges_nothing_comes_back_so()
    {
        var beat = Beat(3) with { AckIncarnation = Incarnation.None, AckSentAt = null };
        AssertSame(beat, HeartbeatCodec.Decode(Encode(beat, 2), Key).Beat!);
    }

    [Property(MaxTest = 300)]
    public Property Any_change_of_any_heartbeat_is_refused() => Prop.ForAll(
        AnyBeat, Gen.Choose(0, 100_000).ToArbitrary(), Gen.Choose(1, 255).ToArbitrary(), (beat, at, flip) =>
        {
            var datagram = Encode(beat, 1);
            datagram[at % datagram.Length] ^= (byte)flip;
            Assert.Null(HeartbeatCodec.Decode(datagram, Key).Beat);
        });

    [Fact]
    public void A_full_list_fits_a_datagram_and_a_longer_one_is_cut_and_says_so()
    {
        var full = Beat(Heartbeat.RunningMax);
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
        var datagram = Encode(Beat(3), 1);
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
        var datagram = Encode(Beat(5), 1);
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
        var datagram = Encode(Beat(5), 1);
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
        var result = HeartbeatCodec.Decode(Encode(Beat(0), 0), other);
        Assert.Equal(DecodeFailure.BadMac, result.Failure);
    }

    [Fact]
    public void A_version_that_this_one_cannot_read_is_named_so()
    {
        var datagram = Encode(Beat(2), 0);
        datagram[4] = HeartbeatCodec.Version + 1;
        datagram[5] = HeartbeatCodec.Version + 1;
        Sign(datagram);
        Assert.Equal(DecodeFailure.UnsupportedVersion, HeartbeatCodec.Decode(datagram, Key).Failure);
    }

    [Fact]
    public void Fields_that_a_next_version_appended_are_skipped()
    {
        var beat = Beat(4);
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
        var datagram = Encode(Beat(4), 0);
        datagram[7]++;
        Sign(datagram);
        Assert.Equal(DecodeFailure.Malformed, HeartbeatCodec.Decode(datagram, Key).Failure);
    }

    [Theory]
    [InlineData(13)]
    [InlineData(255)]
    public void A_state_that_does_not_exist_is_malformed(byte status)
    {
        var datagram = Encode(Beat(0), 0);
        datagram[9] = status;
        Sign(datagram);
        Assert.Equal(DecodeFailure.Malformed, HeartbeatCodec.Decode(datagram, Key).Failure);
    }

    [Fact]
    public void More_running_VMs_than_a_datagram_lists_are_malformed()
    {
        var datagram = Encode(Beat(0), 0);
        datagram[^(MacBytes + AppendedBytes + 1)] = Heartbeat.RunningMax + 1;
        var padded = Signed(datagram, datagram.Length - 8 - MacBytes, new byte[(Heartbeat.RunningMax + 1) * 8]);
        Assert.Equal(DecodeFailure.Malformed, HeartbeatCodec.Decode(padded, Key).Failure);
    }

    [Theory]
    [InlineData(HeartbeatCodec.DatagramMax + 1)]
    [InlineData(64 * 1024)]
    public void What_is_longer_than_a_heartbeat_is_too_long(int length) =>
        Assert.Equal(DecodeFailure.TooLong, HeartbeatCodec.Decode(new byte[length], Key).Failure);

    [Property(MaxTest = 1000)]
    public Property Garbage_is_refused_and_never_throws() => Prop.ForAll(
        Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf().Resize(HeartbeatCodec.DatagramMax).ToArbitrary(), garbage =>
        {
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
        });

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

    private static Gen<ImmutableArray<ulong>> Ids(int max) =>
        Gen.Choose(0, max).SelectMany(count => RecordArb.Bits().ListOf(count)).Select(list => list.ToImmutableArray());

    /// <summary>A plain heartbeat with so many VMs; what is random shrinks to it.</summary>
    private static Heartbeat Beat(int running) => new()
    {
        Sender = new Guid("22222222-2222-4222-8222-222222222222"),
        Incarnation = new Incarnation(3, 4),
        Sequence = 5,
        SentAt = new Instant(6),
        AckIncarnation = new Incarnation(7, 8),
        AckSentAt = new Instant(9),
        Status = HaStatus.Paired,
        Flags = HeartbeatFlags.Armed,
        Epoch = 10,
        Master = new Guid("11111111-1111-4111-8111-111111111111"),
        ConfigFingerprint = 11,
        RunningCount = running,
        Mirror = new Mirror(),
        Running = [.. Enumerable.Range(1, running).Select(id => (ulong)id << 40)],
    };

    /// <summary>Records compare the list of VMs by reference; here its content counts.</summary>
    private static void AssertSame(Heartbeat expected, Heartbeat actual)
    {
        Assert.Equal(expected.Running.AsEnumerable(), actual.Running.AsEnumerable());
        Assert.Equal(expected.Missing.AsEnumerable(), actual.Missing.AsEnumerable());
        Assert.Equal(expected.Stopped.AsEnumerable(), actual.Stopped.AsEnumerable());
        Assert.Equal(expected with { Running = [], Missing = [], Stopped = [] }, actual with { Running = [], Missing = [], Stopped = [] });
    }
}
