using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>
/// Calls of class VBD, the virtual drives of VMs (idl/datamodel.ml). All raise <see cref="XenApiException"/>.
/// </summary>
public sealed class VBD
{
    private readonly IXenApi _api;

    /// <summary>Calls over the given session.</summary>
    public VBD(IXenApi api) => _api = api;

    /// <summary><c>VBD.get_all_records</c>.</summary>
    public Task<RecordTable<VBD, VBDRecord>> GetAllRecordsAsync(
        TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Read("VBD.get_all_records"), json => json.AsRecords<VBD, VBDRecord>(VBDRecord.Parse),
            deadline, cancellationToken);
}
