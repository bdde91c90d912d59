using System.Collections.Immutable;
using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>A host (idl/datamodel_host.ml).</summary>
/// <param name="Uuid">Persistent identity.</param>
/// <param name="NameLabel">Name shown to people.</param>
/// <param name="Address">Management address as stored in the database.</param>
/// <param name="Hostname">Host name.</param>
/// <param name="Enabled">Whether VMs may start there.</param>
/// <param name="Metrics">Liveness and memory.</param>
/// <param name="MemoryOverhead">Bytes taken by the hypervisor.</param>
/// <param name="ResidentVMs">VMs on the host, its control domain included.</param>
/// <param name="OtherConfig">Settings of tools.</param>
public sealed record HostRecord(
    string Uuid,
    string NameLabel,
    string Address,
    string Hostname,
    bool Enabled,
    XenRef<HostMetrics> Metrics,
    long MemoryOverhead,
    ImmutableArray<XenRef<VM>> ResidentVMs,
    ImmutableSortedDictionary<string, string> OtherConfig)
{
    internal static HostRecord Parse(XenJson json) => new(
        json.Member("uuid").AsString(),
        json.Member("name_label").AsString(),
        json.Member("address").AsString(),
        json.Member("hostname").AsString(),
        json.Member("enabled").AsBool(),
        json.Member("metrics").AsRef<HostMetrics>(),
        json.Member("memory_overhead").AsInt(),
        json.Member("resident_VMs").AsRefs<VM>(),
        json.Member("other_config").AsStringMap());
}

/// <summary>Measured state of a host (idl/datamodel_host.ml).</summary>
/// <param name="Uuid">Persistent identity.</param>
/// <param name="Live">
/// What the master believes: true for up to 10 minutes after a crash and after a promotion, false at once after an
/// orderly stop of xapi while VMs keep running (db_gc.ml). Never proof that VMs are stopped.
/// </param>
/// <param name="MemoryTotal">Bytes of memory.</param>
public sealed record HostMetricsRecord(string Uuid, bool Live, long MemoryTotal)
{
    internal static HostMetricsRecord Parse(XenJson json) => new(
        json.Member("uuid").AsString(), json.Member("live").AsBool(), json.Member("memory_total").AsInt());
}
