using TwoNodeHa.XenApi;

namespace TwoNodeHa.Daemon.Toolstack;

/// <summary>
/// A client of its own for what nobody waits for, with its session kept from one call to the next: a toolstack that hangs in one takes nothing from the
/// calls that a takeover needs.
/// </summary>
/// <param name="socketPath">XAPI's socket.</param>
/// <param name="ofPool">A session of the pool, whose calls a slave passes on to the master, and which hang for their deadline without one; otherwise of this host's toolstack alone.</param>
internal sealed class StationSession(string socketPath, bool ofPool = false) : IAsyncDisposable
{
    /// <summary>Bound of each call.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private readonly XenApiClient _client = XenApiClient.ForUnixSocket(socketPath, new XenApiClientOptions { Originator = "twonodeha" });
    private Session? _session;

    /// <summary>The session; opened where there is none.</summary>
    /// <exception cref="XenApiException">The toolstack did not give one.</exception>
    public async Task<Session> OpenAsync(CancellationToken cancel) =>
        _session ??= ofPool ? await _client.LoginAsync(Deadline, cancel) : await _client.LoginLocalAsync(Deadline, cancel);

    /// <summary>A call failed: the next one begins anew.</summary>
    public void Forget() => _session = null;

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
