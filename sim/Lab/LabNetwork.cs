using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using TwoNodeHa.Sim.Lab.Cables;

namespace TwoNodeHa.Sim.Lab;

/// <summary>What the network of a lab is made of.</summary>
internal sealed record NetworkOptions
{
    /// <summary>A cable between the hosts, with a card of its own at each end.</summary>
    public bool Crossover { get; init; }

    /// <summary>Each host has two cables to the management network, as an active-backup bond.</summary>
    public bool Bonds { get; init; }

    /// <summary>Each host has a switch and a router of its own, with a trunk between the switches; the routers are a VRRP pair.</summary>
    public bool TwoSides { get; init; }

    /// <summary>A network of the management boards, with a card of each host and a station <c>bmc-a</c>, <c>bmc-b</c> for each board.</summary>
    public bool Boards { get; init; }

    /// <summary>A storage network, with a card of each host and a station <c>san</c>.</summary>
    public bool San { get; init; }

    /// <summary>Of what is drawn inside of the switch.</summary>
    public int Seed { get; init; } = 1;
}

/// <summary>
/// The network of one lab: hosts a and b, each in a network namespace of its own, and between their cards a switch, a router
/// and a crossover cable that are a thread of this process. The addresses are those of documentation (RFC 5737).
/// </summary>
/// <remarks>
/// A host that gets power has a new kernel, and so a new namespace: nothing that its last life left in there (a half-open
/// connection, a rule, a neighbour) speaks for it. The namespaces have no names; the kernel removes them with the last
/// process that holds them, this one or one of theirs.
/// </remarks>
internal sealed class LabNetwork : IDisposable
{
    public const string Management = "192.0.2";
    public const string Crossover = "198.51.100";
    public const string BoardNetwork = "203.0.113";

    /// <summary>Of RFC 2544: there are no more networks of documentation.</summary>
    public const string StorageNetwork = "198.18.0";

    /// <summary>The station of the storage.</summary>
    public const string SanStation = "san";
    public const string SanAddress = StorageNetwork + ".21";
    public const string Gateway = Management + ".1";

    private static readonly string[] Hosts = ["a", "b"];
    private static readonly PhysicalAddress RouterHardware = PhysicalAddress.Parse("02:00:00:00:00:01");

    private readonly ConcurrentDictionary<string, string> _hostBySpace = new();
    private readonly ConcurrentDictionary<string, NetSpace> _spaces = new();
    private readonly Dictionary<string, List<Card>> _cards = [];
    private readonly Router[] _routers;
    private readonly LabSwitch _switch;
    private readonly Wire _management = new("mgmt", IsCable: false);
    private readonly Wire _crossover = new("cross", IsCable: true);
    private readonly Wire _boards = new("boards", IsCable: false);
    private readonly Wire _storage = new("san", IsCable: false);
    private bool _gatewayAnswers = true;
    private bool _disposed;

    /// <summary>Makes it, with power at both hosts.</summary>
    public LabNetwork(NetworkOptions options)
    {
        _switch = new LabSwitch(options.Seed);
        try
        {
            _routers = [.. Enumerable.Range(0, options.TwoSides ? 2 : 1).Select(AddRouter)];
            foreach (string host in Hosts)
            {
                AddHost(host, options);
            }

            _switch.Change(Elect);
            Array.ForEach(Hosts, host => Power(host, on: true));
            if (options.Boards)
            {
                Array.ForEach(Hosts, AddBoard);
            }

            if (options.San)
            {
                AddFarStation(SanStation, _storage, SanAddress);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>From carrier to forwarding, where spanning tree runs on the ports of the hosts: 30 s with its default timers.</summary>
    public TimeSpan SpanningTree
    {
        set => _switch.SpanningTree = value;
    }

    /// <summary>From the loss of a bond's active cable to the use of the other: 1 to 3 s, with slow LACP 30 s or more.</summary>
    public TimeSpan BondFailover
    {
        set => _switch.BondFailover = value;
    }

    /// <summary>Null when a lab is possible here, else one sentence that says why not.</summary>
    public static string? WhyImpossible() => LabSupport.WhyImpossible();

    public static string Address(string host) => Management + (host == "a" ? ".11" : ".12");

    public static string CrossoverAddress(string host) => Crossover + (host == "a" ? ".11" : ".12");

    public static string BoardAddress(string host) => BoardNetwork + (host == "a" ? ".21" : ".22");

    /// <summary>The namespace of a host, or of a further station.</summary>
    public NetSpace SpaceOf(string name) =>
        _spaces.TryGetValue(name, out NetSpace? space) ? space : throw new InvalidOperationException($"'{name}' has no power, or is not there");

    /// <summary>Where other processes find the namespace of a host; empty for one that is no more.</summary>
    public string PathOf(string host, string id) =>
        _spaces.TryGetValue(host, out NetSpace? space) && space.Id == id ? space.Path : "";

    /// <summary>Host by the text of <c>/proc/PID/ns/net</c>, kept up to date; a namespace stays known after its host's end.</summary>
    public IReadOnlyDictionary<string, string> HostByNamespace() => _hostBySpace;

    /// <summary>One more station on the management network, on a's side, in a namespace of its own.</summary>
    public void AddStation(string name, int number)
    {
        string address = string.Create(CultureInfo.InvariantCulture, $"{Management}.{number}");
        var card = new Card(name, "eth0", new PhysicalAddress([2, 0, 0, 0, 0, (byte)number]), IPAddress.Parse(address));
        _cards[name] = [card];
        _switch.Plug(card, name, _management);
        GivePower(name);
    }

    public static PhysicalAddress HardwareOf(string host) => PhysicalAddress.Parse(host == "a" ? "02:00:00:00:00:0A" : "02:00:00:00:00:0B");

    /// <summary>Pulls cables: both ends lose carrier.</summary>
    /// <param name="cable">A host (all its management cables), one cable of a bond (a1, a2, b1, b2), gw, cross, or trunk.</param>
    public void Cut(string cable) => Plugged(cable, false);

    public void Plug(string cable) => Plugged(cable, true);

    /// <summary>Carrier stays, and nothing passes.</summary>
    public void Kill(string cable, bool on) => _switch.Change(() => LegsOf(cable).ForEach(leg => leg.Dead = on));

    /// <summary>Drops everything that <paramref name="to"/> receives from <paramref name="from"/>.</summary>
    public void Drop(string from, string to) => _switch.Impair(new Impairment { From = from, To = to, Loss = 1 });

    public void Impair(Impairment impairment) => _switch.Impair(impairment);

    /// <summary>In the words of <see cref="Impairment.Parse"/>.</summary>
    public void Impair(string words) => Impair(Impairment.Parse(words.Split(' ', StringSplitOptions.RemoveEmptyEntries)));

    /// <summary>Ends all impairments but what a host's own firewall does.</summary>
    public void Undrop() => _switch.Unimpair(one => !one.Reject);

    /// <summary>What a firewall on a host would do to its TCP connections to the other: refuse them.</summary>
    /// <param name="host">Host.</param>
    /// <param name="ports">As <c>tcp:80,tcp:443</c>; empty ends it.</param>
    public void Refuse(string host, string ports)
    {
        _switch.Unimpair(one => one.Reject && one.From == host);
        if (ports.Length > 0)
        {
            Impair($"{host}>{Other(host)} {ports} reject");
        }
    }

    /// <summary>The routers stay plugged in and answer nobody, or answer again.</summary>
    public void GatewayAnswers(bool on) => _switch.Change(() =>
    {
        _gatewayAnswers = on;
        Elect();
    });

    /// <summary>The trunk between both sides; with two routers both answer after a while, each on its side.</summary>
    public void Split(bool on) => Plugged("trunk", !on);

    /// <summary>The switch takes a host for being behind the router's port, and learns it anew only after a while.</summary>
    public void Mislearn(string host, TimeSpan hold) => _switch.Mislearn(_cards[host][0], _routers[0].Legs[0], hold);

    /// <summary>
    /// Without power no frame leaves and none arrives from the moment of the call, and then its kernel is gone; what its
    /// processes say while they die nobody hears. With power it has a new kernel. A pulled cable stays pulled.
    /// </summary>
    public void Power(string host, bool on)
    {
        Silence(host);
        TakePower(host);
        if (on)
        {
            GivePower(host);
        }
    }

    /// <summary>The first half of losing power; the processes of the host may be killed now.</summary>
    public void Silence(string host) => _switch.Change(() =>
    {
        foreach (Card card in _cards[host])
        {
            card.Powered = false;
            card.Legs.ForEach(LabSwitch.Forget);
        }
    });

    /// <summary>Cables, impairments and routers, one line each.</summary>
    public string Status()
    {
        string[] cables = _switch.Look<string[]>(() =>
        [
            .. _management.Legs.Concat(_crossover.Legs).Concat(_boards.Legs).Concat(_storage.Legs).Select(leg =>
                $"cable {leg.Name}: {(leg.Plugged ? leg.Dead ? "dead" : "plugged" : "cut")}"),
            .. _routers.Length > 1 ? [$"trunk: {(_management.Trunk ? "plugged" : "cut")}"] : (string[])[],
            $"gateway: {(_gatewayAnswers ? "on" : "off")}",
        ]);
        return string.Join('\n', [.. cables, .. _switch.Impairments()]);
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _switch.Dispose();
            foreach (string name in _cards.Keys)
            {
                TakePower(name);
            }
        }
    }

    private static string Other(string host) => host == "a" ? "b" : "a";

    private Router AddRouter(int side)
    {
        var router = new Router(RouterHardware, IPAddress.Parse(Gateway), _switch.Send);
        _switch.Plug(router, side == 0 ? "gw" : "gw2", _management, side);
        return router;
    }

    private void AddHost(string host, NetworkOptions options)
    {
        int side = options.TwoSides && host == "b" ? 1 : 0;
        var card = new Card(host, "eth0", HardwareOf(host), IPAddress.Parse(Address(host)));
        _cards[host] = [card];
        _switch.Plug(card, options.Bonds ? host + "1" : host, _management, side);
        if (options.Bonds)
        {
            _switch.Plug(card, host + "2", _management, side);
        }

        if (options.Crossover)
        {
            byte[] hardware = HardwareOf(host).GetAddressBytes();
            hardware[4] = 1;
            var cross = new Card(host, "cross", new PhysicalAddress(hardware), IPAddress.Parse(CrossoverAddress(host)));
            _cards[host].Add(cross);
            _switch.Plug(cross, "x" + host, _crossover);
        }

        if (options.Boards)
        {
            AddCard(host, "ipmi", "p" + host, _boards, BoardNetwork + (host == "a" ? ".11" : ".12"));
        }

        if (options.San)
        {
            AddCard(host, "san", "s" + host, _storage, StorageNetwork + (host == "a" ? ".11" : ".12"));
        }
    }

    private void AddBoard(string host) => AddFarStation(Parts.LabBoard.Station(host), _boards, BoardAddress(host));

    /// <summary>A station that is not on the management network.</summary>
    private void AddFarStation(string name, Wire wire, string address)
    {
        _cards[name] = [];
        AddCard(name, "eth0", name, wire, address);
        GivePower(name);
    }

    private void AddCard(string station, string device, string cable, Wire wire, string address)
    {
        IPAddress at = IPAddress.Parse(address);
        var card = new Card(station, device, new PhysicalAddress([2, 0, 0, 0, (byte)(wire == _boards ? 2 : 3), at.GetAddressBytes()[3]]), at);
        _cards[station].Add(card);
        _switch.Plug(card, cable, wire);
    }

    private void GivePower(string name)
    {
        var space = new NetSpace();
        _spaces[name] = space;
        if (Hosts.Contains(name))
        {
            _hostBySpace[space.Id] = name;
        }

        List<Card> cards = _cards[name];
        TapDevice[] taps = space.Run(() => cards.Select(MakeDevice).ToArray());
        _switch.Change(() =>
        {
            for (int index = 0; index < taps.Length; index++)
            {
                cards[index].Tap = taps[index];
                cards[index].Powered = true;
                cards[index].Legs.ForEach(_switch.LinkUp);
            }
        });
        space.Run(() =>
        {
            cards.ForEach(card => NetDevices.Up(card.Device));
            if (cards[0].Legs[0].Wire == _management)
            {
                NetDevices.DefaultRoute(Gateway);
            }
        });
    }

    private static TapDevice MakeDevice(Card card)
    {
        var tap = new TapDevice(card.Device);
        NetDevices.Hardware(card.Device, card.Hardware);
        NetDevices.Address(card.Device, $"{card.Address}");
        return tap;
    }

    private void TakePower(string name)
    {
        foreach (Card card in _cards[name])
        {
            card.Tap?.Dispose();
            card.Tap = null;
        }

        if (_spaces.TryRemove(name, out NetSpace? space))
        {
            space.Dispose();
        }

        if (!_disposed && Hosts.Contains(name))
        {
            _switch.Unimpair(one => one.Reject && one.From == name);
        }
    }

    private List<Leg> LegsOf(string cable)
    {
        List<Leg> legs = [.. _management.Legs.Concat(_crossover.Legs).Concat(_boards.Legs).Concat(_storage.Legs).Where(leg => leg.Name == cable
            || (cable == "cross" && leg.Wire == _crossover)
            || (leg.Owner.Name == cable && leg.Wire == _management))];
        return legs.Count > 0 ? legs : throw new ArgumentException($"there is no cable '{cable}' here", nameof(cable));
    }

    private void Plugged(string cable, bool on) => _switch.Change(() =>
    {
        if (cable == "trunk")
        {
            _management.Trunk = on;
            LabSwitch.ForgetTrunk(_management);
            Elect();
            return;
        }

        foreach (Leg leg in LegsOf(cable).Where(leg => leg.Plugged != on))
        {
            leg.Plugged = on;
            LabSwitch.Forget(leg);
            _switch.LinkUp(leg);
        }
    });

    /// <summary>The first router is master; the second one where it does not hear the first.</summary>
    private void Elect()
    {
        _routers[0].Powered = _gatewayAnswers;
        if (_routers.Length > 1)
        {
            if (_gatewayAnswers && !_management.Trunk)
            {
                _switch.Elect(_routers[1]);
            }
            else
            {
                _switch.Stand(_routers[1]);
            }

            if (_gatewayAnswers)
            {
                // Its advertisements come each second: the other switch learns where the address is.
                _routers[0].Announce();
            }
        }
    }
}
