using System.Text.Json;
using System.Text.Json.Nodes;

namespace TwoNodeHa.Sim.Pool.Data;

/// <summary>One object of the pool database. Every change goes through <see cref="Set"/> so that events see it.</summary>
internal sealed class Row
{
    private readonly Database _database;
    private readonly JsonObject _fields;

    public Row(Database database, string @class, string reference, JsonObject fields, long created)
    {
        _database = database;
        _fields = fields;
        Class = @class;
        Ref = reference;
        Created = created;
        Modified = created;
    }

    public string Class { get; }

    public string Ref { get; }

    public long Created { get; }

    public long Modified { get; private set; }

    public string Uuid => Text("uuid");

    public JsonNode? this[string field] => _fields[field];

    public bool Has(string field) => _fields.ContainsKey(field);

    public string Text(string field) => (string?)_fields[field] ?? "";

    public long Number(string field) => _fields[field] is JsonValue value ? Numbers.ToLong(value) : 0;

    public bool Flag(string field) => (bool?)_fields[field] ?? false;

    public IReadOnlyList<string> List(string field) =>
        _fields[field] is JsonArray array ? [.. array.Select(item => (string?)item ?? "")] : [];

    public string? Entry(string mapField, string key) =>
        _fields[mapField] is JsonObject map && map.TryGetPropertyValue(key, out JsonNode? value) ? (string?)value : null;

    public IReadOnlyList<string> Keys(string mapField) =>
        _fields[mapField] is JsonObject map ? [.. map.Select(pair => pair.Key)] : [];

    public void Set(string field, JsonNode? value)
    {
        if (JsonNode.DeepEquals(_fields[field], value))
        {
            return;
        }

        _fields[field] = value;
        Touch();
    }

    public void SetEntry(string mapField, string key, string value)
    {
        JsonObject map = (_fields[mapField] as JsonObject) ?? [];
        map[key] = value;
        _fields[mapField] = map;
        Touch();
    }

    public void RemoveEntry(string mapField, string key)
    {
        if (_fields[mapField] is JsonObject map && map.Remove(key))
        {
            Touch();
        }
    }

    public void Touch() => Modified = _database.NextGeneration();

    /// <summary>All fields as a copy on disk has them: operations in progress are not part of it.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        foreach ((string field, JsonNode? value) in _fields)
        {
            writer.WritePropertyName(field);
            if (field == "current_operations")
            {
                writer.WriteStartObject();
                writer.WriteEndObject();
            }
            else if (value is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                value.WriteTo(writer);
            }
        }

        writer.WriteEndObject();
    }

    /// <summary>An independent copy of all fields: a record as the API returns it.</summary>
    public JsonObject Snapshot() => (JsonObject)_fields.DeepClone();
}

/// <summary>Integers may sit in a node as any number type, depending on who made it.</summary>
internal static class Numbers
{
    public static long ToLong(JsonValue value) =>
        value.TryGetValue(out long wide) ? wide
        : value.TryGetValue(out int narrow) ? narrow
        : (long)value.GetValue<double>();
}
