using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>A network interface of a host (idl/datamodel.ml): what setting up a pair looks at.</summary>
/// <param name="Uuid">Persistent identity.</param>
/// <param name="Host">The host.</param>
/// <param name="Network">Reference of its network: the same on both hosts for the same wire.</param>
/// <param name="Device">Name in dom0, for example <c>eth1</c>.</param>
/// <param name="Address">IPv4 address; empty for none.</param>
/// <param name="Gateway">Its default gateway; empty for none.</param>
/// <param name="Management">The toolstack listens on it.</param>
public sealed record PIFRecord(
    string Uuid, XenRef<Host> Host, string Network, string Device, string Address, string Gateway, bool Management)
{
    internal static PIFRecord Parse(XenJson json) => new(
        json.Member("uuid").AsString(),
        json.Member("host").AsRef<Host>(),
        json.Member("network").AsString(),
        json.Member("device").AsString(),
        json.Member("IP").AsString(),
        json.Member("gateway").AsString(),
        json.Member("management").AsBool());
}
