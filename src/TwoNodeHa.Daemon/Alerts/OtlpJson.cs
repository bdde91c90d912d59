using System.Buffers;
using System.Globalization;
using System.Text.Json;
using TwoNodeHa.Core.Contract;

namespace TwoNodeHa.Daemon.Alerts;

/// <summary>
/// Requests of OTLP/HTTP in JSON (opentelemetry-proto 1.x, "JSON Protobuf Encoding"): names in lowerCamelCase, 64-bit numbers as strings, enumerations as
/// numbers.
/// </summary>
internal sealed class OtlpJson(string host, string version)
{
    private const string Scope = "twonodeha";

    // AggregationTemporality: CUMULATIVE.
    private const int Cumulative = 2;

    /// <summary>For <c>/v1/metrics</c>.</summary>
    /// <param name="metrics">The metrics.</param>
    /// <param name="unixMs">Now.</param>
    /// <param name="startUnixMs">Since when counters count.</param>
    public ReadOnlyMemory<byte> Of(IReadOnlyList<Metric> metrics, long unixMs, long startUnixMs) => Written("resourceMetrics", "scopeMetrics", "metrics", json =>
    {
        foreach (var metric in metrics)
        {
            json.WriteStartObject();
            json.WriteString("name", metric.Name);
            json.WriteString("description", metric.Help);
            json.WriteStartObject(metric.IsCounter ? "sum" : "gauge");
            if (metric.IsCounter)
            {
                json.WriteNumber("aggregationTemporality", Cumulative);
                json.WriteBoolean("isMonotonic", true);
            }

            json.WriteStartArray("dataPoints");
            foreach (var sample in metric.Samples)
            {
                json.WriteStartObject();
                json.WriteStartArray("attributes");
                foreach (var (name, value) in sample.Labels)
                {
                    Attribute(json, name, value);
                }

                json.WriteEndArray();
                if (metric.IsCounter)
                {
                    json.WriteString("startTimeUnixNano", Nanoseconds(startUnixMs));
                }

                json.WriteString("timeUnixNano", Nanoseconds(unixMs));
                json.WriteNumber("asDouble", sample.Value);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        }
    });

    /// <summary>For <c>/v1/logs</c>.</summary>
    /// <param name="events">Events, each with its time.</param>
    public ReadOnlyMemory<byte> Of(IReadOnlyList<(HaEvent Entry, long UnixMs)> events) => Written("resourceLogs", "scopeLogs", "logRecords", json =>
    {
        foreach (var (entry, unixMs) in events)
        {
            json.WriteStartObject();
            json.WriteString("timeUnixNano", Nanoseconds(unixMs));
            json.WriteString("observedTimeUnixNano", Nanoseconds(unixMs));
            json.WriteNumber("severityNumber", SeverityNumber(entry.Severity));
            json.WriteString("severityText", entry.Severity.ToString().ToLowerInvariant());
            json.WriteStartObject("body");
            json.WriteString("stringValue", entry.Sentence);
            json.WriteEndObject();
            json.WriteStartArray("attributes");
            Attribute(json, "event.name", "twonodeha." + entry.Id);
            Attribute(json, "twonodeha.event.id", ((int)entry.Id).ToString(CultureInfo.InvariantCulture));
            if (entry.Vm != Guid.Empty)
            {
                Attribute(json, "twonodeha.vm.uuid", entry.Vm.ToString());
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }
    });

    /// <summary>The log data model's numbers: DEBUG 5, INFO 9, INFO2 10, WARN 13, ERROR 17, FATAL 21.</summary>
    internal static int SeverityNumber(Severity severity) => severity switch
    {
        Severity.Critical => 21,
        Severity.Error => 17,
        Severity.Warning => 13,
        Severity.Notice => 10,
        Severity.Info => 9,
        _ => 5,
    };

    private ReadOnlyMemory<byte> Written(string resources, string scopes, string items, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(16 * 1024);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteStartArray(resources);
        json.WriteStartObject();
        json.WriteStartObject("resource");
        json.WriteStartArray("attributes");
        Attribute(json, "service.name", Scope);
        Attribute(json, "service.instance.id", host);
        Attribute(json, "service.version", version);
        Attribute(json, "host.name", host);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartArray(scopes);
        json.WriteStartObject();
        json.WriteStartObject("scope");
        json.WriteString("name", Scope);
        json.WriteString("version", version);
        json.WriteEndObject();
        json.WriteStartArray(items);
        write(json);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void Attribute(Utf8JsonWriter json, string name, string value)
    {
        json.WriteStartObject();
        json.WriteString("key", name);
        json.WriteStartObject("value");
        json.WriteString("stringValue", value);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string Nanoseconds(long unixMs) => unixMs.ToString(CultureInfo.InvariantCulture) + "000000";
}
