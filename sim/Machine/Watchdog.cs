using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace TwoNodeHa.Sim.Machine;

/// <summary>
/// The emulated watchdog: datagrams `arm [milliseconds]` and `disarm`, and a file that is there while it is armed. It runs on a thread of its own, as the real one
/// runs in the hypervisor: nothing that hangs on the host can hold it back.
/// </summary>
internal sealed class Watchdog : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Socket _socket;
    private readonly string _path;
    private readonly Action _fire;
    private readonly Thread _receiver;
    private TimeSpan? _deadline;

    public Watchdog(string path, Action fire)
    {
        _path = path;
        _fire = fire;
        File.Delete(path);
        File.Delete(Armed);
        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        _receiver = new Thread(Receive) { IsBackground = true, Name = "watchdog", Priority = ThreadPriority.AboveNormal };
        _receiver.Start();
    }

    /// <summary>Null while disarmed.</summary>
    public TimeSpan? Remaining
    {
        get
        {
            lock (_gate)
            {
                return _deadline - Stopwatch.GetElapsedTime(0);
            }
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        File.Delete(_path);
        File.Delete(Armed);
    }

    private string Armed => _path + ".armed";

    private void Receive()
    {
        byte[] buffer = new byte[256];
        try
        {
            while (true)
            {
                int wait = WaitMicroseconds();
                if (wait == 0)
                {
                    _fire();
                    return;
                }

                if (_socket.Poll(wait, SelectMode.SelectRead))
                {
                    int length = _socket.Receive(buffer);
                    Obey(Encoding.ASCII.GetString(buffer, 0, length));
                }
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private int WaitMicroseconds()
    {
        TimeSpan? remaining = Remaining;
        return remaining switch
        {
            null => 1_000_000,
            { Ticks: <= 0 } => 0,
            _ => (int)Math.Clamp(remaining.Value.TotalMicroseconds, 1, 1_000_000),
        };
    }

    private void Obey(string text)
    {
        string[] words = text.Split((char[])[' ', '\n', '\0'], StringSplitOptions.RemoveEmptyEntries);
        TimeSpan now = Stopwatch.GetElapsedTime(0);
        lock (_gate)
        {
            if (words is ["arm", var time] && double.TryParse(time, CultureInfo.InvariantCulture, out double milliseconds))
            {
                if (_deadline is null)
                {
                    File.WriteAllText(Armed, "");
                }

                _deadline = now + TimeSpan.FromMilliseconds(milliseconds);
            }
            else if (words is ["disarm"])
            {
                _deadline = null;
                File.Delete(Armed);
            }
        }
    }
}
