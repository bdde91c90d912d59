using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace TwoNodeHa.Sim.Xapi;

/// <summary>
/// XML-RPC as XAPI speaks it (xapi.md 1.2): integers travel as decimal strings, errors are a struct with Status=Failure,
/// never a fault.
/// </summary>
internal static partial class XmlRpc
{
    public static (string Method, JsonArray Parameters) ReadCall(string body)
    {
        XElement root = XDocument.Parse(body).Root ?? throw new FormatException("empty document");
        string method = root.Element("methodName")?.Value ?? throw new FormatException("no methodName");
        JsonArray parameters = [.. (root.Element("params")?.Elements("param") ?? [])
            .Select(param => ReadValue(param.Element("value") ?? throw new FormatException("no value")))];
        return (method, parameters);
    }

    public static string WriteSuccess(JsonNode? value) => WriteResponse(
        Struct([Member("Status", Text("Success")), Member("Value", WriteValue(value, ""))]));

    public static string WriteFailure(IEnumerable<string> error) => WriteResponse(
        Struct([Member("Status", Text("Failure")), Member("ErrorDescription", Array(error.Select(Text)))]));

    /// <summary>One value alone, as in <c>task.result</c>.</summary>
    public static string ValueText(JsonNode? value) => WriteValue(value, "").ToString(SaveOptions.DisableFormatting);

    private static JsonNode? ReadValue(XElement value)
    {
        XElement? typed = value.Elements().FirstOrDefault();
        if (typed is null)
        {
            return value.Value;
        }

        return typed.Name.LocalName switch
        {
            "string" => typed.Value,
            "boolean" => typed.Value.Trim() == "1",
            "int" or "i4" or "i8" => long.Parse(typed.Value, CultureInfo.InvariantCulture),
            "double" => double.Parse(typed.Value, CultureInfo.InvariantCulture),
            "dateTime.iso8601" => typed.Value,
            "nil" => null,
            "array" => ReadArray(typed),
            "struct" => ReadStruct(typed),
            _ => throw new FormatException($"unknown type {typed.Name.LocalName}"),
        };
    }

    private static JsonArray ReadArray(XElement array) =>
        [.. (array.Element("data")?.Elements("value") ?? []).Select(ReadValue)];

    private static JsonObject ReadStruct(XElement element)
    {
        var result = new JsonObject();
        foreach (XElement member in element.Elements("member"))
        {
            result[member.Element("name")!.Value] = ReadValue(member.Element("value")!);
        }

        return result;
    }

    private static string WriteResponse(XElement value) =>
        "<?xml version=\"1.0\"?>" + new XElement("methodResponse", new XElement("params", new XElement("param", value)))
            .ToString(SaveOptions.DisableFormatting);

    private static XElement WriteValue(JsonNode? node, string field) => node switch
    {
        null => Text(""),
        JsonArray array => Array(array.Select(item => WriteValue(item, ""))),
        JsonObject map => Struct(map.Select(pair => Member(pair.Key, WriteValue(pair.Value, pair.Key)))),
        _ => WriteScalar(node.AsValue(), field),
    };

    private static XElement WriteScalar(JsonValue value, string field)
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
                string text = value.GetValue<string>();
                return DateTimePattern().IsMatch(text) ? Typed("dateTime.iso8601", text) : Text(text);
        }
    }

    private static XElement Typed(string type, string text) => new("value", new XElement(type, text));

    private static XElement Text(string text) => new("value", text);

    private static XElement Array(IEnumerable<XElement> values) =>
        new("value", new XElement("array", new XElement("data", values)));

    private static XElement Struct(IEnumerable<XElement> members) => new("value", new XElement("struct", members));

    private static XElement Member(string name, XElement value) => new("member", new XElement("name", name), value);

    [GeneratedRegex(@"^\d{8}T\d{2}:\d{2}:\d{2}Z$", RegexOptions.NonBacktracking)]
    private static partial Regex DateTimePattern();
}
