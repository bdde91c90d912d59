using System.Net;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Probes;

namespace TwoNodeHa.Daemon.Tests.Probes;

/// <summary>What counts as an answer of the gateway or of the peer: a lie here is a right to run out of nothing, or a sign of life of the dead.</summary>
public sealed class IcmpEchoesTests
{
    private static readonly IPAddress Asked = IPAddress.Parse("192.0.2.1");
    private static readonly Instant Sent = Instant.FromSeconds(100);

    private readonly IcmpEchoes _echoes = new(isV4: true);
    private readonly List<Instant> _answers = [];

    private byte[] Reply(Instant? at = null, int options = 0)
    {
        var (request, _) = _echoes.Ask(Asked, at ?? Sent, _answers.Add);
        byte[] reply = [.. request];
        reply[0] = 0;
        return [(byte)(0x45 + options), .. new byte[19 + (4 * options)], .. reply];
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void A_reply_counts_once_and_from_when_it_was_asked(int options)
    {
        var reply = Reply(options: options);
        _echoes.Take(reply, Asked);
        _echoes.Take(reply, Asked);
        Assert.Equal([Sent], _answers);
    }

    [Fact]
    public void Another_address_answers_for_nobody()
    {
        var reply = Reply();
        _echoes.Take(reply, IPAddress.Parse("192.0.2.2"));
        Assert.Empty(_answers);
        _echoes.Take(reply, Asked);
        Assert.Single(_answers);
    }

    [Theory]
    [InlineData(20, 8)]
    [InlineData(20, 3)]
    [InlineData(28, 0xA5)]
    [InlineData(35, 0xA5)]
    public void A_request_an_error_and_another_number_are_no_reply(int at, byte value)
    {
        var packet = Reply();
        packet[at] = at == 20 ? value : (byte)(packet[at] ^ value);
        _echoes.Take(packet, Asked);
        Assert.Empty(_answers);
    }

    [Fact]
    public void What_is_cut_is_no_reply()
    {
        var packet = Reply();
        for (var length = 0; length < packet.Length; length++)
        {
            _echoes.Take(packet.AsSpan(0, length), Asked);
        }

        Assert.Empty(_answers);
    }

    [Fact]
    public void A_reply_that_is_much_too_late_and_one_to_what_was_taken_back_belong_to_none()
    {
        var late = Reply();
        _ = Reply(Sent + IcmpEchoes.Forget + TimeSpan.FromSeconds(1));
        _echoes.Take(late, Asked);
        Assert.Empty(_answers);

        var (request, token) = _echoes.Ask(Asked, Sent, _answers.Add);
        byte[] reply = [0x45, .. new byte[19], 0, .. request[1..]];
        _echoes.TakeBack(token);
        _echoes.Take(reply, Asked);
        Assert.Empty(_answers);
    }

    [Fact]
    public void Each_request_has_a_number_of_its_own()
    {
        var first = Reply();
        var second = Reply(Sent + TimeSpan.FromSeconds(1));
        _echoes.Take(second, Asked);
        Assert.Equal([Sent + TimeSpan.FromSeconds(1)], _answers);
        _echoes.Take(first, Asked);
        Assert.Equal(2, _answers.Count);
    }

    [Fact]
    public void IPv6_comes_without_its_header_and_has_types_of_its_own()
    {
        var echoes = new IcmpEchoes(isV4: false);
        var address = IPAddress.Parse("2001:db8::1");
        var (request, _) = echoes.Ask(address, Sent, _answers.Add);
        Assert.Equal(128, request[0]);
        byte[] reply = [.. request];
        reply[0] = 0;
        echoes.Take(reply, address);
        Assert.Empty(_answers);
        reply[0] = 129;
        echoes.Take(reply, address);
        Assert.Equal([Sent], _answers);
    }

    [Theory]
    [InlineData("192.0.2.12", 2.0, true)]
    [InlineData("192.0.2.12", 2.1, false)]
    [InlineData("192.0.2.13", 0.1, false)]
    public void An_ARP_reply_counts_from_the_peer_and_soon(string sender, double seconds, bool counts) => Assert.Equal(counts,
        ArpSocket.Answers(new PeerAddress(IPAddress.Parse("192.0.2.12"), "mgmt"), Sent, IPAddress.Parse(sender), Sent + TimeSpan.FromSeconds(seconds)));
}
