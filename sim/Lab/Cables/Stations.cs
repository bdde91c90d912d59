using System.Net;
using System.Net.NetworkInformation;

namespace TwoNodeHa.Sim.Lab.Cables;

/// <summary>What is plugged into a wire.</summary>
internal abstract class Station(string name, PhysicalAddress hardware, IPAddress address)
{
    public string Name { get; } = name;

    public PhysicalAddress Hardware { get; } = hardware;

    public IPAddress Address { get; } = address;

    /// <summary>It has power: it sends and hears.</summary>
    public bool Powered { get; set; }

    /// <summary>Its cables; two of a bond.</summary>
    public List<Leg> Legs { get; } = [];

    /// <summary>A frame has come out of a cable.</summary>
    public abstract void Receive(Leg leg, ReadOnlySpan<byte> frame);
}

/// <summary>One cable, between a station and a port of the wire.</summary>
internal sealed class Leg(Station owner, string name, Wire wire, int side)
{
    public Station Owner { get; } = owner;

    public string Name { get; } = name;

    public Wire Wire { get; } = wire;

    /// <summary>On which side of the trunk.</summary>
    public int Side { get; } = side;

    public bool Plugged { get; set; } = true;

    /// <summary>Both ends have carrier, and nothing passes: a media converter whose other half died.</summary>
    public bool Dead { get; set; }

    /// <summary>The port learns and listens until then (IEEE 802.1D, 8.4: twice the forward delay), and forwards nothing.</summary>
    public TimeSpan ClosedUntil { get; set; }

    public bool Forwards(TimeSpan now) => Plugged && !Dead && now >= ClosedUntil;
}

/// <summary>The network of one kind: a switch, or two with a trunk between them; or a cable between two hosts.</summary>
/// <param name="Name"><c>mgmt</c>, <c>cross</c> or <c>boards</c>.</param>
/// <param name="IsCable">Without power at one end there is no carrier at the other.</param>
internal sealed record Wire(string Name, bool IsCable)
{
    public List<Leg> Legs { get; } = [];

    /// <summary>The switches of both sides are connected.</summary>
    public bool Trunk { get; set; } = true;

    /// <summary>Where the switch of each side heard a hardware address last.</summary>
    public Dictionary<(int Side, ulong Address), Leg> Table { get; } = [];

    /// <summary>Addresses that are not learned anew until then.</summary>
    public Dictionary<ulong, TimeSpan> Frozen { get; } = [];
}

/// <summary>A network card of a host: the other end of its TAP device, with one cable, or two as an active-backup bond.</summary>
internal sealed class Card(string host, string device, PhysicalAddress hardware, IPAddress address)
    : Station(host, hardware, address)
{
    public string Device { get; } = device;

    /// <summary>Null while the host has no power.</summary>
    public TapDevice? Tap { get; set; }

    /// <summary>The cable that a bond uses.</summary>
    public int Active { get; set; }

    /// <summary>When the bond goes over to the other cable; null while it need not.</summary>
    public TimeSpan? FailoverAt { get; set; }

    public Leg ActiveLeg => Legs[Active];

    public bool HasCarrier => Legs.Any(leg => leg.Plugged && (!leg.Wire.IsCable || leg.Wire.Legs.All(end => end.Plugged && end.Owner.Powered)));

    /// <summary>The backup of a bond hears nothing.</summary>
    public override void Receive(Leg leg, ReadOnlySpan<byte> frame)
    {
        if (Powered && leg == ActiveLeg)
        {
            Tap?.Send(frame);
        }
    }
}

/// <summary>
/// A router: answers ARP for its address and pings, and forwards nothing. Two of them with the same addresses, one on each
/// side of the trunk, are a VRRP pair (RFC 9568): the backup is silent while it hears the master.
/// </summary>
internal sealed class Router(PhysicalAddress hardware, IPAddress address, Action<Leg, byte[]> send) : Station("gw", hardware, address)
{
    /// <summary>Three advertisements of one second and a skew that were not heard (RFC 9568, section 6.1).</summary>
    public static TimeSpan MasterDown { get; } = TimeSpan.FromSeconds(3.6);

    public override void Receive(Leg leg, ReadOnlySpan<byte> frame)
    {
        if (Powered)
        {
            if (Frame.IsArpQuestion(frame, out IPAddress asked))
            {
                AnswerArp(leg, frame, asked);
            }
            else if (Frame.Protocol(frame) == Frame.Icmp && Frame.IpTarget(frame).Equals(Address) && frame[Frame.PayloadAt(frame)] == 8)
            {
                send(leg, Frame.EchoTo(frame));
            }
        }
    }

    /// <summary>Gratuitous ARP: the switches learn where the address is now.</summary>
    public void Announce() => send(Legs[0], Frame.ArpMessage(1, Hardware, Address, Frame.Broadcast, Address));

    private void AnswerArp(Leg leg, ReadOnlySpan<byte> frame, IPAddress asked)
    {
        if (asked.Equals(Address))
        {
            var asker = new PhysicalAddress(frame[6..12].ToArray());
            send(leg, Frame.ArpMessage(2, Hardware, Address, asker, new IPAddress(frame.Slice(28, 4))));
        }
    }
}
