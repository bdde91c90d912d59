namespace TwoNodeHa.XenApi;

/// <summary>
/// There was no usable answer. Unless <see cref="Outcome"/> proves otherwise the call may take effect, even minutes
/// later: a slave whose master is gone keeps the request and executes it when the master returns (xapi.md 2.2).
/// </summary>
public sealed class XenApiTransportException : XenApiException
{
    /// <summary>Makes a transport fault.</summary>
    /// <param name="fault">Why there was no answer.</param>
    /// <param name="outcome">
    /// <see cref="CallOutcome.NotSent"/> only when proven, else <see cref="CallOutcome.Unknown"/>.
    /// </param>
    /// <param name="message">What happened, for people.</param>
    /// <param name="inner">The underlying error, if there is one.</param>
    public XenApiTransportException(
        TransportFault fault, CallOutcome outcome, string message, Exception? inner = null)
        : base(message, inner)
    {
        Fault = fault;
        Outcome = outcome;
    }

    /// <summary>Why there was no usable answer.</summary>
    public TransportFault Fault { get; }

    /// <inheritdoc/>
    public override CallOutcome Outcome { get; }

    /// <summary>True for faults of the moment; false for sizes, certificates and use after disposal.</summary>
    public override bool IsTransient => Fault is TransportFault.ConnectFailed or TransportFault.ConnectionLost
        or TransportFault.DeadlineExpired or TransportFault.TooManyCalls or TransportFault.HttpStatus
        or TransportFault.TaskLost;
}
