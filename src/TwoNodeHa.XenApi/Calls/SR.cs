using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>
/// Calls of class SR, the storage repositories (idl/datamodel.ml). All raise <see cref="XenApiException"/>.
/// </summary>
public sealed class SR
{
    private readonly IXenApi _api;

    /// <summary>Calls over the given session.</summary>
    public SR(IXenApi api) => _api = api;

    /// <summary><c>SR.get_all_records</c>.</summary>
    public Task<RecordTable<SR, SRRecord>> GetAllRecordsAsync(
        TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Read("SR.get_all_records"), json => json.AsRecords<SR, SRRecord>(SRRecord.Parse),
            deadline, cancellationToken);
}
