using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Watchdog;

/// <summary>
/// A watchdog multiplexer behind a unix datagram socket: <c>arm MILLISECONDS</c> arms or feeds, <c>disarm</c> disarms. While
/// it is armed a file with the suffix <c>.armed</c> lies beside the socket.
/// </summary>
internal sealed class SocketWatchdog(string path, ILogger logger) : IWatchdog
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };

    public WatchdogFacts Open() => File.Exists(path)
        ? new WatchdogFacts(true, true, $"socket {path}, timeout with every feeding") { Running = File.Exists(path + ".armed"), SaysRunning = File.Exists(path + ".armed") }
        : new WatchdogFacts(false, true, $"socket {path} is missing");

    public void Feed(TimeSpan timeout) =>
        Send(string.Create(CultureInfo.InvariantCulture, $"arm {(long)timeout.TotalMilliseconds}"));

    public void Disarm() => Send("disarm");

    public void Dispose() => _socket.Dispose();

    private void Send(string message)
    {
        try
        {
            _socket.SendTo(Encoding.ASCII.GetBytes(message), SocketFlags.None, new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException error)
        {
            DaemonLog.WatchdogTrouble(logger, $"'{message}' was not sent to {path}: {error.SocketErrorCode}");
        }
    }
}
