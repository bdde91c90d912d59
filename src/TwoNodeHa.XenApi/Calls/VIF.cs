using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>
/// Calls of class VIF, the network interfaces of VMs (idl/datamodel.ml). All raise <see cref="XenApiException"/>.
/// </summary>
public sealed class VIF
{
    private readonly IXenApi _api;

    /// <summary>Calls over the given session.</summary>
    public VIF(IXenApi api) => _api = api;

    /// <summary><c>VIF.get_all_records</c>.</summary>
    public Task<RecordTable<VIF, VIFRecord>> GetAllRecordsAsync(
        TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Read("VIF.get_all_records"), json => json.AsRecords<VIF, VIFRecord>(VIFRecord.Parse),
            deadline, cancellationToken);
}
