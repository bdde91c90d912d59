using System.Collections.Immutable;
using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>The pool (idl/datamodel_pool.ml).</summary>
/// <param name="Uuid">Persistent identity.</param>
/// <param name="NameLabel">Name; empty for a pool never named.</param>
/// <param name="Master">The host that is master according to this database.</param>
/// <param name="HaEnabled">Whether native HA is on.</param>
/// <param name="OtherConfig">Settings of tools.</param>
public sealed record PoolRecord(
    string Uuid,
    string NameLabel,
    XenRef<Host> Master,
    bool HaEnabled,
    ImmutableSortedDictionary<string, string> OtherConfig)
{
    internal static PoolRecord Parse(XenJson json) => new(
        json.Member("uuid").AsString(),
        json.Member("name_label").AsString(),
        json.Member("master").AsRef<Host>(),
        json.Member("ha_enabled").AsBool(),
        json.Member("other_config").AsStringMap());
}
