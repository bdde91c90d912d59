using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TwoNodeHa.XenApi.Wire;

/// <summary>Writes JSON-RPC requests.</summary>
internal static class RpcRequest
{
    // Text goes out as UTF-8 and not as \u escapes: the relaxed encoder's only risk is HTML, which this is not.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The body of a request. The id is never null or absent, which xapi answers with HTTP 500.</summary>
    public static byte[] Encode(RpcVersion version, long id, string method, IEnumerable<JsonNode?> parameters)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            if (version != RpcVersion.V1)
            {
                writer.WriteString("jsonrpc", "2.0");
            }

            writer.WriteNumber("id", id);
            writer.WriteString("method", method);
            WriteParameters(writer, parameters);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteParameters(Utf8JsonWriter writer, IEnumerable<JsonNode?> parameters)
    {
        writer.WriteStartArray("params");
        foreach (JsonNode? parameter in parameters)
        {
            if (parameter is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                parameter.WriteTo(writer);
            }
        }

        writer.WriteEndArray();
    }
}
