using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TwoNodeHa.XenApi;

/// <summary>How often a call may be made in order to be made once.</summary>
public enum CallKind
{
    /// <summary>Not stated; no call may be of this kind.</summary>
    Unknown = 0,

    /// <summary>Changes nothing: repeated when there is no usable answer, and with a new session.</summary>
    Read,

    /// <summary>Changes nothing, but its parameters belong to the session: never repeated by itself.</summary>
    ReadOnce,

    /// <summary>
    /// Changes something in one step. Never repeated, with a single exception: the server refused the very session
    /// sent. The session check precedes execution (session_check.ml), so that refusal proves that nothing was executed.
    /// </summary>
    Write,

    /// <summary>
    /// Changes a role, or runs further calls inside the server under the caller's session. Never repeated: a role
    /// change is not harmless twice, and a refused session may come from an inner call after others have taken effect.
    /// </summary>
    WriteOnce,
}

/// <summary>A call, without the session reference that precedes the parameters.</summary>
/// <param name="Method">Name as XAPI spells it, e.g. <c>VM.start_on</c>.</param>
/// <param name="Kind">How often it may be made.</param>
/// <param name="Parameters">Positional parameters after the session.</param>
public sealed record XenApiCall(string Method, CallKind Kind, ImmutableArray<JsonNode?> Parameters)
{
    internal static XenApiCall Read(string method, params ReadOnlySpan<JsonNode?> parameters) =>
        new(method, CallKind.Read, [.. parameters]);

    internal static XenApiCall ReadOnce(string method, params ReadOnlySpan<JsonNode?> parameters) =>
        new(method, CallKind.ReadOnce, [.. parameters]);

    internal static XenApiCall Write(string method, params ReadOnlySpan<JsonNode?> parameters) =>
        new(method, CallKind.Write, [.. parameters]);

    internal static XenApiCall WriteOnce(string method, params ReadOnlySpan<JsonNode?> parameters) =>
        new(method, CallKind.WriteOnce, [.. parameters]);
}

/// <summary>The result of a call.</summary>
/// <param name="Result">The result as JSON; an empty string where XAPI returns void.</param>
/// <param name="Generation">Which login the call was made under, counted from 1.</param>
public sealed record XenApiAnswer(JsonElement Result, int Generation);
