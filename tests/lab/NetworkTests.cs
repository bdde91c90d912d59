using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using TwoNodeHa.Sim.Lab;
using TwoNodeHa.Sim.Lab.Cables;

namespace TwoNodeHa.Lab.Tests;

/// <summary>The network itself, without any host in it: what a fault of the lab does, and only that.</summary>
public sealed class NetworkTests : IDisposable
{
    private LabNetwork? _network;

    public NetworkTests() => LabSystem.Require();

    private LabNetwork Network => _network ??= new LabNetwork(new NetworkOptions { Crossover = true });

    public void Dispose() => _network?.Dispose();

    [Fact]
    public void All_cables_carry_and_the_gateway_answers()
    {
        Assert.True(Pings("a", LabNetwork.Address("b")));
        Assert.True(Pings("a", LabNetwork.CrossoverAddress("b")));
        Assert.True(Pings("b", LabNetwork.Gateway));
    }

    [Fact]
    public void A_cut_cable_takes_the_carrier_and_spares_the_others()
    {
        Network.Cut("a");
        Eventually(() => !Carrier("a", "eth0"));
        Assert.False(Pings("b", LabNetwork.Address("a")));
        Assert.True(Pings("a", LabNetwork.CrossoverAddress("b")));
        Assert.True(Pings("b", LabNetwork.Gateway));
        Network.Plug("a");
        Eventually(() => Carrier("a", "eth0") && Pings("b", LabNetwork.Address("a")));
    }

    [Fact]
    public void Cutting_the_crossover_takes_the_carrier_of_both_ends()
    {
        Network.Cut("cross");
        Eventually(() => !Carrier("a", "cross") && !Carrier("b", "cross"));
        Assert.True(Pings("a", LabNetwork.Address("b")));
    }

    [Theory]
    [InlineData("a", "b")]
    [InlineData("b", "a")]
    public void A_drop_has_one_direction(string from, string to)
    {
        KnowNeighbours();
        Network.Drop(from, to);
        Assert.Equal(1, Heard(to, from, 7000, 1));
        Assert.Equal(0, Heard(from, to, 7000, 1));
        Assert.True(Pings(from, LabNetwork.Gateway));
        Assert.True(Pings(to, LabNetwork.Gateway));
        Network.Undrop();
        Assert.Equal(1, Heard(from, to, 7000, 1));
    }

    [Fact]
    public void A_drop_by_port_spares_the_other_ports_and_ping()
    {
        KnowNeighbours();
        Network.Impair("a>b udp:7757");
        Assert.Equal(0, Heard("a", "b", 7757, 3));
        Assert.Equal(3, Heard("a", "b", 7758, 3));
        Assert.Equal(3, Heard("b", "a", 7757, 3));
        Assert.True(Pings("a", LabNetwork.Address("b")));
    }

    [Fact]
    public void A_drop_on_the_management_network_spares_the_crossover()
    {
        Network.Impair("*>* mgmt icmp");
        Assert.False(Pings("a", LabNetwork.Address("b")));
        Assert.True(Pings("a", LabNetwork.CrossoverAddress("b")));
    }

    [Fact]
    public void Loss_is_a_share()
    {
        KnowNeighbours();
        Network.Impair("a>b loss 40%");
        Assert.InRange(Heard("a", "b", 7000, 300), 130, 230);
    }

    [Fact]
    public void What_is_duplicated_arrives_twice()
    {
        KnowNeighbours();
        Network.Impair("a>b udp duplicate 100%");
        Assert.Equal(20, Heard("a", "b", 7000, 10));
    }

    [Fact]
    public void Delay_and_jitter_keep_the_order_and_reordering_does_not()
    {
        KnowNeighbours();
        Network.Impair("a>b delay 60ms jitter 40ms");
        (byte[] inOrder, TimeSpan first) = Received("a", "b", 7000, 30);
        Assert.Equal(inOrder.Order(), inOrder);
        Assert.Equal(30, inOrder.Length);
        Assert.InRange(first.TotalMilliseconds, 20, 5000);
        Network.Undrop();
        Network.Impair("a>b reorder 30%");
        (byte[] overtaken, _) = Received("a", "b", 7000, 30);
        Assert.Equal(30, overtaken.Length);
        Assert.NotEqual(overtaken.Order(), overtaken);
    }

    [Fact]
    public void A_refused_connection_is_refused_at_once_and_other_ports_are_not()
    {
        Network.Refuse("a", "tcp:80,tcp:443");
        var listener = Network.SpaceOf("b").Run(() =>
        {
            var all = new TcpListener(IPAddress.Any, 81);
            all.Start();
            return all;
        });
        Assert.Equal(SocketError.ConnectionRefused, Connects("a", 443));
        Assert.Equal(SocketError.Success, Connects("a", 81));
        listener.Stop();
        Network.Impair("a>b tcp:81");
        Assert.Equal(SocketError.TimedOut, Connects("a", 81));
    }

    [Fact]
    public void A_silent_gateway_stays_plugged_in()
    {
        Network.GatewayAnswers(false);
        Assert.False(Pings("a", LabNetwork.Gateway));
        Assert.Contains("cable gw: plugged", Network.Status());
        Assert.True(Pings("a", LabNetwork.Address("b")));
        Network.GatewayAnswers(true);
        Eventually(() => Pings("a", LabNetwork.Gateway));
    }

    [Fact]
    public void A_host_without_power_answers_nobody_and_keeps_its_pulled_cable()
    {
        Network.Cut("a");
        Network.Power("a", on: false);
        Assert.False(Pings("b", LabNetwork.CrossoverAddress("a")));
        Eventually(() => !Carrier("b", "cross"));
        Network.Power("a", on: true);
        Eventually(() => Pings("b", LabNetwork.CrossoverAddress("a")));
        Assert.False(Pings("b", LabNetwork.Address("a")));
        Network.Plug("a");
        Eventually(() => Pings("a", LabNetwork.Gateway));
    }

    /// <summary>The other end of a connection hears no FIN and no RST, neither when the power goes nor when it is back.</summary>
    [Fact]
    public void A_power_cut_is_silent()
    {
        using var listener = Network.SpaceOf("b").Run(() =>
        {
            var one = new TcpListener(IPAddress.Any, 5000);
            one.Start();
            return one;
        });
        Process caller = Network.SpaceOf("a").Run(() => Process.Start("/bin/bash", ["-c", $"exec 3<>/dev/tcp/{LabNetwork.Address("b")}/5000; sleep 60"]));
        using Socket accepted = listener.AcceptSocket();
        Network.Silence("a");
        caller.Kill();
        caller.WaitForExit();
        Network.Power("a", on: false);
        Assert.False(accepted.Poll(TimeSpan.FromSeconds(1.5), SelectMode.SelectRead), "the dead host said goodbye");
        Network.Power("a", on: true);
        Eventually(() => Pings("b", LabNetwork.Address("a")));
        Assert.False(accepted.Poll(TimeSpan.FromSeconds(2), SelectMode.SelectRead), "the new kernel speaks for the old one");
    }

    /// <summary>The same by hand, with power: the kernel of a process that is killed says goodbye at once.</summary>
    [Fact]
    public void A_killed_process_is_not()
    {
        using var listener = Network.SpaceOf("b").Run(() =>
        {
            var one = new TcpListener(IPAddress.Any, 5000);
            one.Start();
            return one;
        });
        Process caller = Network.SpaceOf("a").Run(() => Process.Start("/bin/bash", ["-c", $"exec 3<>/dev/tcp/{LabNetwork.Address("b")}/5000; exec sleep 60"]));
        using Socket accepted = listener.AcceptSocket();
        caller.Kill();
        Assert.True(accepted.Poll(TimeSpan.FromSeconds(5), SelectMode.SelectRead));
    }

    [Fact]
    public void A_port_with_spanning_tree_carries_before_it_forwards()
    {
        Network.SpanningTree = TimeSpan.FromSeconds(3);
        Network.Cut("a");
        Network.Plug("a");
        var plugged = Stopwatch.StartNew();
        Eventually(() => Carrier("a", "eth0"));
        Assert.True(plugged.Elapsed < TimeSpan.FromSeconds(2.5), "the carrier came late; nothing is shown");
        Assert.False(Pings("a", LabNetwork.Gateway));
        Eventually(() => Pings("a", LabNetwork.Gateway));
        Assert.True(plugged.Elapsed > TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void A_bond_goes_over_to_its_other_cable_after_a_while_and_keeps_its_carrier()
    {
        _network = new LabNetwork(new NetworkOptions { Bonds = true }) { BondFailover = TimeSpan.FromSeconds(2) };
        Assert.True(Pings("b", LabNetwork.Address("a")));
        Network.Cut("a1");
        var cut = Stopwatch.StartNew();
        Assert.False(Pings("b", LabNetwork.Address("a")));
        Assert.True(Carrier("a", "eth0"));
        Eventually(() => Pings("b", LabNetwork.Address("a")));
        Assert.True(cut.Elapsed > TimeSpan.FromSeconds(2));
        Network.Cut("a2");
        Eventually(() => !Carrier("a", "eth0"));
        Network.Plug("a1");
        Eventually(() => Pings("b", LabNetwork.Address("a")));
        Network.Plug("a2");
        Network.Kill("a1", on: true);
        Assert.False(Pings("b", LabNetwork.Address("a")));
        Eventually(() => Pings("b", LabNetwork.Address("a")));
    }

    [Fact]
    public void A_host_that_the_switch_takes_for_elsewhere_is_deaf_for_a_while_and_can_still_speak()
    {
        KnowNeighbours();
        Network.Mislearn("a", TimeSpan.FromSeconds(2));
        Assert.Equal(0, Heard("b", "a", 7000, 3));
        Assert.Equal(3, Heard("a", "b", 7000, 3));
        Eventually(() => Heard("a", "b", 7000, 1) + Heard("b", "a", 7000, 1) == 2);
    }

    [Fact]
    public void In_a_split_a_router_answers_on_each_side()
    {
        _network = new LabNetwork(new NetworkOptions { TwoSides = true, Crossover = true });
        Assert.True(Pings("b", LabNetwork.Gateway));
        Network.Split(true);
        var split = Stopwatch.StartNew();
        Assert.False(Pings("a", LabNetwork.Address("b")));
        Assert.False(Pings("b", LabNetwork.Gateway));
        Assert.True(Pings("a", LabNetwork.Gateway));
        Eventually(() => Pings("b", LabNetwork.Gateway));
        Assert.True(split.Elapsed > TimeSpan.FromSeconds(3));
        Assert.True(Pings("a", LabNetwork.Gateway));
        Assert.True(Pings("a", LabNetwork.CrossoverAddress("b")));
        Network.Split(false);
        Eventually(() => Pings("a", LabNetwork.Address("b")) && Pings("b", LabNetwork.Gateway));
    }

    [Fact]
    public void Two_labs_live_side_by_side()
    {
        using var other = new LabNetwork(new NetworkOptions());
        other.Cut("a");
        Assert.True(Pings("b", LabNetwork.Address("a")));
    }

    [Theory]
    [InlineData("a>b")]
    [InlineData("a>b mgmt udp:7757,arp loss 30% delay 50ms jitter 20ms duplicate 10% reorder 5%")]
    [InlineData("*>gw icmp reject")]
    public void An_impairment_reads_as_it_is_written(string words)
    {
        string expected = words == "a>b" ? "a>b loss 100%" : words;
        Assert.Equal(expected, Impairment.Parse(words.Split(' ')).ToString());
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a>b loss 30")]
    [InlineData("a>b loss 101%")]
    [InlineData("a>b delay 3s")]
    [InlineData("a>b xyz")]
    [InlineData("a>b arp:7")]
    public void What_is_no_impairment_is_refused(string words) =>
        Assert.ThrowsAny<FormatException>(() => Impairment.Parse(words.Split(' ')));

    private static void Eventually(Func<bool> condition)
    {
        var waited = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(20), "it did not happen in 20 s");
            Thread.Sleep(20);
        }
    }

    /// <summary>One echo request by the kernel of the host, answered within a second.</summary>
    private bool Pings(string host, string address) => Network.SpaceOf(host).Run(() =>
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp) { ReceiveTimeout = 1000 };
        byte[] request = [8, 0, 0, 0, .. BitConverter.GetBytes(Random.Shared.Next())];
        Frame.Refresh(request, 2, 0);
        var waited = Stopwatch.StartNew();
        try
        {
            socket.SendTo(request, new IPEndPoint(IPAddress.Parse(address), 0));
            var answer = new byte[256];
            while (waited.Elapsed < TimeSpan.FromSeconds(1))
            {
                int length = socket.Receive(answer);
                if (length >= 28 && answer[20] == 0 && answer.AsSpan(24, 4).SequenceEqual(request.AsSpan(4)))
                {
                    return true;
                }
            }
        }
        catch (SocketException)
        {
            // No answer, or no way there.
        }

        return false;
    });

    private bool Carrier(string host, string device) => Network.SpaceOf(host).Run(() => NetDevices.HasCarrier(device));

    private SocketError Connects(string host, int port) => Network.SpaceOf(host).Run(() =>
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        IAsyncResult result = socket.BeginConnect(IPAddress.Parse(LabNetwork.Address(Scenario.Other(host))), port, null, null);
        if (!result.AsyncWaitHandle.WaitOne(TimeSpan.FromSeconds(1.5)))
        {
            return SocketError.TimedOut;
        }

        try
        {
            socket.EndConnect(result);
            return SocketError.Success;
        }
        catch (SocketException error)
        {
            return error.SocketErrorCode;
        }
    });

    private int Heard(string from, string to, int port, int count) => Received(from, to, port, count).Heard.Length;

    /// <summary>Numbers of the datagrams that arrived, in order, and when the first one did.</summary>
    private (byte[] Heard, TimeSpan First) Received(string from, string to, int port, int count)
    {
        using Socket receiver = Network.SpaceOf(to).Run(() => Bound(to, port));
        using Socket sender = Network.SpaceOf(from).Run(() => Bound(from, port));
        var target = new IPEndPoint(IPAddress.Parse(LabNetwork.Address(to)), port);
        var sent = Stopwatch.StartNew();
        for (int number = 0; number < count; number++)
        {
            sender.SendTo([(byte)number], target);
            Thread.Sleep(count > 100 ? 0 : 2);
        }

        var heard = new List<byte>();
        TimeSpan first = TimeSpan.Zero;
        var buffer = new byte[16];
        while (receiver.Poll(TimeSpan.FromMilliseconds(900), SelectMode.SelectRead))
        {
            receiver.Receive(buffer);
            first = heard.Count == 0 ? sent.Elapsed : first;
            heard.Add(buffer[0]);
        }

        return ([.. heard], first);
    }

    private static Socket Bound(string host, int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(LabNetwork.Address(host)), port));
        return socket;
    }

    /// <summary>Neighbours are fixed, so that one direction does not wait for ARP in the other.</summary>
    private void KnowNeighbours()
    {
        foreach (string host in (string[])["a", "b"])
        {
            string peer = Scenario.Other(host);
            Network.SpaceOf(host).Run(() => NetDevices.Neighbour("eth0", LabNetwork.Address(peer), LabNetwork.HardwareOf(peer)));
        }
    }
}
