using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Setup;
using TwoNodeHa.Daemon.Alerts;
using TwoNodeHa.Daemon.Toolstack;
using TwoNodeHa.XenApi;
using XenHost = TwoNodeHa.XenApi.Host;

namespace TwoNodeHa.Daemon.Mirroring;

/// <summary>Copies in XAPI's <c>other_config</c>, through a client of its own.</summary>
internal sealed class XapiMirrorStation(string socketPath, Guid self) : IMirrorStation, IAsyncDisposable
{
    private readonly StationSession _station = new(socketPath, ofPool: true);
    private XenRef<Pool>? _pool;
    private XenRef<XenHost>? _host;

    public async Task<Entries?> ReadAsync(CancellationToken cancel)
    {
        try
        {
            var session = await _station.OpenAsync(cancel);
            var pools = await session.Pool.GetAllRecordsAsync(StationSession.Deadline, cancel);
            var hosts = await session.Host.GetAllRecordsAsync(StationSession.Deadline, cancel);
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
            _station.Forget();
            return null;
        }
    }

    public Task<Delivery> WriteConfigAsync(string text, CancellationToken cancel) => WriteAsync(static session => session.Pool.OtherConfig, _pool, ConfigMirror.Key, text, cancel);

    public Task<Delivery> WriteStateAsync(string text, CancellationToken cancel) => WriteAsync(static session => session.Host.OtherConfig, _host, MirroredState.Key, text, cancel);

    public ValueTask DisposeAsync() => _station.DisposeAsync();

    /// <summary>An entry that is missing between its removal and its addition is found at the next reading.</summary>
    private async Task<Delivery> WriteAsync<T>(Func<Session, OtherConfig<T>> map, XenRef<T>? of, string key, string text, CancellationToken cancel)
    {
        try
        {
            var session = await _station.OpenAsync(cancel);
            await map(session).PutAsync(of!.Value, key, text, StationSession.Deadline, cancel);
            return Delivery.Done;
        }
        catch (XenApiException)
        {
            _station.Forget();
            return Delivery.Later;
        }
    }
}
