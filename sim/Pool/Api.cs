using System.Text.Json.Nodes;

namespace TwoNodeHa.Sim.Pool;

/// <summary>An error XAPI answers with: a code and its parameters.</summary>
public sealed class ApiException(params string[] error) : Exception(string.Join(' ', error))
{
    public IReadOnlyList<string> Error { get; } = error;

    public string Code => Error[0];

    /// <summary>The lock that stood in the way; null when none did.</summary>
    public VdiLock? Holder { get; init; }
}

/// <summary>Where a call came in (xapi.md 1.1): the unix socket is trusted as root.</summary>
public enum CallOrigin
{
    Unix,
    Tcp,

    /// <summary>The emulator's own traffic between its two hosts.</summary>
    Internal,
}

/// <summary>Where a failure arose; it decides the shape on the wire (xapi.md 1.2).</summary>
public enum FailureOrigin
{
    Executed,
    Forwarded,
    Emergency,
}

/// <summary>What a caller sees of a call. A call that hangs is a task that never completes.</summary>
public abstract record CallReply
{
    private CallReply()
    {
    }

    public sealed record Success(JsonNode? Value) : CallReply;

    public sealed record Failure(IReadOnlyList<string> Error, FailureOrigin Origin) : CallReply
    {
        public override string ToString() => $"{string.Join(' ', Error)} ({Origin})";
    }

    /// <summary>HTTP 500 with an HTML body: uncaught error or a transport failure inside forwarding.</summary>
    public sealed record HttpError(string Text) : CallReply;

    /// <summary>The connection was cut; the call may have been executed.</summary>
    public sealed record ConnectionLost(string Reason) : CallReply;

    /// <summary>Nobody listens; the call was not executed.</summary>
    public sealed record Refused(string Reason) : CallReply;

    /// <summary>The value of a success; anything else raises what a client library would raise.</summary>
    public JsonNode? Unwrap() => this switch
    {
        Success success => success.Value,
        Failure failure => throw new ApiException([.. failure.Error]),
        HttpError error => throw new PeerLostException(error.Text),
        ConnectionLost lost => throw new PeerLostException(lost.Reason),
        Refused refused => throw new PeerUnreachableException(refused.Reason),
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}

/// <summary>The other host could not be reached: the call was not executed there.</summary>
public sealed class PeerUnreachableException(string message) : Exception(message);

/// <summary>The connection to the other host broke after the call was sent: outcome unknown.</summary>
public sealed class PeerLostException(string message) : Exception(message);

/// <summary>Something worth a line in the emulator's own log.</summary>
public sealed record PoolEvent(string Host, string Name, IReadOnlyList<(string Key, string Value)> Fields)
{
    public override string ToString() =>
        $"{Host} {Name}" + string.Concat(Fields.Select(field => $" {field.Key}={field.Value}"));
}
