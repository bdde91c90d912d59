using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Tests.Support;
using Xunit;

namespace TwoNodeHa.Core.Tests.Protocol;

public class DiskSlotTests
{
    private static readonly Arbitrary<byte[]> AnyDatagram =
        Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf().Resize(HeartbeatCodec.DatagramMax)
            .Select(bytes => bytes.Length <= HeartbeatCodec.DatagramMax ? bytes : bytes[..HeartbeatCodec.DatagramMax]).ToArbitrary();

    [Property(MaxTest = 300)]
    public Property Read_WhatWasWritten_GivesItBack() => Prop.ForAll(
        AnyDatagram, RecordArb.Bits().ToArbitrary(), Gen.Choose(0, 1).ToArbitrary(), (datagram, sequence, host) =>
        {
            var slot = Slot(host, sequence, datagram);

            Assert.Equal(DiskSlotContent.Datagram, DiskSlot.Read(host, slot, out var read, out var content));
            Assert.Equal(sequence, read);
            Assert.Equal(datagram, content.ToArray());
            Assert.NotEqual(DiskSlotContent.Datagram, DiskSlot.Read(1 - host, slot, out _, out _));
        });

    [Theory]
    [InlineData(0)]
    [InlineData(HeartbeatCodec.DatagramMax)]
    public void Read_TheShortestAndTheLongest_GivesItBack(int length)
    {
        var datagram = RandomNumberGenerator.GetBytes(length);
        Assert.Equal(DiskSlotContent.Datagram, DiskSlot.Read(1, Slot(1, 42, datagram), out _, out var read));
        Assert.Equal(datagram, read.ToArray());
    }

    /// <summary>The layout that docs/protocol.md promises to other readers of a slot.</summary>
    [Fact]
    public void Write_PutsEachFieldWhereThePageHasIt()
    {
        var slot = Slot(1, 0x0102_0304_0506_0708, [0xAA, 0xBB, 0xCC]);

        Assert.Equal("TNHADISK"u8, slot.AsSpan(0, 8));
        Assert.Equal([DiskSlot.Version, 1, 0, 3], slot[8..12]);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], slot[12..20]);
        Assert.Equal([0xAA, 0xBB, 0xCC], slot[24..27]);
        Assert.Equal(-1, slot.AsSpan(27).IndexOfAnyExcept((byte)0));

        // What stands behind the datagram is not in the checksum.
        slot[27] = 1;
        Assert.Equal(DiskSlotContent.Datagram, DiskSlot.Read(1, slot, out _, out _));
    }

    [Property(MaxTest = 500)]
    public Property Read_AnyBitFlipOfAnySlot_IsRefused() => Prop.ForAll(
        AnyDatagram, Gen.Choose(0, 1_000_000).ToArbitrary(), (datagram, at) =>
        {
            var slot = Slot(0, 7, datagram);
            var bit = at % ((24 + datagram.Length) * 8);
            slot[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(DiskSlotContent.Datagram, DiskSlot.Read(0, slot, out _, out var read));
            Assert.True(read.IsEmpty);
        });

    /// <summary>A disk writes whole sectors of 512 bytes: any mix of two writes must be told from a whole one.</summary>
    [Fact]
    public void Read_SectorsOfTwoWrites_IsTorn()
    {
        var old = Slot(0, 7, RandomNumberGenerator.GetBytes(1200));
        var next = Slot(0, 8, RandomNumberGenerator.GetBytes(1200));
        for (var mix = 1; mix < 7; mix++)
        {
            var torn = (byte[])old.Clone();
            for (var sector = 0; sector < 3; sector++)
            {
                if ((mix & (1 << sector)) != 0)
                {
                    next.AsSpan(512 * sector, 512).CopyTo(torn.AsSpan(512 * sector));
                }
            }

            Assert.Equal(DiskSlotContent.Torn, DiskSlot.Read(0, torn, out _, out _));
        }
    }

    [Fact]
    public void Read_OtherContent_IsToldFromAnEmptySlot()
    {
        var slot = new byte[DiskSlot.Bytes];
        Assert.Equal(DiskSlotContent.Empty, DiskSlot.Read(0, slot, out _, out _));
        slot[4095] = 1;
        Assert.Equal(DiskSlotContent.Foreign, DiskSlot.Read(0, slot, out _, out _));
        Assert.Equal(DiskSlotContent.Foreign, DiskSlot.Read(0, slot.AsSpan(3996), out _, out _));
        var later = Slot(0, 1, [1]);
        later[8]++;
        Assert.Equal(DiskSlotContent.UnsupportedVersion, DiskSlot.Read(0, later, out _, out _));
        Assert.Equal(DiskSlotContent.Torn, DiskSlot.Read(1, Slot(0, 1, [1]), out _, out _));
    }

    [Fact]
    public void Write_MoreThanADatagram_Throws() =>
        Assert.Throws<ArgumentException>(() => Slot(0, 1, new byte[HeartbeatCodec.DatagramMax + 1]));

    private static byte[] Slot(int host, ulong sequence, byte[] datagram)
    {
        var slot = new byte[DiskSlot.Bytes];
        Array.Fill(slot, (byte)0xEE);
        DiskSlot.Write(host, sequence, datagram, slot);
        return slot;
    }
}
