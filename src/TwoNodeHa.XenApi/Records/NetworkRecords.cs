using System.Collections.Immutable;
using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>A network (idl/datamodel.ml): the fields a HA daemon uses.</summary>
/// <param name="Uuid">Persistent identity.</param>
/// <param name="NameLabel">Name.</param>
/// <param name="IsAssumedShared"><c>other_config:assume_network_is_shared</c> is true.</param>
public sealed record NetworkRecord(string Uuid, string NameLabel, bool IsAssumedShared)
{
    internal static NetworkRecord Parse(XenJson json) => new(
        json.Member("uuid").AsString(),
        json.Member("name_label").AsString(),
        json.OptionalMember("other_config")?.AsReadableStringMap().GetValueOrDefault("assume_network_is_shared") == "true");
}

/// <summary>A physical, bonded or tagged interface of a host (idl/datamodel.ml).</summary>
/// <param name="Uuid">Persistent identity.</param>
/// <param name="Host">The host.</param>
/// <param name="Network">The network that it belongs to.</param>
/// <param name="IsBondMember">It is part of a bond and carries no network of its own.</param>
/// <param name="IsSriov">It hands out virtual functions of its card.</param>
public sealed record PIFRecord(string Uuid, XenRef<Host> Host, XenRef<Network> Network, bool IsBondMember, bool IsSriov)
{
    /// <summary>Name in dom0, for example <c>eth1</c>; empty when it is not told.</summary>
    public string Device { get; init; } = "";

    /// <summary>IPv4 address of dom0 on it; empty for none.</summary>
    public string Address { get; init; } = "";

    /// <summary>Its default gateway; empty for none.</summary>
    public string Gateway { get; init; } = "";

    /// <summary>The toolstack listens on it.</summary>
    public bool Management { get; init; }

    internal static PIFRecord Parse(XenJson json) => new(
        json.Member("uuid").AsString(),
        json.Member("host").AsRef<Host>(),
        json.Member("network").AsRef<Network>(),
        json.OptionalMember("bond_slave_of") is { } bond && !bond.AsRef<PIF>().IsNull,
        json.OptionalMember("sriov_logical_PIF_of") is { } logical && !logical.AsStrings().IsEmpty)
    {
        Device = json.TextOrEmpty("device"),
        Address = json.TextOrEmpty("IP"),
        Gateway = json.TextOrEmpty("gateway"),
        Management = json.Or("management", static member => member.AsBool(), false),
    };
}

/// <summary>A network interface of a VM (idl/datamodel.ml).</summary>
/// <param name="Uuid">Persistent identity.</param>
/// <param name="VM">The VM.</param>
/// <param name="Network">The network.</param>
public sealed record VIFRecord(string Uuid, XenRef<VM> VM, XenRef<Network> Network)
{
    internal static VIFRecord Parse(XenJson json) => new(
        json.Member("uuid").AsString(), json.Member("VM").AsRef<VM>(), json.Member("network").AsRef<Network>());
}

/// <summary>A vApp (idl/datamodel.ml).</summary>
/// <param name="Uuid">Persistent identity.</param>
/// <param name="NameLabel">Name.</param>
/// <param name="VMs">Its members.</param>
public sealed record VMApplianceRecord(string Uuid, string NameLabel, ImmutableArray<XenRef<VM>> VMs)
{
    internal static VMApplianceRecord Parse(XenJson json) => new(
        json.Member("uuid").AsString(), json.Member("name_label").AsString(), json.Member("VMs").AsRefs<VM>());
}
