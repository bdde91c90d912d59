using System.Buffers.Binary;
using System.Security.Cryptography;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Tests.Protocol;

/// <summary>A pair is upgraded one host at a time: each version reads what the other writes.</summary>
public sealed class OldWireTests
{
    /// <summary>A datagram that a daemon of wire version 1 wrote. Never changes.</summary>
    private const string VersionOne =
        "544E4841010100D401031111111111114111811111111111111122222222222242228222222222222222000000000000"
        + "0029FEDCBA987654321000000000000004D2000000003ADE68B100000000000000110123456789ABCDEF000000000000"
        + "022B00000000000010830000000000000007000000000000000300000000000000020000000000000005000000000000"
        + "000400000000000000090000000000000008000000000000000600000000000011D7A1B2C3D4E5F60718000000000000"
        + "000202000000000000000AFFFFFFFFFFFFFFFE01000000000000000B7A60FC7C55A9A3CCBDD5C709B50731C520AB0828"
        + "EBFFBF51C965CBF2C0414B27";

    /// <summary>The same of wire version 2, with a mirror and the end of a disablement. Never changes.</summary>
    private const string VersionTwo =
        "544E48410201010D01031111111111114111811111111111111122222222222242228222222222222222000000000000"
        + "0029FEDCBA987654321000000000000004D2000000003ADE68B100000000000000110123456789ABCDEF000000000000"
        + "022B00000000000010830000000000000007000000000000000300000000000000020000000000000005000000000000"
        + "000400000000000000090000000000000008000000000000000600000000000011D7A1B2C3D4E5F60718000000000000"
        + "000202000000000000000AFFFFFFFFFFFFFFFE01000000000000000B07000000000000000B000000000000000C000000"
        + "000000000D000000000000000E000000000000000F000001A3185C500000000000006DDD00C707D71CB0417B4126C902"
        + "DA0715A6B5EF05DA7E75E67C5772445C044DFF1C6C";

    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(value => (byte)value)];

    [Fact]
    public void A_heartbeat_of_version_1_is_read_and_has_no_mirror()
    {
        var result = HeartbeatCodec.Decode(Convert.FromHexString(VersionOne), Key);
        Assert.Equal((DecodeFailure.None, 1), (result.Failure, result.Link));
        var beat = result.Beat!;
        Assert.Null(beat.Mirror);
        Assert.Equal((0L, 0L), (beat.ReenableAtUnixMs, beat.ReenableInMs));
        Assert.Equal((41L, 1234L, 7L, 3L, 5L, 9L), (beat.Incarnation.Counter, beat.Sequence, beat.Epoch, beat.Attestation, beat.Promise, beat.Disarm));
        Assert.Equal([0x0AUL, 0xFFFFFFFFFFFFFFFEUL], beat.Running.AsEnumerable());
        Assert.Equal([0x0BUL], beat.Missing.AsEnumerable());
    }

    [Fact]
    public void A_heartbeat_of_version_2_is_read_and_tells_of_no_stopped_VM()
    {
        var beat = HeartbeatCodec.Decode(Convert.FromHexString(VersionTwo), Key).Beat!;
        Assert.Equal(new Mirror { Promise = 11, Pause = 12, Bound = true, Attestation = 13, SwitchGeneration = 14, Enabled = true, LowestIncarnation = 15 }, beat.Mirror);
        Assert.Equal((1_800_000_000_000L, 7_200_000L), (beat.ReenableAtUnixMs, beat.ReenableInMs));
        Assert.Equal([0x0BUL], beat.Missing.AsEnumerable());
        Assert.Empty(beat.Stopped);
    }

    [Fact]
    public void What_is_written_now_begins_with_the_body_of_version_2_and_lets_it_read()
    {
        var old = Convert.FromHexString(VersionTwo);
        var buffer = new byte[HeartbeatCodec.DatagramMax];
        var beat = HeartbeatCodec.Decode(old, Key).Beat! with { Stopped = [0x0BUL, 0x0CUL] };
        var now = buffer[..HeartbeatCodec.Encode(beat, 1, Key, buffer)];
        Assert.Equal((3, 1), (now[4], now[5]));
        Assert.Equal(old[8..^32], now[8..(old.Length - 32)]);
        Assert.Equal([0x0BUL, 0x0CUL], HeartbeatCodec.Decode(now, Key).Beat!.Stopped.AsEnumerable());
    }

    [Fact]
    public void What_is_written_now_begins_with_the_body_of_version_1_and_lets_it_read()
    {
        var old = Convert.FromHexString(VersionOne);
        var buffer = new byte[HeartbeatCodec.DatagramMax];
        var beat = HeartbeatCodec.Decode(old, Key).Beat! with { Mirror = new Mirror { Promise = 1, Bound = true } };
        var now = buffer[..HeartbeatCodec.Encode(beat, 1, Key, buffer)];

        // Version 1 refuses when byte 5 is above 1, and when the length is not the body's; it skips what follows its fields.
        Assert.Equal(1, now[5]);
        Assert.Equal(now.Length - 40, BinaryPrimitives.ReadUInt16BigEndian(now.AsSpan(6)));
        Assert.Equal(old[..4], now[..4]);
        Assert.Equal(old[8..^32], now[8..(old.Length - 32)]);
        Assert.Equal(HMACSHA256.HashData(Key, now.AsSpan(..^32)), now[^32..]);
    }

    [Fact]
    public void The_mirror_and_the_deadline_come_back()
    {
        var beat = HeartbeatCodec.Decode(Convert.FromHexString(VersionOne), Key).Beat! with
        {
            Mirror = new Mirror
            {
                Promise = 11, Pause = 12, Bound = true, Attestation = 13, SwitchGeneration = 14, Enabled = true, LowestIncarnation = 15,
            },
            ReenableAtUnixMs = 1_800_000_000_000,
            ReenableInMs = 7_200_000,
        };
        var buffer = new byte[HeartbeatCodec.DatagramMax];
        var read = HeartbeatCodec.Decode(buffer.AsSpan(0, HeartbeatCodec.Encode(beat, 2, Key, buffer)), Key).Beat!;
        Assert.Equal(beat.Mirror, read.Mirror);
        Assert.Equal((beat.ReenableAtUnixMs, beat.ReenableInMs), (read.ReenableAtUnixMs, read.ReenableInMs));
    }
}
