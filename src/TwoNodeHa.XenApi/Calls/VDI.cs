using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>Calls of class VDI, the disk images (idl/datamodel.ml). All raise <see cref="XenApiException"/>.</summary>
public sealed class VDI
{
    private readonly IXenApi _api;

    /// <summary>Calls over the given session.</summary>
    public VDI(IXenApi api) => _api = api;

    /// <summary><c>VDI.get_all_records</c>.</summary>
    public Task<RecordTable<VDI, VDIRecord>> GetAllRecordsAsync(
        TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Read("VDI.get_all_records"), json => json.AsRecords<VDI, VDIRecord>(VDIRecord.Parse),
            deadline, cancellationToken);
}
