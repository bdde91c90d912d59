using System.Net;
using System.Net.NetworkInformation;
using TwoNodeHa.Daemon.Probes;

namespace TwoNodeHa.Daemon.Tests.Probes;

public sealed class ArpMessageTests
{
    private static readonly PhysicalAddress Own = PhysicalAddress.Parse("02:00:00:00:00:0A");

    /// <summary>A reply as tcpdump shows it on the wire, behind the Ethernet header.</summary>
    private static byte[] Reply() => Convert.FromHexString("0001080006040002" + "02000000000B" + "C000020C" + "02000000000A" + "C000020B");

    [Fact]
    public void A_question_is_that_of_RFC_826() => Assert.Equal(
        Convert.FromHexString("0001080006040001" + "02000000000A" + "C000020B" + "000000000000" + "C000020C"),
        ArpMessage.Ask(Own, IPAddress.Parse("192.0.2.11"), IPAddress.Parse("192.0.2.12")));

    [Fact]
    public void A_reply_names_who_answers()
    {
        Assert.True(ArpMessage.TryReadReply(Reply(), out var sender, out var hardware));
        Assert.Equal((IPAddress.Parse("192.0.2.12"), PhysicalAddress.Parse("02:00:00:00:00:0B")), (sender, hardware));
    }

    [Theory]
    [InlineData(0, 9)]
    [InlineData(2, 9)]
    [InlineData(4, 8)]
    [InlineData(5, 16)]
    [InlineData(7, 1)]
    public void Anything_else_is_no_reply(int at, byte value)
    {
        var message = Reply();
        message[at] = value;
        Assert.False(ArpMessage.TryReadReply(message, out _, out _));
        Assert.False(ArpMessage.TryReadReply(Reply().AsSpan(0, ArpMessage.Bytes - 1), out _, out _));
    }
}
