using System.Buffers.Binary;
using System.Net.Sockets;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Toolstack;

/// <summary>
/// What xapi's unix socket shows without a call: whether somebody listens, who, and whether he picks up. A caller who hangs up without a
/// word is hung up on by a process that works (<c>http_svr.ml</c>); one that stands still leaves him in its queue.
/// </summary>
internal static class ToolstackSocket
{
    private const int SolSocket = 1;
    private const int SoPeercred = 17;

    /// <summary>One look, within twice the patience.</summary>
    /// <param name="path">The socket.</param>
    /// <param name="patience">A process that works takes a connection, and hangs up, within this.</param>
    /// <param name="picksUp">Wait until it hangs up; otherwise <see cref="Look.PicksUp"/> is false.</param>
    public static async Task<Look> LookAsync(string path, TimeSpan patience, bool picksUp)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            using var bound = new CancellationTokenSource(patience);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), bound.Token);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            return default;
        }

        var listener = ListenerOf(socket, path);
        return new Look(Listens: true, picksUp && listener is not null && await HangsUpAsync(socket, patience), listener);
    }

    private static async Task<bool> HangsUpAsync(Socket socket, TimeSpan patience)
    {
        try
        {
            using var bound = new CancellationTokenSource(patience);
            socket.Shutdown(SocketShutdown.Send);
            return await socket.ReceiveAsync(new byte[1], bound.Token) == 0;
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    private static ToolstackListener? ListenerOf(Socket socket, string path)
    {
        try
        {
            Span<byte> credentials = stackalloc byte[12];
            return socket.GetRawSocketOption(SolSocket, SoPeercred, credentials) >= sizeof(int)
                ? new ToolstackListener(BinaryPrimitives.ReadInt32LittleEndian(credentials), File.GetLastWriteTimeUtc(path).Ticks)
                : null;
        }
        catch (Exception error) when (error is SocketException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>What was seen.</summary>
    /// <param name="Listens">A connection was taken into the queue.</param>
    /// <param name="PicksUp">And taken out of it, by a process that noticed its end.</param>
    /// <param name="Listener">Whose socket it is.</param>
    internal readonly record struct Look(bool Listens, bool PicksUp, ToolstackListener? Listener);
}
