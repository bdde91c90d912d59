using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace TwoNodeHa.Sim.Lab;

/// <summary>
/// Opens sockets inside a network namespace of the lab. A namespace belongs to a thread and a socket keeps the one it was
/// made in, so a thread that ends afterwards is all it takes: no helper program runs in the namespace.
/// </summary>
internal static partial class NetNamespace
{
    private const int CloneNewNet = 0x40000000;
    private const int SolIp = 0;
    private const int IpTransparent = 19;

    /// <summary>A UDP socket bound to an address; also one that is not of this host, which then goes out as sender.</summary>
    public static Socket UdpSocket(LabNetwork network, string where, string address, int port) =>
        Inside(network, where, () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.SetRawSocketOption(SolIp, IpTransparent, BitConverter.GetBytes(1));
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), port));
            return socket;
        });

    /// <summary>A socket that receives a copy of every UDP packet that reaches this host, IP header included.</summary>
    public static Socket Listener(LabNetwork network, string where) =>
        Inside(network, where, () => new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Udp));

    private static Socket Inside(LabNetwork network, string where, Func<Socket> open)
    {
        Socket? socket = null;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Enter($"/run/netns/{network.Id}-{where}");
                socket = open();
            }
            catch (Exception error)
            {
                failure = error;
            }
        });
        thread.Start();
        thread.Join();
        return socket ?? throw new InvalidOperationException($"no socket in the namespace of '{where}'", failure);
    }

    private static void Enter(string path)
    {
        using SafeFileHandle handle = File.OpenHandle(path);
        if (SetNamespace(handle, CloneNewNet) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"setns {path}");
        }
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeHandle descriptor, int kind);
}
