using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>Calls of class host_metrics (idl/datamodel_host.ml). All raise <see cref="XenApiException"/>.</summary>
public sealed class HostMetrics
{
    private readonly IXenApi _api;

    /// <summary>Calls over the given session.</summary>
    public HostMetrics(IXenApi api) => _api = api;

    /// <summary><c>host_metrics.get_all_records</c>.</summary>
    public Task<RecordTable<HostMetrics, HostMetricsRecord>> GetAllRecordsAsync(
        TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Read("host_metrics.get_all_records"),
            json => json.AsRecords<HostMetrics, HostMetricsRecord>(HostMetricsRecord.Parse),
            deadline, cancellationToken);
}
