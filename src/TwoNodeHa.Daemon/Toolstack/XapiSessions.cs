using TwoNodeHa.XenApi;

namespace TwoNodeHa.Daemon.Toolstack;

/// <summary>
/// The sessions on the local unix socket. Local calls and pool calls have clients of their own: pool calls that hang on a
/// slave whose master died must not use up the places that a promotion needs.
/// </summary>
internal sealed class XapiSessions(string socketPath) : IAsyncDisposable
{
    /// <summary>
    /// A start goes on for twice the VM's start_delay after the VM runs, a migration for minutes: as many as a level has VMs may be
    /// open at a time.
    /// </summary>
    private const int LongCallsMax = 256;

    private readonly XenApiClient _startClient = XenApiClient.ForUnixSocket(
        socketPath, new XenApiClientOptions { Originator = "twonodeha", OutstandingCallsMax = LongCallsMax });
    private readonly XenApiClient _localClient = XenApiClient.ForUnixSocket(socketPath, new XenApiClientOptions { Originator = "twonodeha" });
    private readonly XenApiClient _poolClient = XenApiClient.ForUnixSocket(
        socketPath, new XenApiClientOptions { Originator = "twonodeha", OutstandingCallsMax = LongCallsMax });
    private readonly XenApiClient _eventClient = XenApiClient.ForUnixSocket(socketPath, new XenApiClientOptions { Originator = "twonodeha" });
    private readonly SemaphoreSlim _gate = new(1, 1);
    private Session? _local;
    private Session? _starts;
    private Session? _pool;
    private Session? _events;

    /// <summary>A local session: answers on every host in every role, at once.</summary>
    public async Task<Session> LocalAsync(TimeSpan deadline, CancellationToken cancel) =>
        _local ??= await LoginAsync(() => _localClient.LoginLocalAsync(deadline, cancel), () => _local, cancel);

    /// <summary>A local session for starts, which may stay open for minutes.</summary>
    public async Task<Session> StartsAsync(TimeSpan deadline, CancellationToken cancel) =>
        _starts ??= await LoginAsync(() => _startClient.LoginLocalAsync(deadline, cancel), () => _starts, cancel);

    /// <summary>A session of the pool: on a slave it needs the master, and hangs without it.</summary>
    public async Task<Session> PoolAsync(TimeSpan deadline, CancellationToken cancel) =>
        _pool ??= await _poolClient.LoginAsync(deadline, cancel);

    /// <summary>A session of its own for events, which wait on purpose.</summary>
    public async Task<Session> EventsAsync(TimeSpan deadline, CancellationToken cancel) =>
        _events ??= await _eventClient.LoginAsync(deadline, cancel);

    /// <summary>The toolstack was restarted or changed its role: what was remembered of the pool sessions is void.</summary>
    public void ForgetPool() => (_pool, _events) = (null, null);

    public async ValueTask DisposeAsync()
    {
        await _localClient.DisposeAsync();
        await _startClient.DisposeAsync();
        await _poolClient.DisposeAsync();
        await _eventClient.DisposeAsync();
        _gate.Dispose();
    }

    private async Task<Session> LoginAsync(Func<Task<Session>> login, Func<Session?> known, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            return known() ?? await login();
        }
        finally
        {
            _gate.Release();
        }
    }
}
