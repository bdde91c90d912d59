using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>
/// Calls of class PBD, the paths from hosts to storage (idl/datamodel.ml). All raise <see cref="XenApiException"/>.
/// </summary>
public sealed class PBD
{
    private readonly IXenApi _api;

    /// <summary>Calls over the given session.</summary>
    public PBD(IXenApi api) => _api = api;

    /// <summary><c>PBD.get_all_records</c>.</summary>
    public Task<RecordTable<PBD, PBDRecord>> GetAllRecordsAsync(
        TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Read("PBD.get_all_records"), json => json.AsRecords<PBD, PBDRecord>(PBDRecord.Parse),
            deadline, cancellationToken);

    /// <summary>
    /// <c>PBD.plug</c>: attaches the storage on the host of the path, wherever it is called. Without effect when it is plugged.
    /// Raises <c>SR_BACKEND_FAILURE_*</c> while the storage is away, <c>HOST_OFFLINE</c>.
    /// </summary>
    public Task PlugAsync(XenRef<PBD> pbd, TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(XenApiCall.Write("PBD.plug", pbd.Value), deadline, cancellationToken);
}
