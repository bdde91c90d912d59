using System.Collections.Immutable;
using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>
/// Calls of class host (idl/datamodel_host.ml, xapi_host.ml). All raise <see cref="XenApiException"/>.
/// </summary>
public sealed class Host
{
    private readonly IXenApi _api;

    /// <summary>Calls over the given session.</summary>
    public Host(IXenApi api)
    {
        _api = api;
        OtherConfig = new OtherConfig<Host>(api, "host");
    }

    /// <summary>The map <c>other_config</c> of hosts.</summary>
    public OtherConfig<Host> OtherConfig { get; }

    /// <summary><c>host.get_all_records</c>.</summary>
    public Task<RecordTable<Host, HostRecord>> GetAllRecordsAsync(
        TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Read("host.get_all_records"), json => json.AsRecords<Host, HostRecord>(HostRecord.Parse),
            deadline, cancellationToken);

    /// <summary>
    /// <c>host.get_enabled</c>. After a promotion the new master enables itself only when storage is plugged.
    /// </summary>
    public Task<bool> GetEnabledAsync(XenRef<Host> host, TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(
            XenApiCall.Read("host.get_enabled", host.Value), json => json.AsBool(), deadline, cancellationToken);

    /// <summary>
    /// <c>host.is_in_emergency_mode</c> of the receiving host. Needs a local session, never the master (xapi.md 3).
    /// </summary>
    public Task<bool> IsInEmergencyModeAsync(TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(
            XenApiCall.Read("host.is_in_emergency_mode"), json => json.AsBool(), deadline, cancellationToken);

    /// <summary>
    /// <c>host.local_assert_healthy</c>: raises the <see cref="XenApiFailure"/> that is the reason of emergency mode,
    /// or returns. Needs a local session, never the master. The failure is the information: it is not repeated.
    /// </summary>
    public Task LocalAssertHealthyAsync(TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(XenApiCall.Read("host.local_assert_healthy"), deadline, cancellationToken);

    /// <summary><c>host.disable</c>: no VM starts there any more, until its xapi restarts.</summary>
    public Task DisableAsync(XenRef<Host> host, TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(XenApiCall.Write("host.disable", host.Value), deadline, cancellationToken);

    /// <summary>
    /// <c>host.enable</c>. Raises <see cref="XenApiErrorCode.HostStillBooting"/> or
    /// <see cref="XenApiErrorCode.HostDisabledUntilReboot"/>.
    /// </summary>
    public Task EnableAsync(XenRef<Host> host, TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(XenApiCall.Write("host.enable", host.Value), deadline, cancellationToken);

    /// <summary>
    /// <c>host.declare_dead</c> on the master: resets the host's VMs and runs the hooks that release disk locks, so
    /// call it only when the host is proven dead. Raises <see cref="XenApiErrorCode.HostIsLive"/> if its xapi answers
    /// and <see cref="XenApiErrorCode.XapiHookFailed"/>. May take a connect time-out per VM (xapi.md 5.3). Never
    /// repeated.
    /// </summary>
    public Task DeclareDeadAsync(XenRef<Host> host, TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(XenApiCall.WriteOnce("host.declare_dead", host.Value), deadline, cancellationToken);

    /// <summary>
    /// <c>host.compute_free_memory</c> in bytes, with balloonable VMs at their minimum (memory_check.ml). Arithmetic
    /// over the database, as stale as that is.
    /// </summary>
    public Task<long> ComputeFreeMemoryAsync(
        XenRef<Host> host, TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Read("host.compute_free_memory", host.Value), json => json.AsInt(), deadline, cancellationToken);

    /// <summary>
    /// <c>host.evacuate</c>: migrates all VMs away, or raises the error of the first that cannot move. Does not disable
    /// the host. Runs many migrations inside, hence never repeated.
    /// </summary>
    public Task EvacuateAsync(XenRef<Host> host, TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(XenApiCall.WriteOnce("host.evacuate", host.Value), deadline, cancellationToken);

    /// <summary>
    /// <c>host.get_vms_which_prevent_evacuation</c>: for each such VM the error, code first. Empty when all can move.
    /// </summary>
    public Task<RecordTable<VM, ImmutableArray<string>>> GetVMsWhichPreventEvacuationAsync(
        XenRef<Host> host, TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Read("host.get_vms_which_prevent_evacuation", host.Value),
            json => json.AsRecords<VM, ImmutableArray<string>>(reason => reason.AsStrings()),
            deadline, cancellationToken);
}
