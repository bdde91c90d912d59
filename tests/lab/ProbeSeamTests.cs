using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Probes;
using TwoNodeHa.Daemon.Telemetry;
using TwoNodeHa.Sim.Lab.Cables;

namespace TwoNodeHa.Lab.Tests;

/// <summary>
/// The daemon's own ICMP, ARP and TCP sockets on a wire that lies: a sign of life of somebody else, of another question, or of
/// an earlier time, keeps a dead peer alive or a cut host running.
/// </summary>
public sealed class ProbeSeamTests : IDisposable
{
    private static readonly IPAddress Peer = IPAddress.Parse(ScriptedWire.Peer);
    private static readonly IPAddress Stranger = IPAddress.Parse(ScriptedWire.Stranger);

    private readonly ScriptedWire _wire = new();
    private readonly StandingClock _clock = new();
    private readonly Counters _counters = new();
    private readonly RateLimitedLog _log = new(NullLogger.Instance, TimeProvider.System);
    private readonly ConcurrentQueue<(string Kind, Instant SentAt)> _alive = new();

    public void Dispose() => _wire.Dispose();

    // ---- ICMP ------------------------------------------------------------------------------------------------------

    [Fact]
    public void An_echo_counts_from_when_it_was_asked_for()
    {
        using IcmpSocket icmp = Icmp();
        Instant asked = _clock.Now;
        byte[] request = Ask(icmp, "first");
        _clock.Pass(1.5);
        _wire.Send(Frame.EchoTo(request));
        Until(() => _alive.Count == 1);
        Assert.Equal(("first", asked), Assert.Single(_alive));
    }

    [Fact]
    public void A_late_echo_counts_for_its_own_question_only()
    {
        using IcmpSocket icmp = Icmp();
        Instant asked = _clock.Now;
        byte[] request = Ask(icmp, "first");
        _clock.Pass(5);
        Ask(icmp, "second");
        _wire.Send(Frame.EchoTo(request));
        Until(() => _alive.Count == 1);
        Assert.Equal(("first", asked), Assert.Single(_alive));
    }

    [Theory]
    [InlineData("another number")]
    [InlineData("another source")]
    [InlineData("a request")]
    [InlineData("unreachable")]
    [InlineData("too short")]
    [InlineData("forgotten")]
    public void What_is_no_echo_of_the_own_question_is_nothing(string lie)
    {
        using IcmpSocket icmp = Icmp();
        byte[] request = Ask(icmp, "first");
        if (lie == "forgotten")
        {
            // It is forgotten when the next one is asked, half a minute later.
            _clock.Pass(31);
            Ask(icmp, "between");
        }

        _wire.Send(Lie(lie, request));

        // Behind it on the same socket: when this one is taken, the lie was.
        _wire.Send(Frame.EchoTo(Ask(icmp, "last")));
        Until(() => !_alive.IsEmpty);
        Assert.Equal("last", Assert.Single(_alive).Kind);
    }

    [Fact]
    public void An_echo_that_comes_twice_counts_once()
    {
        using IcmpSocket icmp = Icmp();
        byte[] echo = Frame.EchoTo(Ask(icmp, "first"));
        _wire.Send(echo);
        _wire.Send(echo);
        _wire.Send(Frame.EchoTo(Ask(icmp, "last")));
        Until(() => _alive.Any(sign => sign.Kind == "last"));
        Assert.Equal(["first", "last"], _alive.Select(sign => sign.Kind));
    }

    // ---- ARP -------------------------------------------------------------------------------------------------------

    [Fact]
    public void An_arp_reply_counts_from_when_it_was_asked_for_and_names_who_answers()
    {
        using ArpSocket arp = Arp();
        Instant asked = _clock.Now;
        Ask(arp);
        _clock.Pass(1.5);
        _wire.Send(ArpReply());
        Until(() => !_alive.IsEmpty);
        Assert.Equal(("arp on mgmt, 02:00:00:00:00:0b", asked), Assert.Single(_alive));
    }

    [Theory]
    [InlineData("not asked")]
    [InlineData("a request")]
    [InlineData("another source")]
    [InlineData("late")]
    public void What_is_no_arp_reply_of_the_peer_to_the_own_question_is_nothing(string lie)
    {
        using ArpSocket arp = Arp();
        if (lie == "not asked")
        {
            _wire.Send(ArpReply());

            // Read before the question is asked, or it is an answer.
            Thread.Sleep(300);
            Ask(arp);
            Thread.Sleep(300);
            Assert.Empty(_alive);
            return;
        }

        Ask(arp);
        _clock.Pass(lie == "late" ? 2.1 : 0.1);
        _wire.Send(lie switch
        {
            "a request" => Frame.ArpMessage(1, ScriptedWire.PeerHardware, Peer, Frame.Broadcast, IPAddress.Parse(ScriptedWire.Own)),
            "another source" => ArpReply(Stranger),
            _ => ArpReply(),
        });
        Thread.Sleep(300);
        Assert.Empty(_alive);

        // The socket is well: a true answer is heard.
        Ask(arp);
        _wire.Send(ArpReply());
        Until(() => _alive.Count == 1);
    }

    // ---- TCP -------------------------------------------------------------------------------------------------------

    [Fact]
    public void A_refused_connection_counts_from_when_it_was_asked_for()
    {
        using TcpKnock tcp = Tcp();
        Instant asked = _clock.Now;
        byte[] syn = Knock(tcp);
        _clock.Pass(1);
        _wire.Send(Frame.ResetTo(syn));
        Until(() => !_alive.IsEmpty);
        Assert.Equal(("tcp port 22 on mgmt", asked), Assert.Single(_alive));
    }

    [Theory]
    [InlineData("another number")]
    [InlineData("another source")]
    [InlineData("another port")]
    [InlineData("unreachable")]
    [InlineData("late")]
    public void What_is_no_answer_of_the_peer_s_kernel_to_the_own_knock_is_nothing(string lie)
    {
        using TcpKnock tcp = Tcp();
        byte[] syn = Knock(tcp);
        if (lie == "late")
        {
            Until(() => _counters.Snapshot().GetValueOrDefault("tcp.no_answer") == 1);
        }

        _wire.Send(Lie(lie, syn));
        Until(() => _counters.Snapshot().GetValueOrDefault("tcp.no_answer") == 1);
        Thread.Sleep(200);
        Assert.Empty(_alive);
    }

    // ---- What the wire says ----------------------------------------------------------------------------------------

    private static byte[] Lie(string lie, byte[] asked)
    {
        bool tcp = Frame.Protocol(asked) == Frame.Tcp;
        byte[] answer = tcp ? Frame.ResetTo(asked) : Frame.EchoTo(asked);
        int at = Frame.PayloadAt(answer);
        switch (lie)
        {
            case "another number":
                answer[at + (tcp ? 11 : 15)]++;
                break;
            case "another port":
                answer[at + 1]++;
                break;
            case "another source":
                Stranger.TryWriteBytes(answer.AsSpan(Frame.HeaderBytes + 12), out _);
                Frame.Refresh(answer.AsSpan(Frame.HeaderBytes, 20), 10, 0);
                break;
            case "a request":
                answer[at] = 8;
                break;
            case "unreachable":
                return Unreachable(asked);
            case "too short":
                BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(Frame.HeaderBytes + 2), 28);
                Frame.Refresh(answer.AsSpan(Frame.HeaderBytes, 20), 10, 0);
                answer = answer[..(at + 8)];
                break;
        }

        if (tcp)
        {
            Span<byte> segment = answer.AsSpan(at);
            uint pseudo = 0;
            for (int index = 12; index < 20; index += 2)
            {
                pseudo += BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(Frame.HeaderBytes + index));
            }

            Frame.Refresh(segment, 16, pseudo + Frame.Tcp + (uint)segment.Length);
        }
        else
        {
            Frame.Refresh(answer.AsSpan(at), 2, 0);
        }

        return answer;
    }

    /// <summary>A router says that the host cannot be reached (RFC 792): its word, not the peer's.</summary>
    private static byte[] Unreachable(byte[] asked)
    {
        byte[] echo = Frame.EchoTo(asked);
        byte[] answer = [.. echo[..(Frame.HeaderBytes + 20)], 3, 1, 0, 0, 0, 0, 0, 0, .. asked[Frame.HeaderBytes..(Frame.HeaderBytes + 28)]];
        answer[Frame.HeaderBytes + 9] = Frame.Icmp;
        Stranger.TryWriteBytes(answer.AsSpan(Frame.HeaderBytes + 12), out _);
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(Frame.HeaderBytes + 2), (ushort)(answer.Length - Frame.HeaderBytes));
        Frame.Refresh(answer.AsSpan(Frame.HeaderBytes, 20), 10, 0);
        Frame.Refresh(answer.AsSpan(Frame.HeaderBytes + 20), 2, 0);
        return answer;
    }

    private static byte[] ArpReply(IPAddress? sender = null) =>
        Frame.ArpMessage(2, ScriptedWire.PeerHardware, sender ?? Peer, LabNetworkHardware, IPAddress.Parse(ScriptedWire.Own));

    private static PhysicalAddress LabNetworkHardware => Sim.Lab.LabNetwork.HardwareOf("a");

    // ---- What the daemon does --------------------------------------------------------------------------------------

    private IcmpSocket Icmp()
    {
        var icmp = new IcmpSocket(AddressFamily.InterNetwork, _clock, _counters, _log, _ => { });
        _wire.Space.Run(icmp.Start);
        return icmp;
    }

    private byte[] Ask(IcmpSocket icmp, string name)
    {
        icmp.Probe(Peer, sent => _alive.Enqueue((name, sent)));
        return _wire.Next(frame => Frame.Protocol(frame) == Frame.Icmp && frame[Frame.PayloadAt(frame)] == 8);
    }

    private ArpSocket Arp()
    {
        var arp = new ArpSocket([new PeerAddress(Peer, "mgmt")], _clock, _counters, _log, (kind, sent) => _alive.Enqueue((kind, sent)));
        _wire.Space.Run(arp.Start);
        return arp;
    }

    /// <summary>It looks for its interfaces on a thread of its own; until then a question goes nowhere.</summary>
    private void Ask(ArpSocket arp)
    {
        Task<byte[]> question = Task.Run(() => _wire.Next(frame => Frame.IsArpQuestion(frame, out IPAddress asked) && asked.Equals(Peer)));
        do
        {
            arp.Probe();
        }
        while (!question.Wait(TimeSpan.FromMilliseconds(20)));
    }

    private TcpKnock Tcp() => new(
        [new PeerAddress(Peer, "mgmt")], _clock, _counters, (kind, sent) => _alive.Enqueue((kind, sent)), scheduler: new InsideScheduler(_wire.Space));

    private byte[] Knock(TcpKnock tcp)
    {
        tcp.Probe();
        return _wire.Next(frame => Frame.IsSyn(frame));
    }

    private static void Until(Func<bool> condition)
    {
        var waited = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(20), "it did not happen in 20 s");
            Thread.Sleep(5);
        }
    }
}
