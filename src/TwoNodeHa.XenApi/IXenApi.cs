namespace TwoNodeHa.XenApi;

/// <summary>
/// A logged-in connection to one xapi: everything that <see cref="Pool"/>, <see cref="Host"/>, <see cref="VM"/> and the
/// other call groups need. <see cref="Session"/> is the implementation of this project; another one may sit on the
/// official SDK (a subclass of its <c>JsonRpcClient</c> reaches the generic <c>Rpc</c>), or be a fake in a test.
/// </summary>
public interface IXenApi
{
    /// <summary>Clock for everything that waits on behalf of calls.</summary>
    TimeProvider TimeProvider { get; }

    /// <summary>
    /// Number of logins so far. Event tokens and tasks of an earlier login mean nothing to the current one.
    /// </summary>
    int Generation { get; }

    /// <summary>Makes a call within a deadline, renewing the session and repeating as the call's kind allows.</summary>
    /// <param name="call">The call, without session reference.</param>
    /// <param name="deadline">Limit for everything together, repetitions included; above zero, at most a day.</param>
    /// <param name="cancellationToken">Gives up waiting; the effect of the call is then unknown.</param>
    /// <exception cref="XenApiFailure">The server answered with a coded error.</exception>
    /// <exception cref="XenApiTransportException">There was no usable answer in time.</exception>
    /// <exception cref="XenApiProtocolException">The answer is malformed.</exception>
    Task<XenApiAnswer> CallAsync(XenApiCall call, TimeSpan deadline, CancellationToken cancellationToken);
}
