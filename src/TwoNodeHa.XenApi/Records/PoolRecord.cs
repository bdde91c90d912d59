using System.Collections.Immutable;
using System.Text.Json;
using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>The pool (idl/datamodel_pool.ml): the fields a HA daemon uses.</summary>
/// <param name="Uuid">Persistent identity.</param>
/// <param name="Master">The host that is master according to this database.</param>
/// <param name="HaEnabled">Whether native HA is on.</param>
public sealed record PoolRecord(string Uuid, XenRef<Host> Master, bool HaEnabled)
{
    /// <summary>What others keep there; entries that are no text are left out, and so is a map that is none.</summary>
    public ImmutableSortedDictionary<string, string> OtherConfig { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    internal static PoolRecord Parse(XenJson json) => new(
        json.Member("uuid").AsString(), json.Member("master").AsRef<Host>(), json.Member("ha_enabled").AsBool())
    {
        OtherConfig = json.OptionalMember("other_config") is { Value.ValueKind: JsonValueKind.Object } map
            ? map.AsReadableStringMap() : ImmutableSortedDictionary<string, string>.Empty,
    };
}
