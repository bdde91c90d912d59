using TwoNodeHa.XenApi;
using XenHost = TwoNodeHa.XenApi.Host;

namespace TwoNodeHa.Daemon.Toolstack;

/// <summary>The tables behind one reading of the database.</summary>
internal sealed record PoolTables
{
    public required RecordTable<Pool, PoolRecord> Pools { get; init; }

    public required RecordTable<XenHost, HostRecord> Hosts { get; init; }

    public required RecordTable<VM, VMRecord> Vms { get; init; }

    public required RecordTable<PBD, PBDRecord> Paths { get; init; }

    public required RecordTable<SR, SRRecord> Storages { get; init; }

    public required RecordTable<VBD, VBDRecord> Drives { get; init; }

    public required RecordTable<VDI, VDIRecord> Images { get; init; }

    /// <summary>What only says where a VM could run; null where this release of XAPI refuses to tell.</summary>
    public RecordTable<HostMetrics, HostMetricsRecord>? Metrics { get; init; }

    public RecordTable<VIF, VIFRecord>? Interfaces { get; init; }

    public RecordTable<Network, NetworkRecord>? Networks { get; init; }

    public RecordTable<PIF, PIFRecord>? Ports { get; init; }

    public RecordTable<VMAppliance, VMApplianceRecord>? Appliances { get; init; }

    /// <summary>
    /// Reads them, or takes them from the cache. VMs are read, since their state is what everything hangs on, unless the events brought it a
    /// moment ago.
    /// </summary>
    /// <exception cref="XenApiException">XAPI did not answer.</exception>
    public static async Task<PoolTables> ReadAsync(Session session, TableCache cache, bool vmsAreNew, TimeSpan deadline, CancellationToken cancel) => new()
    {
        Pools = await cache.GetAsync("pool", () => session.Pool.GetAllRecordsAsync(deadline, cancel)),
        Hosts = await cache.GetAsync("host", () => session.Host.GetAllRecordsAsync(deadline, cancel)),
        Vms = vmsAreNew ? await cache.GetAsync("vm", () => session.VM.GetAllRecordsAsync(deadline, cancel))
            : await cache.ReadAsync("vm", () => session.VM.GetAllRecordsAsync(deadline, cancel)),
        Paths = await cache.GetAsync("pbd", () => session.PBD.GetAllRecordsAsync(deadline, cancel)),
        Storages = await cache.GetAsync("sr", () => session.SR.GetAllRecordsAsync(deadline, cancel)),
        Drives = await cache.GetAsync("vbd", () => session.VBD.GetAllRecordsAsync(deadline, cancel)),
        Images = await cache.GetAsync("vdi", () => session.VDI.GetAllRecordsAsync(deadline, cancel)),
        Metrics = await OrNothingAsync(cache, "host_metrics", () => session.HostMetrics.GetAllRecordsAsync(deadline, cancel)),
        Interfaces = await OrNothingAsync(cache, "vif", () => session.VIF.GetAllRecordsAsync(deadline, cancel)),
        Networks = await OrNothingAsync(cache, "network", () => session.Network.GetAllRecordsAsync(deadline, cancel)),
        Ports = await OrNothingAsync(cache, "pif", () => session.PIF.GetAllRecordsAsync(deadline, cancel)),
        Appliances = await OrNothingAsync(cache, "vm_appliance", () => session.VMAppliance.GetAllRecordsAsync(deadline, cancel)),
    };

    /// <summary>A refusal costs the table, not the reading: without it a VM is started all the same, and XAPI has the last word.</summary>
    private static async Task<T?> OrNothingAsync<T>(TableCache cache, string @class, Func<Task<T>> read)
        where T : class
    {
        try
        {
            return await cache.GetAsync(@class, read);
        }
        catch (XenApiFailure)
        {
            return null;
        }
    }
}
