using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Xapi;

/// <summary>JSON-RPC 1.0 and 2.0 with all the shapes of xapi.md 1.2.</summary>
internal sealed record JsonRpcRequest(string Method, JsonArray Parameters, JsonNode Id, bool IsVersion2)
{
    /// <summary>Null: malformed, which XAPI answers with HTTP 500. An id must be an integer or a string.</summary>
    public static JsonRpcRequest? Read(string body)
    {
        try
        {
            if (JsonNode.Parse(body) is not JsonObject request
                || request["id"] is not JsonValue id
                || request["method"] is not JsonValue method
                || id.GetValueKind() is not (System.Text.Json.JsonValueKind.Number or System.Text.Json.JsonValueKind.String))
            {
                return null;
            }

            JsonArray parameters = request["params"] as JsonArray ?? [];
            return new JsonRpcRequest(
                method.GetValue<string>(), (JsonArray)parameters.DeepClone(), id.DeepClone(), request.ContainsKey("jsonrpc"));
        }
        catch (Exception error) when (error is System.Text.Json.JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    public string WriteSuccess(JsonNode? value) => IsVersion2
        ? new JsonObject { ["jsonrpc"] = "2.0", ["result"] = Copy(value), ["id"] = Id.DeepClone() }.ToJsonString()
        : new JsonObject { ["result"] = Copy(value), ["error"] = null, ["id"] = Id.DeepClone() }.ToJsonString();

    public string WriteFailure(CallReply.Failure failure)
    {
        if (failure.Origin == FailureOrigin.Emergency)
        {
            // Raised outside of the dispatcher, where the id is unknown: always 2.0, an array, id 0.
            return new JsonObject { ["jsonrpc"] = "2.0", ["error"] = Strings(failure.Error), ["id"] = 0 }.ToJsonString();
        }

        if (!IsVersion2)
        {
            return new JsonObject { ["result"] = null, ["error"] = Strings(failure.Error), ["id"] = Id.DeepClone() }
                .ToJsonString();
        }

        JsonNode error = failure.Origin == FailureOrigin.Forwarded
            ? Strings(failure.Error)
            : new JsonObject
            {
                ["code"] = 1,
                ["message"] = failure.Error[0],
                ["data"] = Strings(failure.Error.Skip(1)),
            };
        return new JsonObject { ["jsonrpc"] = "2.0", ["error"] = error, ["id"] = Id.DeepClone() }.ToJsonString();
    }

    private static JsonNode Copy(JsonNode? value) => value?.DeepClone() ?? "";

    private static JsonArray Strings(IEnumerable<string> items) => [.. items.Select(item => (JsonNode)item)];
}
