using TwoNodeHa.Core.Operator;
using TwoNodeHa.Daemon.Toolstack;
using TwoNodeHa.XenApi;

namespace TwoNodeHa.Daemon.Alerts;

/// <summary>Custom fields in XAPI's <c>other_config</c>, through a client of its own: two small calls for each write, and one large one when a mastership begins.</summary>
internal sealed class XapiFieldStation(string socketPath) : IFieldStation, IAsyncDisposable
{
    private readonly StationSession _station = new(socketPath);
    private readonly Dictionary<Guid, XenRef<VM>> _vms = [];
    private XenRef<Pool>? _pool;

    public async Task<Dictionary<Guid, string>?> ReadAsync(CancellationToken cancel)
    {
        try
        {
            var session = await _station.OpenAsync(cancel);
            var found = new Dictionary<Guid, string>();
            _vms.Clear();
            foreach (var (vm, record) in await session.VM.GetAllRecordsAsync(StationSession.Deadline, cancel))
            {
                if (Guid.TryParse(record.Uuid, out var uuid))
                {
                    _vms[uuid] = vm;
                    Keep(uuid, record.OtherConfig);
                }
            }

            var (pool, of) = (await session.Pool.GetAllRecordsAsync(StationSession.Deadline, cancel)).First();
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
            _station.Forget();
            return null;
        }
    }

    public async Task<Delivery> WriteAsync(Guid on, string? text, CancellationToken cancel)
    {
        try
        {
            var session = await _station.OpenAsync(cancel);
            if (on == Guid.Empty && _pool is { } pool)
            {
                await session.Pool.OtherConfig.PutAsync(pool, FieldText.Key, text, StationSession.Deadline, cancel);
                return Delivery.Done;
            }

            if (!_vms.TryGetValue(on, out var vm))
            {
                // Created since the fields were read.
                return Delivery.Refused;
            }

            await session.VM.OtherConfig.PutAsync(vm, FieldText.Key, text, StationSession.Deadline, cancel);
            return Delivery.Done;
        }
        catch (XenApiFailure failure) when (failure.Code == XenApiErrorCode.HandleInvalid)
        {
            return Delivery.Refused;
        }
        catch (XenApiException)
        {
            _station.Forget();
            return Delivery.Later;
        }
    }

    public ValueTask DisposeAsync() => _station.DisposeAsync();
}
