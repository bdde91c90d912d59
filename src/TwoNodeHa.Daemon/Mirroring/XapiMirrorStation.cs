using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Setup;
using TwoNodeHa.Daemon.Alerts;
using TwoNodeHa.XenApi;
using XenHost = TwoNodeHa.XenApi.Host;

namespace TwoNodeHa.Daemon.Mirroring;

/// <summary>
/// Copies in XAPI's <c>other_config</c>, through a client of its own: a slave's calls go to the master, and hang for their deadline without
/// one. Nobody waits for them.
/// </summary>
internal sealed class XapiMirrorStation(string socketPath, Guid self) : IMirrorStation, IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private readonly XenApiClient _client = XenApiClient.ForUnixSocket(socketPath, new XenApiClientOptions { Originator = "twonodeha" });
    private XenRef<Pool>? _pool;
    private XenRef<XenHost>? _host;
    private Session? _session;

    public async Task<Entries?> ReadAsync(CancellationToken cancel)
    {
        try
        {
            var session = _session ??= await _client.LoginAsync(Deadline, cancel);
            var pools = await session.Pool.GetAllRecordsAsync(Deadline, cancel);
            var hosts = await session.Host.GetAllRecordsAsync(Deadline, cancel);
            if (pools.Count == 0 || hosts.FirstOrDefault(host => host.Value.Uuid == self.ToString()) is not { Value: { } own } found)
            {
                return null;
            }

            var (reference, pool) = pools.First();
            (_pool, _host) = (reference, found.Key);
            return new Entries(pool.Uuid, pool.OtherConfig.GetValueOrDefault(ConfigMirror.Key), own.OtherConfig.GetValueOrDefault(MirroredState.Key));
        }
        catch (XenApiException)
        {
            _session = null;
            return null;
        }
    }

    public Task<Delivery> WriteConfigAsync(string text, CancellationToken cancel) => WriteAsync(static session => session.Pool.OtherConfig, _pool, ConfigMirror.Key, text, cancel);

    public Task<Delivery> WriteStateAsync(string text, CancellationToken cancel) => WriteAsync(static session => session.Host.OtherConfig, _host, MirroredState.Key, text, cancel);

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    /// <summary>XAPI replaces no key: it is removed, then added. Either may be repeated; what is missing between is found at the next reading.</summary>
    private async Task<Delivery> WriteAsync<T>(Func<Session, OtherConfig<T>> map, XenRef<T>? of, string key, string text, CancellationToken cancel)
    {
        try
        {
            var session = _session ??= await _client.LoginAsync(Deadline, cancel);
            await map(session).RemoveAsync(of!.Value, key, Deadline, cancel);
            await map(session).AddAsync(of.Value, key, text, Deadline, cancel);
            return Delivery.Done;
        }
        catch (XenApiException)
        {
            _session = null;
            return Delivery.Later;
        }
    }
}
