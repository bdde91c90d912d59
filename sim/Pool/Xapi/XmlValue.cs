using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TwoNodeHa.Sim.Pool.Xapi;

/// <summary>A value as XAPI writes it in XML-RPC (xapi.md 1.2): integers travel as decimal strings.</summary>
internal static class XmlValue
{
    /// <summary>One value alone, as in <c>task.result</c>.</summary>
    public static string Of(JsonNode? value)
    {
        var xml = new StringBuilder();
        Append(xml, value, "");
        return xml.ToString();
    }

    /// <summary>A text alone.</summary>
    public static string Text(string text) => $"<value>{Escaped(text)}</value>";

    private static void Append(StringBuilder xml, JsonNode? node, string field)
    {
        switch (node)
        {
            case null:
                xml.Append("<value></value>");
                break;
            case JsonArray array:
                xml.Append("<value><array><data>");
                foreach (var item in array)
                {
                    Append(xml, item, "");
                }

                xml.Append("</data></array></value>");
                break;
            case JsonObject map:
                xml.Append("<value><struct>");
                foreach (var (name, value) in map)
                {
                    xml.Append(CultureInfo.InvariantCulture, $"<member><name>{Escaped(name)}</name>");
                    Append(xml, value, name);
                    xml.Append("</member>");
                }

                xml.Append("</struct></value>");
                break;
            default:
                xml.Append(Scalar(node.AsValue(), field));
                break;
        }
    }

    private static string Scalar(JsonValue value, string field)
    {
        switch (value.GetValueKind())
        {
            case JsonValueKind.True or JsonValueKind.False:
                return Typed("boolean", value.GetValueKind() == JsonValueKind.True ? "1" : "0");
            case JsonValueKind.Number when field == "progress":
                return Typed("double", value.ToJsonString());
            case JsonValueKind.Number:
                return Text(value.ToJsonString());
            default:
                var text = value.GetValue<string>();
                return IsDateTime(text) ? Typed("dateTime.iso8601", text) : Text(text);
        }
    }

    private static string Typed(string type, string text) => $"<value><{type}>{Escaped(text)}</{type}></value>";

    /// <summary>As XAPI writes them: 20261130T09:12:00Z.</summary>
    private static bool IsDateTime(string text)
    {
        const string Shape = "00000000T00:00:00Z";
        return text.Length == Shape.Length && text.Zip(Shape).All(pair => pair.Second == '0' ? char.IsAsciiDigit(pair.First) : pair.First == pair.Second);
    }

    private static string Escaped(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal).Replace("\r", "&#xD;", StringComparison.Ordinal);
}
