using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;

namespace TwoNodeHa.Sim.Lab.Cables;

/// <summary>Addresses, routes and flags of the devices in the namespace of the calling thread, by the ioctls of netdevice(7).</summary>
internal static unsafe class NetDevices
{
    private const nuint AddRoute = 0x890B;
    private const nuint GetFlags = 0x8913;
    private const nuint SetFlags = 0x8914;
    private const nuint SetAddress = 0x8916;
    private const nuint SetNetmask = 0x891C;
    private const nuint SetHardware = 0x8924;
    private const nuint SetArp = 0x8955;

    private const ushort FlagUp = 0x1;
    private const ushort FlagRunning = 0x40;
    private const ushort Ethernet = 1;

    /// <summary>struct ifreq: a name of 16 bytes, a union of 24.</summary>
    private const int RequestBytes = 40;
    private const int NameBytes = 16;

    public static void Up(string device) => Flags(device, flags => (ushort)(flags | FlagUp));

    public static void Down(string device) => Flags(device, flags => (ushort)(flags & ~FlagUp));

    /// <summary>The cable carries, as the host's kernel sees it.</summary>
    public static bool HasCarrier(string device) => (Flags(device, null) & FlagRunning) != 0;

    /// <summary>Only while the device is down.</summary>
    public static void Hardware(string device, PhysicalAddress address) => Ask(device, SetHardware, union =>
    {
        BitConverter.TryWriteBytes(union, Ethernet);
        address.GetAddressBytes().CopyTo(union[2..]);
    });

    /// <summary>An IPv4 address of a network of 24 bits.</summary>
    public static void Address(string device, string address)
    {
        Ask(device, SetAddress, union => SocketAddressOf(address).CopyTo(union));
        Ask(device, SetNetmask, union => SocketAddressOf("255.255.255.0").CopyTo(union));
    }

    public static void DefaultRoute(string gateway)
    {
        // struct rtentry with 64 bits: target at 8, gateway at 24, mask at 40, flags at 56.
        Span<byte> route = stackalloc byte[120];
        route.Clear();
        SocketAddressOf("0.0.0.0").CopyTo(route[8..]);
        SocketAddressOf(gateway).CopyTo(route[24..]);
        SocketAddressOf("0.0.0.0").CopyTo(route[40..]);
        const ushort UpByGateway = 1 | 2;
        BitConverter.TryWriteBytes(route[56..], UpByGateway);
        Ask(AddRoute, route, "route by " + gateway);
    }

    /// <summary>A neighbour that the kernel need not ask for, as <c>arp -s</c> makes it.</summary>
    public static void Neighbour(string device, string address, PhysicalAddress hardware)
    {
        // struct arpreq of arp(7): protocol address, hardware address, flags at 32, mask, device at 52.
        Span<byte> request = stackalloc byte[68];
        request.Clear();
        SocketAddressOf(address).CopyTo(request);
        BitConverter.TryWriteBytes(request[16..], Ethernet);
        hardware.GetAddressBytes().CopyTo(request[18..]);
        const int CompletePermanent = 2 | 4;
        BitConverter.TryWriteBytes(request[32..], CompletePermanent);
        Encoding.ASCII.GetBytes(device, request[52..]);
        Ask(SetArp, request, "neighbour " + address);
    }

    /// <summary>What a machine that dies does: not one frame leaves it any more, while its processes still end.</summary>
    public static void AllDown()
    {
        foreach (NetworkInterface card in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (card.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            {
                Down(card.Name);
            }
        }
    }

    private delegate void Fill(Span<byte> union);

    private static ushort Flags(string device, Func<ushort, ushort>? change)
    {
        Span<byte> request = stackalloc byte[RequestBytes];
        Name(device, request);
        Ask(GetFlags, request, device);
        ushort flags = BitConverter.ToUInt16(request[NameBytes..]);
        if (change is not null)
        {
            BitConverter.TryWriteBytes(request[NameBytes..], change(flags));
            Ask(SetFlags, request, device);
        }

        return flags;
    }

    private static void Ask(string device, nuint what, Fill fill)
    {
        Span<byte> request = stackalloc byte[RequestBytes];
        Name(device, request);
        fill(request[NameBytes..]);
        Ask(what, request, device);
    }

    private static void Ask(nuint what, Span<byte> argument, string subject)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        fixed (byte* pointer = argument)
        {
            Kernel.Check(Kernel.Control((int)socket.Handle, what, pointer), $"ioctl {what:x} of {subject}");
        }
    }

    private static void Name(string device, Span<byte> request)
    {
        request.Clear();
        Encoding.ASCII.GetBytes(device, request[..(NameBytes - 1)]);
    }

    /// <summary>struct sockaddr_in.</summary>
    private static byte[] SocketAddressOf(string address)
    {
        var bytes = new byte[16];
        BitConverter.TryWriteBytes(bytes, (ushort)AddressFamily.InterNetwork);
        IPAddress.Parse(address).TryWriteBytes(bytes.AsSpan(4), out _);
        return bytes;
    }
}
