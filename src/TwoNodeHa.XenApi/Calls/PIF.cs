using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>
/// Calls of class PIF, the network interfaces of hosts (idl/datamodel.ml). All raise <see cref="XenApiException"/>.
/// </summary>
public sealed class PIF
{
    private readonly IXenApi _api;

    /// <summary>Calls over the given session.</summary>
    public PIF(IXenApi api) => _api = api;

    /// <summary><c>PIF.get_all_records</c>.</summary>
    public Task<RecordTable<PIF, PIFRecord>> GetAllRecordsAsync(
        TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Read("PIF.get_all_records"), json => json.AsRecords<PIF, PIFRecord>(PIFRecord.Parse),
            deadline, cancellationToken);
}
