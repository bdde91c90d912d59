using System.Net;
using System.Net.Sockets;

namespace TwoNodeHa.Sim.Lab;

/// <summary>
/// Sends datagrams that nobody asked for from one namespace of the lab to a host, under any sender address: the own one,
/// or the one of the peer. The content is drawn from a fixed seed.
/// </summary>
internal sealed class Flood : IDisposable
{
    private const int LargestDatagram = 65507;
    private const int LargestHeartbeat = 1200;
    private const int Burst = 50;

    private readonly Socket _socket;
    private readonly IPEndPoint _target;
    private readonly Random _random = new(1);

    public Flood(LabNetwork network, string from, string sender, string target, int port)
    {
        _target = new IPEndPoint(IPAddress.Parse(target), port);
        _socket = network.SpaceOf(from).Run(() => Sender(IPAddress.Parse(sender), port));
    }

    /// <summary>One genuine datagram that this host received from its peer.</summary>
    public static byte[] Record(LabNetwork network, string host, int port)
    {
        const int UdpHeader = 8;
        using Socket listener = network.SpaceOf(host).Run(
            () => new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Udp));
        listener.ReceiveTimeout = 5000;
        var buffer = new byte[LargestDatagram];
        while (true)
        {
            int length = listener.Receive(buffer);
            int ipHeader = (buffer[0] & 15) * 4;
            int destination = (buffer[ipHeader + 2] << 8) | buffer[ipHeader + 3];
            if (destination == port)
            {
                return buffer[(ipHeader + UdpHeader)..length];
            }
        }
    }

    /// <summary>Random bytes of every length that a heartbeat may have, also none.</summary>
    public int Garbage(int count) => Send(count, _ =>
    {
        var bytes = new byte[_random.Next(LargestHeartbeat + 1)];
        _random.NextBytes(bytes);
        return bytes;
    });

    /// <summary>The largest datagram there is.</summary>
    public int Oversized(int count)
    {
        var bytes = new byte[LargestDatagram];
        _random.NextBytes(bytes);
        return Send(count, _ => bytes);
    }

    /// <summary>A genuine datagram with one bit changed, so that its authenticator is wrong: what a wrong key gives.</summary>
    public int Forged(byte[] genuine, int count) => Send(count, _ =>
    {
        byte[] bytes = [.. genuine];
        bytes[_random.Next(bytes.Length)] ^= (byte)(1 << _random.Next(8));
        return bytes;
    });

    /// <summary>A genuine datagram, again and again.</summary>
    public int Replayed(byte[] genuine, int count) => Send(count, _ => genuine);

    public void Dispose() => _socket.Dispose();

    /// <summary>Bound to an address that need not be of this station, and then goes out as sender (ip(7), IP_TRANSPARENT).</summary>
    private static Socket Sender(IPAddress address, int port)
    {
        const int SolIp = 0;
        const int IpTransparent = 19;
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.SetRawSocketOption(SolIp, IpTransparent, BitConverter.GetBytes(1));
        socket.Bind(new IPEndPoint(address, port));
        return socket;
    }

    /// <summary>In bursts with pauses: a socket buffer that overflows loses what should be looked at and refused.</summary>
    private int Send(int count, Func<int, byte[]> content)
    {
        for (int index = 0; index < count; index++)
        {
            _socket.SendTo(content(index), _target);
            if (index % Burst == Burst - 1)
            {
                Thread.Sleep(5);
            }
        }

        return count;
    }
}
