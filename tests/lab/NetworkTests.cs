using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Lab.Tests;

/// <summary>The network itself, without any host in it: what a fault of the lab does, and only that.</summary>
public sealed class NetworkTests : IDisposable
{
    private readonly LabNetwork _network;

    public NetworkTests()
    {
        LabSystem.Require();
        _network = new LabNetwork($"lab-{Environment.ProcessId}-net");
        _network.Up(crossover: true);
    }

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
        _network.Cut("a");
        Assert.Contains("NO-CARRIER", Link("a", "eth0"));
        Assert.False(Pings("b", LabNetwork.Address("a")));
        Assert.True(Pings("a", LabNetwork.CrossoverAddress("b")));
        Assert.True(Pings("b", LabNetwork.Gateway));
        _network.Plug("a");
        Assert.True(PingsSoon("b", LabNetwork.Address("a")));
    }

    [Fact]
    public void Cutting_the_crossover_takes_the_carrier_of_both_ends()
    {
        _network.Cut("cross");
        Assert.Contains("NO-CARRIER", Link("a", "cross"));
        Assert.Contains("NO-CARRIER", Link("b", "cross"));
        Assert.True(Pings("a", LabNetwork.Address("b")));
    }

    [Theory]
    [InlineData("a", "b")]
    [InlineData("b", "a")]
    public void A_drop_has_one_direction(string from, string to)
    {
        _network.Drop(from, to);
        Assert.Equal("heard", Datagram(to, from));
        Assert.Equal("silence", Datagram(from, to));
        Assert.True(Pings(from, LabNetwork.Gateway));
        Assert.True(Pings(to, LabNetwork.Gateway));
        _network.Undrop();
        Assert.Equal("heard", Datagram(from, to));
    }

    [Fact]
    public void A_silent_gateway_stays_plugged_in()
    {
        _network.GatewayAnswers(false);
        Assert.False(Pings("a", LabNetwork.Gateway));
        Assert.DoesNotContain("NO-CARRIER", Link("gw", "eth0"));
        Assert.True(Pings("a", LabNetwork.Address("b")));
        _network.GatewayAnswers(true);
        Assert.True(Pings("a", LabNetwork.Gateway));
    }

    [Fact]
    public void A_host_without_power_answers_nobody_and_keeps_its_pulled_cable()
    {
        _network.Cut("a");
        _network.Power("a", on: false);
        Assert.False(Pings("b", LabNetwork.CrossoverAddress("a")));
        _network.Power("a", on: true);
        Assert.True(PingsSoon("b", LabNetwork.CrossoverAddress("a")));
        Assert.False(Pings("b", LabNetwork.Address("a")));
        _network.Plug("a");
        Assert.True(PingsSoon("a", LabNetwork.Gateway));
    }

    [Fact]
    public void Two_labs_live_side_by_side()
    {
        using var other = new LabNetwork($"lab-{Environment.ProcessId}-other");
        other.Up(crossover: false);
        other.Cut("a");
        Assert.True(Pings("b", LabNetwork.Address("a")));
    }

    [Fact]
    public void Sweep_removes_the_lab_of_a_dead_creator_and_no_other()
    {
        using var dead = new LabNetwork("lab-4194305-dead"); // above the largest pid there can be
        dead.Up(crossover: false);
        LabNetwork.Sweep();
        Assert.Throws<InvalidOperationException>(() => dead.Status());
        Assert.Contains("gateway: on", _network.Status());
    }

    /// <summary>The kernel reports a carrier at most once a second, and asks for a lost neighbour once a second.</summary>
    private bool PingsSoon(string host, string address) => Enumerable.Range(0, 10).Any(_ => Pings(host, address));

    private bool Pings(string host, string address)
    {
        string[] command = _network.Inside(host, "ping", "-n", "-q", "-c", "1", "-W", "1", address);
        return Shell.Run(command[0], command[1..]).Code == 0;
    }

    private string Link(string host, string device)
    {
        string[] command = _network.Inside(host, "ip", "link", "show", "dev", device);
        return Shell.Run(command[0], command[1..]).Text;
    }

    /// <summary>Sends a datagram; neighbours are fixed, so that one direction does not wait for ARP in the other.</summary>
    private string Datagram(string from, string to)
    {
        KnowNeighbour(from, to);
        using var receiver = NetNamespace.UdpSocket(_network, to, LabNetwork.Address(to), 7000);
        using var sender = NetNamespace.UdpSocket(_network, from, LabNetwork.Address(from), 7000);
        sender.SendTo("x"u8, new System.Net.IPEndPoint(System.Net.IPAddress.Parse(LabNetwork.Address(to)), 7000));
        return receiver.Poll(TimeSpan.FromMilliseconds(300), System.Net.Sockets.SelectMode.SelectRead)
            ? "heard"
            : "silence";
    }

    private void KnowNeighbour(string host, string peer)
    {
        string mac = peer == "a" ? "02:00:00:00:00:0a" : "02:00:00:00:00:0b";
        string[] command = _network.Inside(
            host, "ip", "neigh", "replace", LabNetwork.Address(peer), "lladdr", mac, "nud", "permanent", "dev", "eth0");
        Assert.Equal(0, Shell.Run(command[0], command[1..]).Code);
    }
}
