using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>
/// Calls of class VM_appliance, vApps (idl/datamodel.ml). All raise <see cref="XenApiException"/>.
/// </summary>
public sealed class VMAppliance
{
    private readonly IXenApi _api;

    /// <summary>Calls over the given session.</summary>
    public VMAppliance(IXenApi api) => _api = api;

    /// <summary><c>VM_appliance.get_all_records</c>.</summary>
    public Task<RecordTable<VMAppliance, VMApplianceRecord>> GetAllRecordsAsync(
        TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Read("VM_appliance.get_all_records"), json => json.AsRecords<VMAppliance, VMApplianceRecord>(VMApplianceRecord.Parse),
            deadline, cancellationToken);
}
