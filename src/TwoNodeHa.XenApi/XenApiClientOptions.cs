namespace TwoNodeHa.XenApi;

/// <summary>Settings of a <see cref="XenApiClient"/>. The defaults suit a daemon beside its local xapi.</summary>
public sealed record XenApiClientOptions
{
    /// <summary>
    /// Name under which sessions are made. It must be unique to the program: XAPI evicts the oldest sessions of an
    /// originator above 500 (xapi_session.ml), and a shared name lets other clients push ours out.
    /// </summary>
    public string Originator { get; init; } = "twonodeha";

    /// <summary>Clock of deadlines, delays and task polling.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>
    /// How many calls may be outstanding at once. Hung requests hold threads of xapi, so a client that meets a hanging
    /// server must refuse further calls instead of adding to the pile. Calls that must get through while others hang,
    /// such as a promotion, belong on a client of their own. 1 to 1000.
    /// </summary>
    public int OutstandingCallsMax { get; init; } = 16;

    /// <summary>Bytes of a request body; xapi refuses more than 300 KiB (<c>http_limit_max_rpc_size</c>).</summary>
    public int RequestBytesMax { get; init; } = 300 * 1024;

    /// <summary>Bytes of a response body that are accepted.</summary>
    public int ResponseBytesMax { get; init; } = 64 * 1024 * 1024;

    /// <summary>
    /// Limit of one attempt to connect, TLS handshake included. An attempt outlives the call that caused it, hence a
    /// limit of its own.
    /// </summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How often a read is attempted at most when there is no usable answer. 1 to 10; 1 means no repetition.
    /// </summary>
    public int ReadAttemptsMax { get; init; } = 3;

    /// <summary>Delay before the second attempt of a read; it doubles with each further one.</summary>
    public TimeSpan ReadRetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Deadline of the logout made by disposing a session, which is a courtesy to the server.</summary>
    public TimeSpan LogoutDeadline { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// PEM file with the certificates to trust over TLS, in dom0 <c>/etc/stunnel/xapi-pool-ca-bundle.pem</c>
    /// (stunnel_client). It is read at each connection, because hosts may renew their certificates. When null, any
    /// certificate is accepted only if <see cref="AcceptAnyCertificate"/> says so, otherwise the system's trust
    /// decides.
    /// </summary>
    public string? CaBundlePath { get; init; }

    /// <summary>
    /// Accept any certificate when no bundle is given, as pools before TLS verification do (8.2 and older).
    /// </summary>
    public bool AcceptAnyCertificate { get; init; }

    /// <summary>Refuses values that make no sense.</summary>
    /// <exception cref="ArgumentException">Names the first such property.</exception>
    internal void Validate()
    {
        Require(!string.IsNullOrWhiteSpace(Originator), nameof(Originator));
        Require(TimeProvider is not null, nameof(TimeProvider));
        Require(OutstandingCallsMax is >= 1 and <= 1000, nameof(OutstandingCallsMax));
        Require(RequestBytesMax >= 1, nameof(RequestBytesMax));
        Require(ResponseBytesMax >= 1, nameof(ResponseBytesMax));
        Require(ReadAttemptsMax is >= 1 and <= 10, nameof(ReadAttemptsMax));
        Require(ConnectTimeout > TimeSpan.Zero, nameof(ConnectTimeout));
        Require(ReadRetryDelay > TimeSpan.Zero, nameof(ReadRetryDelay));
        Require(LogoutDeadline > TimeSpan.Zero, nameof(LogoutDeadline));
    }

    private static void Require(bool holds, string property)
    {
        if (!holds)
        {
            throw new ArgumentException($"{property} is out of range", nameof(property));
        }
    }
}
