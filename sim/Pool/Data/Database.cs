using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TwoNodeHa.Sim.Pool.Data;

/// <summary>
/// The pool database. It exists only in the memory of the active master; other hosts hold copies as text
/// (xapi.md 4.3). Sessions, tasks and current operations are not part of a copy.
/// </summary>
internal sealed class Database
{
    public const string NullRef = "OpaqueRef:NULL";

    /// <summary>Classes of the API, in the order of the data model.</summary>
    public static readonly IReadOnlyList<string> Classes =
    [
        "pool", "host", "host_metrics", "VM", "VM_metrics", "VM_appliance", "VBD", "VIF", "VDI", "SR", "PBD",
        "network", "PIF", "task", "message",
    ];

    private static readonly string[] NotPersisted = ["task", "message"];

    private readonly Dictionary<string, SortedDictionary<string, Row>> _tables = new(StringComparer.Ordinal);
    private readonly List<(long Generation, string Class, string Ref)> _deleted = [];
    private long _lastCreated;

    public Database()
    {
        foreach (string name in Classes)
        {
            _tables[name] = new SortedDictionary<string, Row>(StringComparer.Ordinal);
        }
    }

    public event Action? Changed;

    public long Generation { get; private set; }

    public IReadOnlyList<(long Generation, string Class, string Ref)> Deleted => _deleted;

    /// <summary>References are derived from uuids: they stay valid over restarts and promotions.</summary>
    public static string RefOf(string @class, string uuid) => "OpaqueRef:" + PoolDefinition.UuidOf("ref-" + @class, uuid);

    public IReadOnlyCollection<Row> All(string @class) => _tables[@class].Values;

    public Row? Find(string @class, string reference) => _tables[@class].GetValueOrDefault(reference);

    public Row? FindByUuid(string @class, string uuid) =>
        _tables[@class].Values.FirstOrDefault(row => row.Uuid == uuid);

    public Row Get(string @class, string reference) =>
        Find(@class, reference) ?? throw new ApiException("HANDLE_INVALID", @class, reference);

    public Row Pool() => _tables["pool"].Values.First();

    public Row Host(string reference) => Get("host", reference);

    public Row Metrics(Row host) => Get("host_metrics", host.Text("metrics"));

    public bool IsLive(Row host) => Metrics(host).Flag("live");

    public Row Add(string @class, string reference, JsonObject fields)
    {
        // Creation numbers must differ even if many rows are added before anybody looks.
        _lastCreated = NextGeneration();
        var row = new Row(this, @class, reference, fields, _lastCreated);
        _tables[@class][reference] = row;
        return row;
    }

    public void Remove(Row row)
    {
        if (_tables[row.Class].Remove(row.Ref))
        {
            _deleted.Add((NextGeneration(), row.Class, row.Ref));
        }
    }

    public long NextGeneration()
    {
        Generation++;
        Changed?.Invoke();
        return Generation;
    }

    /// <summary>The text of state.db.</summary>
    public string Save()
    {
        var buffer = new ArrayBufferWriter<byte>(1 << 15);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
        {
            writer.WriteStartObject();
            writer.WriteNumber("generation", Generation);
            writer.WriteStartObject("tables");
            foreach (string name in Classes.Except(NotPersisted))
            {
                writer.WriteStartObject(name);
                foreach (Row row in _tables[name].Values)
                {
                    writer.WritePropertyName(row.Ref);
                    row.WriteTo(writer);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static Database Load(string text)
    {
        JsonNode root = JsonNode.Parse(text) ?? throw new InvalidDataException("state.db is empty");
        var database = new Database { Generation = Numbers.ToLong(root["generation"]!.AsValue()) };
        foreach ((string name, JsonNode? table) in root["tables"]!.AsObject())
        {
            JsonObject rows = table!.AsObject();
            foreach ((string reference, JsonNode? fields) in rows.ToList())
            {
                // Taken out of the text's tree instead of copied: nobody else has it.
                rows[reference] = null;
                database._tables[name][reference] = new Row(database, name, reference, (JsonObject)fields!, database.Generation);
            }
        }

        return database;
    }

    public static long GenerationOf(string? text) =>
        text is null ? -1 : Numbers.ToLong(JsonNode.Parse(text)!["generation"]!.AsValue());
}
