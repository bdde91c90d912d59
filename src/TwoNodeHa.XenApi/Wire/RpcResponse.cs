using System.Collections.Immutable;
using System.Text.Json;

namespace TwoNodeHa.XenApi.Wire;

/// <summary>
/// Reads the answers of xapi.md 1.2. The shape is taken from the answer itself and never from what was asked, because
/// a forwarding slave or a host in emergency mode answers in another shape, and with another id, than its own.
/// </summary>
internal readonly record struct RpcResponse(JsonElement Result, XenApiFailure? Failure, RpcVersion Evidence)
{
    /// <summary>Parses a body.</summary>
    /// <exception cref="XenApiProtocolException">It is not a JSON-RPC answer.</exception>
    public static RpcResponse Parse(string method, ReadOnlyMemory<byte> body)
    {
        JsonElement root = ParseJson(method, body);
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw Malformed(method, $"the answer is a JSON {root.ValueKind} instead of an object");
        }

        RpcVersion evidence = EvidenceOf(root);
        if (root.TryGetProperty("error", out JsonElement error) && error.ValueKind != JsonValueKind.Null)
        {
            return new RpcResponse(default, ReadFailure(method, error), evidence);
        }

        return root.TryGetProperty("result", out JsonElement result)
            ? new RpcResponse(result, null, evidence)
            : throw Malformed(method, "the answer has neither result nor error");
    }

    /// <summary>A failure from an error array, code first (also the form of <c>task.error_info</c>).</summary>
    public static XenApiFailure FailureFromArray(string method, JsonElement error)
    {
        if (error.GetArrayLength() == 0 || error[0].ValueKind != JsonValueKind.String)
        {
            throw Malformed(method, "the error array does not begin with a code");
        }

        ImmutableArray<string> all = Texts(error);
        return new XenApiFailure(method, all[0], all.RemoveAt(0));
    }

    private static JsonElement ParseJson(string method, ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonElement.Parse(body.Span);
        }
        catch (JsonException error)
        {
            return ParseMended(method, body, error);
        }
    }

    private static JsonElement ParseMended(string method, ReadOnlyMemory<byte> body, JsonException first)
    {
        try
        {
            return JsonElement.Parse(OddJson.Mend(body.Span));
        }
        catch (JsonException)
        {
            throw new XenApiProtocolException(
                $"{method}: the answer of {body.Length} bytes is not JSON: {first.Message}",
                isTransient: true, inner: first);
        }
    }

    /// <summary>
    /// What the answer proves about the server. Emergency mode refuses in 2.0 form with id 0 whatever was asked, so an
    /// id of 0 (this client starts at 1) proves nothing.
    /// </summary>
    private static RpcVersion EvidenceOf(JsonElement root)
    {
        if (!root.TryGetProperty("jsonrpc", out _))
        {
            return RpcVersion.V1;
        }

        bool refusedOutside = root.TryGetProperty("id", out JsonElement id)
            && id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out long number) && number == 0;
        return refusedOutside ? RpcVersion.Unknown : RpcVersion.V2;
    }

    private static XenApiFailure ReadFailure(string method, JsonElement error) => error.ValueKind switch
    {
        JsonValueKind.Array => FailureFromArray(method, error),
        JsonValueKind.Object => FailureFromObject(method, error),
        _ => throw Malformed(method, $"the error is a JSON {error.ValueKind}"),
    };

    private static XenApiFailure FailureFromObject(string method, JsonElement error)
    {
        if (!error.TryGetProperty("message", out JsonElement message) || message.ValueKind != JsonValueKind.String)
        {
            throw Malformed(method, "the error object has no message");
        }

        bool hasData = error.TryGetProperty("data", out JsonElement data) && data.ValueKind != JsonValueKind.Null;
        return new XenApiFailure(method, Text(message), hasData ? Texts(data) : []);
    }

    /// <summary>Parameters are texts; whatever else comes is kept as its JSON text, for people to read.</summary>
    private static ImmutableArray<string> Texts(JsonElement value) => value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Select(Text)]
        : [Text(value)];

    private static string Text(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, or broken UTF-8.
            return value.GetRawText();
        }
    }

    private static XenApiProtocolException Malformed(string method, string what) => new($"{method}: {what}");
}
