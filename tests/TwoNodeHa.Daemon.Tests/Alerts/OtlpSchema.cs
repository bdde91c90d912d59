using System.Globalization;
using System.Text.Json;

namespace TwoNodeHa.Daemon.Tests.Alerts;

/// <summary>
/// Reads an OTLP request as the protocol buffers of opentelemetry-proto 1.x define it in JSON, and stricter than a collector: a field that the
/// message does not have, or of another type, is an error.
/// </summary>
internal static class OtlpSchema
{
    private static readonly Dictionary<string, Dictionary<string, string>> s_messages = new()
    {
        ["ExportMetricsServiceRequest"] = new() { ["resourceMetrics"] = "ResourceMetrics[]" },
        ["ResourceMetrics"] = new() { ["resource"] = "Resource", ["scopeMetrics"] = "ScopeMetrics[]", ["schemaUrl"] = "string" },
        ["ScopeMetrics"] = new() { ["scope"] = "InstrumentationScope", ["metrics"] = "Metric[]", ["schemaUrl"] = "string" },
        ["Metric"] = new() { ["name"] = "string", ["description"] = "string", ["unit"] = "string", ["gauge"] = "Gauge", ["sum"] = "Sum" },
        ["Gauge"] = new() { ["dataPoints"] = "NumberDataPoint[]" },
        ["Sum"] = new() { ["dataPoints"] = "NumberDataPoint[]", ["aggregationTemporality"] = "enum", ["isMonotonic"] = "bool" },
        ["NumberDataPoint"] = new()
        {
            ["attributes"] = "KeyValue[]", ["startTimeUnixNano"] = "fixed64", ["timeUnixNano"] = "fixed64", ["asDouble"] = "double", ["asInt"] = "fixed64", ["flags"] = "enum",
        },
        ["ExportLogsServiceRequest"] = new() { ["resourceLogs"] = "ResourceLogs[]" },
        ["ResourceLogs"] = new() { ["resource"] = "Resource", ["scopeLogs"] = "ScopeLogs[]", ["schemaUrl"] = "string" },
        ["ScopeLogs"] = new() { ["scope"] = "InstrumentationScope", ["logRecords"] = "LogRecord[]", ["schemaUrl"] = "string" },
        ["LogRecord"] = new()
        {
            ["timeUnixNano"] = "fixed64", ["observedTimeUnixNano"] = "fixed64", ["severityNumber"] = "enum", ["severityText"] = "string", ["body"] = "AnyValue",
            ["attributes"] = "KeyValue[]", ["droppedAttributesCount"] = "enum", ["flags"] = "enum", ["traceId"] = "string", ["spanId"] = "string",
        },
        ["Resource"] = new() { ["attributes"] = "KeyValue[]", ["droppedAttributesCount"] = "enum" },
        ["InstrumentationScope"] = new() { ["name"] = "string", ["version"] = "string", ["attributes"] = "KeyValue[]" },
        ["KeyValue"] = new() { ["key"] = "string", ["value"] = "AnyValue" },
        ["AnyValue"] = new() { ["stringValue"] = "string", ["boolValue"] = "bool", ["intValue"] = "fixed64", ["doubleValue"] = "double" },
    };

    public static JsonElement Metrics(string body) => Read(body, "ExportMetricsServiceRequest");

    public static JsonElement Logs(string body) => Read(body, "ExportLogsServiceRequest");

    public static string Attribute(JsonElement holder, string key) => holder.GetProperty("attributes").EnumerateArray()
        .First(one => one.GetProperty("key").GetString() == key).GetProperty("value").GetProperty("stringValue").GetString()!;

    private static JsonElement Read(string body, string message)
    {
        var root = JsonDocument.Parse(body).RootElement;
        Check(root, message, message);
        return root;
    }

    private static void Check(JsonElement value, string type, string path)
    {
        if (type.EndsWith("[]", StringComparison.Ordinal))
        {
            Assert.True(value.ValueKind == JsonValueKind.Array, path);
            foreach (var item in value.EnumerateArray())
            {
                Check(item, type[..^2], path);
            }
        }
        else if (s_messages.TryGetValue(type, out var fields))
        {
            Assert.True(value.ValueKind == JsonValueKind.Object, path);
            var seen = new HashSet<string>();
            foreach (var field in value.EnumerateObject())
            {
                Assert.True(seen.Add(field.Name), $"{path}.{field.Name} twice");
                Assert.True(fields.TryGetValue(field.Name, out var kind), $"{path}.{field.Name} is no field of {type}");
                Check(field.Value, kind, $"{path}.{field.Name}");
            }
        }
        else
        {
            Assert.True(type switch
            {
                "string" => value.ValueKind == JsonValueKind.String,
                "bool" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
                "double" => value.ValueKind == JsonValueKind.Number,
                "enum" => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out _),

                // 64-bit numbers are decimal strings in JSON.
                _ => value.ValueKind == JsonValueKind.String && ulong.TryParse(value.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out _),
            }, $"{path}: {value} is no {type}");
        }
    }
}
