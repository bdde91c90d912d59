using TwoNodeHa.Core.Operator;
using TwoNodeHa.Daemon.Toolstack;
using TwoNodeHa.XenApi;

namespace TwoNodeHa.Daemon.Alerts;

/// <summary>Writes messages through a client of its own.</summary>
internal sealed class XapiStation(string socketPath) : IMessageStation, IAsyncDisposable
{
    private readonly StationSession _station = new(socketPath);

    public async Task<Delivery> WriteAsync(XapiMessage message, CancellationToken cancel)
    {
        try
        {
            var session = await _station.OpenAsync(cancel);
            var (kind, uuid) = message.On switch
            {
                MessageObject.Host => ("Host", message.Uuid.ToString()),
                MessageObject.Vm => ("VM", message.Uuid.ToString()),
                _ => ("Pool", await PoolAsync(session, cancel)),
            };
            await session.Message.CreateAsync(message.Name, message.Priority, kind, uuid, message.Body, StationSession.Deadline, cancel);
            return Delivery.Done;
        }
        catch (XenApiFailure failure) when (failure.Code == XenApiErrorCode.UuidInvalid)
        {
            return Delivery.Refused;
        }
        catch (XenApiException error)
        {
            _station.Forget();
            return error.Outcome == CallOutcome.Unknown ? Delivery.Unknown : Delivery.Later;
        }
    }

    public ValueTask DisposeAsync() => _station.DisposeAsync();

    private static async Task<string> PoolAsync(Session session, CancellationToken cancel)
    {
        var pools = await session.Pool.GetAllRecordsAsync(StationSession.Deadline, cancel);
        return pools.Values.First().Uuid;
    }
}
