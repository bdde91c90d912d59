using TwoNodeHa.Core.Operator;
using TwoNodeHa.XenApi;

namespace TwoNodeHa.Daemon.Alerts;

/// <summary>
/// Writes messages through a client of its own: a toolstack that hangs in one takes nothing from the calls that a takeover needs.
/// </summary>
internal sealed class XapiStation(string socketPath) : IMessageStation, IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private readonly XenApiClient _client = XenApiClient.ForUnixSocket(socketPath, new XenApiClientOptions { Originator = "twonodeha" });
    private Session? _session;

    public async Task<Delivery> WriteAsync(XapiMessage message, CancellationToken cancel)
    {
        try
        {
            var session = _session ??= await _client.LoginLocalAsync(Deadline, cancel);
            var (kind, uuid) = message.On switch
            {
                MessageObject.Host => ("Host", message.Uuid.ToString()),
                MessageObject.Vm => ("VM", message.Uuid.ToString()),
                _ => ("Pool", await PoolAsync(session, cancel)),
            };
            await session.Message.CreateAsync(message.Name, message.Priority, kind, uuid, message.Body, Deadline, cancel);
            return Delivery.Done;
        }
        catch (XenApiFailure failure) when (failure.Code == XenApiErrorCode.UuidInvalid)
        {
            return Delivery.Refused;
        }
        catch (XenApiException error)
        {
            _session = null;

            return error.Outcome == CallOutcome.Unknown ? Delivery.Unknown : Delivery.Later;
        }
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private static async Task<string> PoolAsync(Session session, CancellationToken cancel)
    {
        var pools = await session.Pool.GetAllRecordsAsync(Deadline, cancel);
        return pools.Values.First().Uuid;
    }
}
