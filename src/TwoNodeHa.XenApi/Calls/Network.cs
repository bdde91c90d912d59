using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>
/// Calls of class network, the networks of the pool (idl/datamodel.ml). All raise <see cref="XenApiException"/>.
/// </summary>
public sealed class Network
{
    private readonly IXenApi _api;

    /// <summary>Calls over the given session.</summary>
    public Network(IXenApi api) => _api = api;

    /// <summary><c>network.get_all_records</c>.</summary>
    public Task<RecordTable<Network, NetworkRecord>> GetAllRecordsAsync(
        TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Read("network.get_all_records"), json => json.AsRecords<Network, NetworkRecord>(NetworkRecord.Parse),
            deadline, cancellationToken);
}
