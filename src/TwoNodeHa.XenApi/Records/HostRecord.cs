using System.Collections.Immutable;
using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>A host (idl/datamodel_host.ml): the fields a HA daemon uses.</summary>
/// <param name="Uuid">Persistent identity.</param>
/// <param name="Enabled">Whether VMs may start there.</param>
public sealed record HostRecord(string Uuid, bool Enabled)
{
    /// <summary>Name shown to people; empty when it is not told.</summary>
    public string NameLabel { get; init; } = "";

    /// <summary>Name in its own network; empty when it is not told.</summary>
    public string Hostname { get; init; } = "";

    /// <summary>Management address; empty when it is not told.</summary>
    public string Address { get; init; } = "";

    /// <summary>Its measured state.</summary>
    public XenRef<HostMetrics> Metrics { get; init; }

    /// <summary>Memory that the hypervisor takes for itself, bytes.</summary>
    public long MemoryOverhead { get; init; }

    /// <summary>CPU count, vendor and features.</summary>
    public ImmutableSortedDictionary<string, string> CpuInfo { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Settings of tools.</summary>
    public ImmutableSortedDictionary<string, string> OtherConfig { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Versions of the platform.</summary>
    public ImmutableSortedDictionary<string, string> SoftwareVersion { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    internal static HostRecord Parse(XenJson json) => new(json.Member("uuid").AsString(), json.Member("enabled").AsBool())
    {
        NameLabel = json.TextOrEmpty("name_label"),
        Hostname = json.TextOrEmpty("hostname"),
        Address = json.TextOrEmpty("address"),
        Metrics = json.Or("metrics", static member => member.AsRef<HostMetrics>(), default),
        MemoryOverhead = json.Or("memory_overhead", static member => member.AsInt(), 0),
        CpuInfo = json.Or("cpu_info", static member => member.AsReadableStringMap(), ImmutableSortedDictionary<string, string>.Empty),
        OtherConfig = json.Or("other_config", static member => member.AsReadableStringMap(), ImmutableSortedDictionary<string, string>.Empty),
        SoftwareVersion = json.Or("software_version", static member => member.AsReadableStringMap(), ImmutableSortedDictionary<string, string>.Empty),
    };
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
