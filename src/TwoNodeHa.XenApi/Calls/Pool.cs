using System.Collections.Immutable;
using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>
/// Calls of class pool (idl/datamodel_pool.ml, xapi_pool.ml). All raise <see cref="XenApiException"/>.
/// </summary>
public sealed class Pool
{
    private readonly IXenApi _api;

    /// <summary>Calls over the given session.</summary>
    public Pool(IXenApi api)
    {
        _api = api;
        OtherConfig = new OtherConfig<Pool>(api, "pool");
    }

    /// <summary>The map <c>other_config</c> of the pool.</summary>
    public OtherConfig<Pool> OtherConfig { get; }

    /// <summary><c>pool.get_all_records</c>: exactly one record.</summary>
    public Task<RecordTable<Pool, PoolRecord>> GetAllRecordsAsync(
        TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Read("pool.get_all_records"), json => json.AsRecords<Pool, PoolRecord>(PoolRecord.Parse),
            deadline, cancellationToken);

    /// <summary>
    /// <c>pool.emergency_transition_to_master</c>. Needs a local session of the host to be promoted. The only check
    /// made is native HA (<see cref="XenApiErrorCode.HaIsEnabled"/>). Success means that the role file is written and
    /// that xapi exits in 5 to 10 s; it does not mean that the host is master. On a master it restarts the master's
    /// xapi. Never repeated.
    /// </summary>
    public Task EmergencyTransitionToMasterAsync(TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(XenApiCall.WriteOnce("pool.emergency_transition_to_master"), deadline, cancellationToken);

    /// <summary>
    /// <c>pool.emergency_reset_master</c>: makes the receiving host, even a master, slave of the given address. Needs a
    /// local session. Does nothing if it is slave of exactly that address; otherwise its xapi exits in 5 to 10 s. Never
    /// repeated.
    /// </summary>
    public Task EmergencyResetMasterAsync(string address, TimeSpan deadline, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(address);
        return _api.CallAsync(
            XenApiCall.WriteOnce("pool.emergency_reset_master", address), deadline, cancellationToken);
    }

    /// <summary>
    /// <c>pool.recover_slaves</c>: the master tells every other host, one after the other, to follow it. Returns the
    /// hosts that accepted; failures are silent, and a dead host costs a connect time-out. Never repeated.
    /// </summary>
    public Task<ImmutableArray<XenRef<Host>>> RecoverSlavesAsync(
        TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.WriteOnce("pool.recover_slaves"), json => json.AsRefs<Host>(), deadline, cancellationToken);

    /// <summary>
    /// <c>pool.designate_new_master</c>: orderly change of master, usable again after 15 to 60 s. Raises
    /// <see cref="XenApiErrorCode.HaIsEnabled"/>, <see cref="XenApiErrorCode.HostOffline"/>,
    /// <see cref="XenApiErrorCode.HaAbortNewMaster"/>. Never repeated.
    /// </summary>
    public Task DesignateNewMasterAsync(
        XenRef<Host> host, TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.WriteOnce("pool.designate_new_master", host.Value), deadline, cancellationToken);

    /// <summary>
    /// <c>pool.sync_database</c>: every host stores a copy of the database now. Fails if one host fails, while others
    /// may have stored it.
    /// </summary>
    public Task SyncDatabaseAsync(TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(XenApiCall.Write("pool.sync_database"), deadline, cancellationToken);

    /// <summary>
    /// <c>pool.is_slave</c>: whether the receiving host is not master. Despite its name a call that needs the database:
    /// it hangs on a slave whose master is gone (xapi.md 2.2).
    /// </summary>
    /// <param name="host">Ignored by xapi, yet required.</param>
    /// <param name="deadline">Limit of the call.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task<bool> IsSlaveAsync(XenRef<Host> host, TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(
            XenApiCall.Read("pool.is_slave", host.Value), json => json.AsBool(), deadline, cancellationToken);
}
