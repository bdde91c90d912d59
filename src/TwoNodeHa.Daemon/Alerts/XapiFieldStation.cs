using TwoNodeHa.Core.Operator;
using TwoNodeHa.XenApi;

namespace TwoNodeHa.Daemon.Alerts;

/// <summary>Custom fields in XAPI's <c>other_config</c>, through a client of its own: two small calls for each write, and one large one when a mastership begins.</summary>
internal sealed class XapiFieldStation(string socketPath) : IFieldStation, IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private readonly XenApiClient _client = XenApiClient.ForUnixSocket(socketPath, new XenApiClientOptions { Originator = "twonodeha" });
    private readonly Dictionary<Guid, XenRef<VM>> _vms = [];
    private XenRef<Pool>? _pool;
    private Session? _session;

    public async Task<Dictionary<Guid, string>?> ReadAsync(CancellationToken cancel)
    {
        try
        {
            var session = _session ??= await _client.LoginLocalAsync(Deadline, cancel);
            var found = new Dictionary<Guid, string>();
            _vms.Clear();
            foreach (var (vm, record) in await session.VM.GetAllRecordsAsync(Deadline, cancel))
            {
                if (Guid.TryParse(record.Uuid, out var uuid))
                {
                    _vms[uuid] = vm;
                    Keep(uuid, record.OtherConfig);
                }
            }

            var (pool, of) = (await session.Pool.GetAllRecordsAsync(Deadline, cancel)).First();
            _pool = pool;
            Keep(Guid.Empty, of.OtherConfig);
            return found;

            void Keep(Guid uuid, IReadOnlyDictionary<string, string> config)
            {
                if (config.TryGetValue(FieldText.Key, out var text))
                {
                    found[uuid] = text;
                }
            }
        }
        catch (XenApiException)
        {
            _session = null;
            return null;
        }
    }

    public async Task<Delivery> WriteAsync(Guid on, string? text, CancellationToken cancel)
    {
        try
        {
            var session = _session ??= await _client.LoginLocalAsync(Deadline, cancel);
            if (on == Guid.Empty && _pool is { } pool)
            {
                await PutAsync(session.Pool.OtherConfig, pool, text, cancel);
                return Delivery.Done;
            }

            if (!_vms.TryGetValue(on, out var vm))
            {
                // Created since the fields were read.
                return Delivery.Refused;
            }

            await PutAsync(session.VM.OtherConfig, vm, text, cancel);
            return Delivery.Done;
        }
        catch (XenApiFailure failure) when (failure.Code == XenApiErrorCode.HandleInvalid)
        {
            return Delivery.Refused;
        }
        catch (XenApiException)
        {
            _session = null;
            return Delivery.Later;
        }
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    /// <summary>XAPI replaces no key: it is removed, then added. Either may be repeated.</summary>
    private static async Task PutAsync<T>(OtherConfig<T> map, XenRef<T> of, string? text, CancellationToken cancel)
    {
        await map.RemoveAsync(of, FieldText.Key, Deadline, cancel);
        if (text is not null)
        {
            await map.AddAsync(of, FieldText.Key, text, Deadline, cancel);
        }
    }
}
