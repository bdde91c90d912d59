using System.Net.Sockets;
using System.Text;

namespace TwoNodeHa.Daemon.Systemd;

/// <summary>sd_notify(3): datagrams to the service manager. Without NOTIFY_SOCKET every call is a quiet no-op.</summary>
internal sealed class ServiceNotifier : IDisposable
{
    private readonly Socket? _socket;
    private readonly UnixDomainSocketEndPoint? _manager;

    /// <param name="socketPath">Value of NOTIFY_SOCKET; null or empty outside of systemd. A leading <c>@</c> is the abstract namespace.</param>
    /// <param name="watchdogMicroseconds">Value of WATCHDOG_USEC; null when the unit has no WatchdogSec.</param>
    public ServiceNotifier(string? socketPath, string? watchdogMicroseconds)
    {
        if (!string.IsNullOrEmpty(socketPath))
        {
            _manager = new UnixDomainSocketEndPoint(socketPath[0] == '@' ? '\0' + socketPath[1..] : socketPath);
            _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
        }

        // Half of the interval, as sd_watchdog_enabled(3) advises. What no TimeSpan can hold is no watching either.
        WatchdogInterval = long.TryParse(watchdogMicroseconds, out var microseconds)
            && microseconds is > 0 and < long.MaxValue / TimeSpan.TicksPerMicrosecond
            ? TimeSpan.FromMicroseconds(microseconds / 2.0)
            : null;
    }

    /// <summary>How often <c>WATCHDOG=1</c> is due; null when systemd does not watch.</summary>
    public TimeSpan? WatchdogInterval { get; }

    public void Ready(string status) => Send($"READY=1\nSTATUS={status}");

    public void Status(string status) => Send($"STATUS={status}");

    public void Watchdog() => Send("WATCHDOG=1");

    public void Stopping() => Send("STOPPING=1");

    public void Dispose() => _socket?.Dispose();

    private void Send(string message)
    {
        if (_socket is null)
        {
            return;
        }

        try
        {
            _socket.SendTo(Encoding.UTF8.GetBytes(message), SocketFlags.None, _manager!);
        }
        catch (SocketException)
        {
            // The manager's own timeout says more than a retry here could.
        }
    }
}
