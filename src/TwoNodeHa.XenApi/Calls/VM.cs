using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>Calls of class VM (idl/datamodel_vm.ml, xapi_vm.ml). All raise <see cref="XenApiException"/>.</summary>
/// <remarks>
/// An operation that collides with another one waits inside XAPI for up to two hours (helpers.ml); only the deadline
/// ends the wait of the caller, and the operation may still happen afterwards.
/// </remarks>
public sealed class VM
{
    private readonly IXenApi _api;

    /// <summary>Calls over the given session.</summary>
    public VM(IXenApi api)
    {
        _api = api;
        OtherConfig = new OtherConfig<VM>(api, "VM");
    }

    /// <summary>The map <c>other_config</c> of VMs.</summary>
    public OtherConfig<VM> OtherConfig { get; }

    /// <summary><c>VM.get_all_records</c>: everything, with templates, snapshots and control domains.</summary>
    public Task<RecordTable<VM, VMRecord>> GetAllRecordsAsync(
        TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Read("VM.get_all_records"), json => json.AsRecords<VM, VMRecord>(VMRecord.Parse),
            deadline, cancellationToken);

    /// <summary><c>VM.get_record</c>. Raises <see cref="XenApiErrorCode.HandleInvalid"/> if the VM is gone.</summary>
    public Task<VMRecord> GetRecordAsync(XenRef<VM> vm, TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(XenApiCall.Read("VM.get_record", vm.Value), VMRecord.Parse, deadline, cancellationToken);

    /// <summary>
    /// <c>VM.start</c>: XAPI chooses the host; raises <see cref="XenApiErrorCode.NoHostsAvailable"/>.
    /// </summary>
    public Task StartAsync(
        XenRef<VM> vm, bool startPaused, bool force, TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(XenApiCall.Write("VM.start", vm.Value, startPaused, force), deadline, cancellationToken);

    /// <summary>
    /// <c>VM.start_on</c>. Returns after the VM runs and <c>start_delay</c> has been slept twice (xapi_vm.ml). Raises
    /// the specific reason when it cannot run there.
    /// </summary>
    public Task StartOnAsync(
        XenRef<VM> vm, XenRef<Host> host, bool startPaused, bool force, TimeSpan deadline,
        CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Write("VM.start_on", vm.Value, host.Value, startPaused, force), deadline, cancellationToken);

    /// <summary><c>Async.VM.start_on</c>: returns a task at once; see <see cref="Task_.WaitAsync"/>.</summary>
    public Task<XenRef<Task_>> AsyncStartOnAsync(
        XenRef<VM> vm, XenRef<Host> host, bool startPaused, bool force, TimeSpan deadline,
        CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Write("Async.VM.start_on", vm.Value, host.Value, startPaused, force),
            json => json.AsRef<Task_>(), deadline, cancellationToken);

    /// <summary><c>VM.hard_shutdown</c>; forwarded to the resident host, so useless when that is dead.</summary>
    public Task HardShutdownAsync(XenRef<VM> vm, TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(XenApiCall.Write("VM.hard_shutdown", vm.Value), deadline, cancellationToken);

    /// <summary>
    /// <c>VM.clean_shutdown</c>: asks the guest and waits. Raises
    /// <see cref="XenApiErrorCode.VmFailedShutdownAcknowledgment"/> after 60 s and
    /// <see cref="XenApiErrorCode.VmShutdownTimeout"/> after 1200 s.
    /// </summary>
    public Task CleanShutdownAsync(XenRef<VM> vm, TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(XenApiCall.Write("VM.clean_shutdown", vm.Value), deadline, cancellationToken);

    /// <summary>
    /// <c>VM.power_state_reset</c>: declares the VM halted in the database. It stops nothing and releases no disk lock,
    /// so the VM must be proven dead. Raises <see cref="XenApiErrorCode.HostIsLive"/>,
    /// <see cref="XenApiErrorCode.DomainExists"/>, <see cref="XenApiErrorCode.CannotResetControlDomain"/>.
    /// </summary>
    public Task PowerStateResetAsync(XenRef<VM> vm, TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(XenApiCall.Write("VM.power_state_reset", vm.Value), deadline, cancellationToken);

    /// <summary>
    /// <c>VM.pool_migrate</c>, with options such as <c>live=true</c>. After an unknown outcome either host may hold the
    /// domain. Runs further calls inside, hence never repeated.
    /// </summary>
    public Task PoolMigrateAsync(
        XenRef<VM> vm, XenRef<Host> host, IReadOnlyDictionary<string, string> options, TimeSpan deadline,
        CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.WriteOnce("VM.pool_migrate", vm.Value, host.Value, OtherConfig<VM>.ToJson(options)),
            deadline, cancellationToken);

    /// <summary>
    /// <c>VM.assert_can_boot_here</c>: raises the first reason why the VM cannot start on the host, or returns. It
    /// looks at the database only and sees no disk lock (xapi_vm_helpers.ml).
    /// </summary>
    public Task AssertCanBootHereAsync(
        XenRef<VM> vm, XenRef<Host> host, TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Read("VM.assert_can_boot_here", vm.Value, host.Value), deadline, cancellationToken);

    /// <summary><c>VM.set_ha_restart_priority</c>: <c>restart</c>, <c>best-effort</c> or empty.</summary>
    public Task SetHaRestartPriorityAsync(
        XenRef<VM> vm, string priority, TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Write("VM.set_ha_restart_priority", vm.Value, priority), deadline, cancellationToken);

    /// <summary><c>VM.set_order</c>: lower starts earlier.</summary>
    public Task SetOrderAsync(XenRef<VM> vm, long order, TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(XenApiCall.Write("VM.set_order", vm.Value, order), deadline, cancellationToken);

    /// <summary><c>VM.set_start_delay</c>; sent in whole seconds, fractions are cut.</summary>
    public Task SetStartDelayAsync(
        XenRef<VM> vm, TimeSpan delay, TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Write("VM.set_start_delay", vm.Value, (long)delay.TotalSeconds), deadline, cancellationToken);
}
