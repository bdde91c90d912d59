namespace TwoNodeHa.XenApi;

/// <summary>
/// The server answered with HTTP 200, but the body is not what the protocol promises: not JSON, not a JSON-RPC answer,
/// or a result whose members are missing or of the wrong type. The call may have been executed.
/// </summary>
public sealed class XenApiProtocolException : XenApiException
{
    /// <summary>Makes a protocol error.</summary>
    /// <param name="message">What was expected and what came.</param>
    /// <param name="field">
    /// Path of the offending member, e.g. <c>VM.get_record.power_state</c>; null for the body.
    /// </param>
    /// <param name="isTransient">True when the body is damaged as a whole, so that another answer may be sound.</param>
    /// <param name="inner">The parser's error, if there is one.</param>
    public XenApiProtocolException(
        string message, string? field = null, bool isTransient = false, Exception? inner = null)
        : base(message, inner)
    {
        Field = field;
        IsTransient = isTransient;
    }

    /// <summary>Path of the offending member; null when the body as a whole is malformed.</summary>
    public string? Field { get; }

    /// <inheritdoc/>
    public override bool IsTransient { get; }

    /// <summary>Always <see cref="CallOutcome.Unknown"/>: there was an answer, so the call was received.</summary>
    public override CallOutcome Outcome => CallOutcome.Unknown;
}
