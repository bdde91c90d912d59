using System.Collections.Immutable;
using System.Text.Json;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Replication;

/// <summary>What <c>drbdsetup status --json</c> says (drbd-utils 9, drbdsetup-9.0(8)). What is not understood is not there.</summary>
internal static class DrbdStatus
{
    /// <summary>The state of each named resource.</summary>
    /// <returns>Null when the text is no such status.</returns>
    public static ImmutableArray<ReplicaFact>? Parse(string json, IEnumerable<string> names)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var resources = document.RootElement.ValueKind == JsonValueKind.Array ? document.RootElement.EnumerateArray().ToList() : null;
            return resources is null ? null
                : [.. names.Select(name => Fact(name, resources.Find(resource => Text(resource, "name") == name)))];
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ReplicaFact Fact(string name, JsonElement resource) => new(
        name,
        Items(resource, "connections").Any(connection => Text(connection, "connection-state") == "Connected"),
        Items(resource, "devices").Select(device => Text(device, "disk-state")).OrderBy(state => state == "UpToDate").FirstOrDefault(""));

    private static IEnumerable<JsonElement> Items(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var items) && items.ValueKind == JsonValueKind.Array
            ? items.EnumerateArray() : [];

    private static string Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
