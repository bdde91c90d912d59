using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using TwoNodeHa.Sim.Pool.Xapi;

namespace TwoNodeHa.Sim.Xapi;

/// <summary>
/// XML-RPC as XAPI speaks it (xapi.md 1.2): integers travel as decimal strings, errors are a struct with Status=Failure,
/// never a fault.
/// </summary>
internal static class XmlRpc
{
    public static (string Method, JsonArray Parameters) ReadCall(string body)
    {
        XElement root = XDocument.Parse(body).Root ?? throw new FormatException("empty document");
        string method = root.Element("methodName")?.Value ?? throw new FormatException("no methodName");
        JsonArray parameters = [.. (root.Element("params")?.Elements("param") ?? [])
            .Select(param => ReadValue(param.Element("value") ?? throw new FormatException("no value")))];
        return (method, parameters);
    }

    public static string WriteSuccess(JsonNode? value) => WriteResponse("Success", "Value", XmlValue.Of(value));

    public static string WriteFailure(IEnumerable<string> error) =>
        WriteResponse("Failure", "ErrorDescription", XmlValue.Of(new JsonArray([.. error.Select(text => (JsonNode)text)])));

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

    private static string WriteResponse(string status, string name, string value) =>
        "<?xml version=\"1.0\"?><methodResponse><params><param><value><struct>"
        + $"<member><name>Status</name>{XmlValue.Text(status)}</member><member><name>{name}</name>{value}</member></struct></value></param></params></methodResponse>";
}
