using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool.Data;

namespace TwoNodeHa.Sim.Pool.Xapi.Calls;

/// <summary>The calls every class has: get_all_records, get_by_uuid, get_[field], set_[field], map and set edits.</summary>
internal sealed class GenericCalls(XapiProcess process)
{
    private static readonly HashSet<string> Writable = new(StringComparer.Ordinal)
    {
        "name_label", "name_description", "other_config", "tags", "gui_config", "blocked_operations", "affinity",
        "ha_restart_priority", "ha_always_run", "order", "start_delay", "shutdown_delay", "memory_dynamic_min",
        "memory_dynamic_max", "memory_static_max", "default_SR", "sm_config", "is_a_template", "actions_after_crash",
    };

    private static readonly string[] TableVerbs = ["get_all", "get_all_records", "get_by_uuid", "get_by_name_label", "get_record"];

    private Database Db => process.Db;

    /// <summary>
    /// Every method that <see cref="Find"/> knows by a field, for system.listMethods. A class without objects has no fields here.
    /// </summary>
    public IEnumerable<string> Names =>
        from @class in Database.Classes
        from verb in TableVerbs.Concat(FieldsOf(@class).SelectMany(name => VerbsOf(@class, name)))
        select $"{@class}.{verb}";

    public MethodTable.Entry? Find(string name)
    {
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0 || !Database.Classes.Contains(name[..dot]))
        {
            return null;
        }

        string @class = name[..dot];
        string verb = name[(dot + 1)..];
        return FindTable(@class, verb) ?? FindReader(@class, verb) ?? FindWriter(@class, verb);
    }

    private static MethodTable.Entry Entry(int parameters, Func<Call, JsonNode?> handler) =>
        new(parameters, 0, true, false, call => Task.FromResult(handler(call)));

    private MethodTable.Entry? FindTable(string @class, string verb) => verb switch
    {
        "get_all" => Entry(0, _ => Refs(Db.All(@class))),
        "get_all_records" => Entry(0, _ => AllRecords(@class)),
        "get_by_uuid" => Entry(1, call => (Db.FindByUuid(@class, call.Text(0))
            ?? throw new ApiException("UUID_INVALID", @class, call.Text(0))).Ref),
        "get_by_name_label" => Entry(1, call => Refs(Db.All(@class).Where(row => row.Text("name_label") == call.Text(0)))),
        "get_record" => Entry(1, call => Records.Of(Db, Db.Get(@class, call.Text(0)))),
        _ => null,
    };

    private MethodTable.Entry? FindReader(string @class, string verb)
    {
        if (!verb.StartsWith("get_", StringComparison.Ordinal) || !IsField(@class, verb[4..]))
        {
            return null;
        }

        string field = verb[4..];
        return Entry(1, call => Records.Of(Db, Db.Get(@class, call.Text(0)))[field]?.DeepClone());
    }

    private MethodTable.Entry? FindWriter(string @class, string verb)
    {
        foreach ((string prefix, int parameters, Action<Row, string, Call> edit) in Edits)
        {
            string field = verb.StartsWith(prefix, StringComparison.Ordinal) ? verb[prefix.Length..] : "";
            if (Writable.Contains(field) && IsField(@class, field))
            {
                return Entry(parameters, call =>
                {
                    Row row = Db.Get(@class, call.Text(0));
                    SetterRules.Check(@class, field, prefix, call);
                    edit(row, field, call);
                    return null;
                });
            }
        }

        return null;
    }

    /// <summary>In this order: `add_to_` before `add_`, because the second is a prefix of the first.</summary>
    private static readonly (string Prefix, int Parameters, Action<Row, string, Call> Edit)[] Edits =
    [
        ("set_", 2, (row, field, call) => row.Set(field, Coerced(row[field], call.Node(1)))),
        ("add_to_", 3, (row, field, call) => AddToMap(row, field, call.Text(1), call.Text(2))),
        ("remove_from_", 2, (row, field, call) => row.RemoveEntry(field, call.Text(1))),
        ("add_", 2, (row, field, call) => row.Set(field, ToSet([.. row.List(field).Except([call.Text(1)]), call.Text(1)]))),
        ("remove_", 2, (row, field, call) => row.Set(field, ToSet(row.List(field).Except([call.Text(1)])))),
    ];

    private IEnumerable<string> FieldsOf(string @class) =>
        (process.LoadedDb is null ? null : Db.All(@class).FirstOrDefault()) is not { } row ? []
        : row.Snapshot().Select(pair => pair.Key)
            .Union(Records.Derived.Where(derived => derived.Class == @class).Select(derived => derived.Field));

    private IEnumerable<string> VerbsOf(string @class, string field)
    {
        yield return $"get_{field}";
        if (!Writable.Contains(field))
        {
            yield break;
        }

        JsonNode? value = Db.All(@class).First()[field];
        foreach ((string prefix, _, _) in Edits)
        {
            bool fits = prefix == "set_" || (prefix is "add_to_" or "remove_from_" ? value is JsonObject : value is JsonArray);
            if (fits)
            {
                yield return prefix + field;
            }
        }
    }

    private static void AddToMap(Row row, string field, string key, string value)
    {
        if (row.Entry(field, key) is not null)
        {
            throw new ApiException("MAP_DUPLICATE_KEY", row.Class, field, row.Ref, key);
        }

        row.SetEntry(field, key, value);
    }

    private static JsonArray ToSet(IEnumerable<string> items) => [.. items.Select(item => (JsonNode)item)];

    /// <summary>Integers are accepted as decimal strings too; XML-RPC sends nothing else.</summary>
    private static JsonNode? Coerced(JsonNode? old, JsonNode? value) =>
        old?.GetValueKind() == System.Text.Json.JsonValueKind.Number && value is JsonValue text && text.TryGetValue(out string? digits)
            ? long.Parse(digits, System.Globalization.CultureInfo.InvariantCulture)
            : value?.DeepClone();

    private bool IsField(string @class, string field) =>
        process.LoadedDb is null || Db.All(@class).FirstOrDefault() is not { } row
        || row.Has(field) || Records.Derived.Contains((@class, field));

    private static JsonArray Refs(IEnumerable<Row> rows) => [.. rows.Select(row => (JsonNode)row.Ref)];

    private JsonObject AllRecords(string @class)
    {
        var records = new JsonObject();
        foreach (Row row in Db.All(@class))
        {
            records[row.Ref] = Records.Of(Db, row);
        }

        return records;
    }
}

/// <summary>Records as the API returns them: the row plus what is computed from other rows.</summary>
internal static class Records
{
    public static readonly IReadOnlySet<(string Class, string Field)> Derived = new HashSet<(string, string)>
    {
        ("host", "resident_VMs"), ("host", "PBDs"), ("SR", "VDIs"), ("VM", "allowed_operations"),
        ("host_metrics", "memory_free"),
    };

    public static JsonObject Of(Database db, Row row)
    {
        JsonObject record = row.Snapshot();
        switch (row.Class)
        {
            case "host":
                record["resident_VMs"] = Refs(db, "VM", "resident_on", row.Ref);
                record["PBDs"] = Refs(db, "PBD", "host", row.Ref);
                break;
            case "SR":
                record["VDIs"] = Refs(db, "VDI", "SR", row.Ref);
                break;
            case "VM":
                record["allowed_operations"] = AllowedOperations(row);
                break;
            case "host_metrics":
                Row host = db.All("host").First(host => host.Text("metrics") == row.Ref);
                record["memory_free"] = MemoryCheck.Free(db, host);
                break;
        }

        return record;
    }

    private static JsonArray Refs(Database db, string @class, string field, string value) =>
        [.. db.All(@class).Where(row => row.Text(field) == value).Select(row => (JsonNode)row.Ref)];

    private static JsonArray AllowedOperations(Row vm) => vm.Text("power_state") switch
    {
        _ when vm.Flag("is_control_domain") || vm.Flag("is_a_template") => new(),
        "Halted" => new("start", "start_on"),
        "Running" => new("clean_shutdown", "hard_shutdown", "pool_migrate"),
        _ => new("hard_shutdown"),
    };
}
