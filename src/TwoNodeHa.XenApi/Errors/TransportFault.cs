namespace TwoNodeHa.XenApi;

/// <summary>Why a call got no usable answer.</summary>
public enum TransportFault
{
    /// <summary>Not classified.</summary>
    Unknown = 0,

    /// <summary>No connection: socket file missing, refused, name not resolved, TLS handshake broken off.</summary>
    ConnectFailed,

    /// <summary>The peer's certificate is not the pinned one.</summary>
    CertificateRejected,

    /// <summary>The connection ended before the answer was complete.</summary>
    ConnectionLost,

    /// <summary>The deadline of the call passed.</summary>
    DeadlineExpired,

    /// <summary>Too many calls are outstanding on this client; refused without sending.</summary>
    TooManyCalls,

    /// <summary>The request is larger than xapi accepts; refused without sending.</summary>
    RequestTooLarge,

    /// <summary>The answer is larger than this client accepts.</summary>
    ResponseTooLarge,

    /// <summary>
    /// The HTTP status was not 200: malformed request, failed forwarding or an uncaught error in xapi.
    /// </summary>
    HttpStatus,

    /// <summary>The server forgot the task being waited for (its xapi restarted).</summary>
    TaskLost,

    /// <summary>The client has been disposed.</summary>
    ClientDisposed,
}
