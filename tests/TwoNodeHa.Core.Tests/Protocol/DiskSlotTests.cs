using System.Security.Cryptography;
using TwoNodeHa.Core.Protocol;
using Xunit;

namespace TwoNodeHa.Core.Tests.Protocol;

public class DiskSlotTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(72)]
    [InlineData(HeartbeatCodec.DatagramMax)]
    public void Read_WhatWasWritten_GivesItBack(int length)
    {
        var datagram = RandomNumberGenerator.GetBytes(length);
        var slot = Slot(1, 42, datagram);

        Assert.Equal(DiskSlotContent.Datagram, DiskSlot.Read(1, slot, out var sequence, out var read));
        Assert.Equal(42UL, sequence);
        Assert.Equal(datagram, read.ToArray());
    }

    [Fact]
    public void Read_EveryBitFlip_IsRefused()
    {
        var slot = Slot(0, 7, RandomNumberGenerator.GetBytes(90));
        for (var bit = 0; bit < (24 + 90) * 8; bit++)
        {
            slot[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(DiskSlotContent.Datagram, DiskSlot.Read(0, slot, out _, out var read));
            Assert.True(read.IsEmpty);
            slot[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

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
