using System.Net.Sockets;

namespace TwoNodeHa.Daemon.Control;

/// <summary>One client of the control socket.</summary>
internal sealed class ControlClient : IDisposable
{
    private readonly CancellationTokenSource _evicted;
    private readonly Lock _gate = new();
    private long _idleSince = -1;
    private bool _isDisposed;

    public ControlClient(Socket socket, CancellationToken stop)
    {
        Socket = socket;
        _evicted = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Evicted = _evicted.Token;
        IdleSince = Environment.TickCount64;
    }

    public Socket Socket { get; }

    /// <summary>Its place is given to another client.</summary>
    public CancellationToken Evicted { get; }

    /// <summary>Since when it owes a request, milliseconds of <see cref="Environment.TickCount64"/>; null while one is answered.</summary>
    public long? IdleSince
    {
        get => Interlocked.Read(ref _idleSince) is >= 0 and var since ? since : null;
        set => Interlocked.Exchange(ref _idleSince, value ?? -1);
    }

    public void Evict()
    {
        lock (_gate)
        {
            if (!_isDisposed)
            {
                _evicted.Cancel();
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
        }

        _evicted.Dispose();
        Socket.Dispose();
    }
}
