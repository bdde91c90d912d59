using System.Collections.Immutable;
using System.Text.Json.Nodes;
using TwoNodeHa.XenApi.Sessions;
using TwoNodeHa.XenApi.Transport;
using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>
/// A client of one xapi endpoint. It holds no connection between calls, so it may be made before xapi runs and kept
/// through any number of its restarts. All methods raise <see cref="XenApiException"/>.
/// </summary>
public sealed class XenApiClient : IAsyncDisposable
{
    private const string AnyUser = "root";

    private readonly XenApiClientOptions _options;
    private readonly HttpTransport _transport;
    private readonly RpcCaller _caller;

    private XenApiClient(XenApiEndpoint endpoint, XenApiClientOptions? options)
    {
        _options = options ?? new XenApiClientOptions();
        _options.Validate();
        _transport = new HttpTransport(endpoint, _options);
        _caller = new RpcCaller(_transport);
    }

    /// <summary>How many calls have not ended on the wire yet; at the limit further ones are refused.</summary>
    public int OutstandingCalls => _transport.Outstanding;

    /// <summary>The JSON-RPC version in use, for tests.</summary>
    internal RpcVersion Version => _caller.Version;

    /// <summary>
    /// A client of the local xapi; in dom0 the path is <c>/var/lib/xcp/xapi</c> (xapi-consts/constants.ml).
    /// </summary>
    public static XenApiClient ForUnixSocket(string path, XenApiClientOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new XenApiClient(new XenApiEndpoint.UnixSocket(path), options);
    }

    /// <summary>A client over TLS, with server name <c>pool</c>.</summary>
    public static XenApiClient ForHttps(string host, int port = 443, XenApiClientOptions? options = null) =>
        ForTcp(host, port, useTls: true, options);

    /// <summary>A client over plain TCP; only for loopback, where nobody listens in.</summary>
    public static XenApiClient ForHttp(string host, int port = 80, XenApiClientOptions? options = null) =>
        ForTcp(host, port, useTls: false, options);

    /// <summary>
    /// Makes a pool session by <c>session.login_with_password</c> over the unix socket, where no password is checked.
    /// On a slave this needs the master and hangs without it (xapi.md 2.2).
    /// </summary>
    public Task<Session> LoginAsync(TimeSpan deadline, CancellationToken cancellationToken) =>
        LoginWithPasswordAsync(AnyUser, "", deadline, cancellationToken);

    /// <summary>
    /// Makes a pool session by <c>session.login_with_password</c>. A wrong password costs the server 5 s and raises
    /// <see cref="XenApiErrorCode.SessionAuthenticationFailed"/>; a slave's TCP port raises
    /// <see cref="XenApiErrorCode.HostIsSlave"/>.
    /// </summary>
    public Task<Session> LoginWithPasswordAsync(
        string user, string password, TimeSpan deadline, CancellationToken cancellationToken) =>
        OpenAsync(SessionLogin.OfPool(user, password, _options.Originator), deadline, cancellationToken);

    /// <summary>
    /// Makes a local session by <c>session.slave_local_login_with_password</c> over the unix socket. It works in every
    /// role and in emergency mode, and never needs the master. It dies with the xapi process.
    /// </summary>
    public Task<Session> LoginLocalAsync(TimeSpan deadline, CancellationToken cancellationToken) =>
        OpenAsync(SessionLogin.OfHost(AnyUser, ""), deadline, cancellationToken);

    /// <summary>The same over TCP, where the password of the host's own root is checked.</summary>
    public Task<Session> LoginLocalWithPasswordAsync(
        string user, string password, TimeSpan deadline, CancellationToken cancellationToken) =>
        OpenAsync(SessionLogin.OfHost(user, password), deadline, cancellationToken);

    /// <summary>
    /// Makes a local session by <c>session.slave_local_login</c> with the content of <c>/etc/xensource/ptoken</c>, the
    /// way hosts log in to each other.
    /// </summary>
    public Task<Session> LoginLocalWithPoolSecretAsync(
        string poolSecret, TimeSpan deadline, CancellationToken cancellationToken) =>
        OpenAsync(SessionLogin.OfHost(poolSecret), deadline, cancellationToken);

    /// <summary><c>system.listMethods</c>: the methods this release has. Needs no session.</summary>
    public Task<ImmutableArray<string>> SystemListMethodsAsync(
        TimeSpan deadline, CancellationToken cancellationToken) => CallSystemAsync(
            "system.listMethods", [], json => json.AsStrings(), deadline, cancellationToken);

    /// <summary>
    /// <c>system.isAlive</c>: whether xapi echoes a text. Needs no session and no database, but fails in emergency mode
    /// and is forwarded to the master on a slave's unix socket (xapi.md 1.4). It is made once, without repetition.
    /// </summary>
    public Task<bool> SystemIsAliveAsync(TimeSpan deadline, CancellationToken cancellationToken) => CallSystemAsync(
        "system.isAlive:" + _options.Originator, [_options.Originator],
        json => string.Equals(json.AsString(), _options.Originator, StringComparison.Ordinal),
        deadline, cancellationToken);

    /// <summary>Ends all exchanges. Sessions still open are left to the server: dispose them first.</summary>
    public ValueTask DisposeAsync()
    {
        _transport.Dispose();
        return ValueTask.CompletedTask;
    }

    private static XenApiClient ForTcp(string host, int port, bool useTls, XenApiClientOptions? options)
    {
        ArgumentException.ThrowIfNullOrEmpty(host);
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, ushort.MaxValue);
        return new XenApiClient(new XenApiEndpoint.Tcp(host, port, useTls), options);
    }

    private Task<Session> OpenAsync(SessionLogin login, TimeSpan deadline, CancellationToken cancellationToken) =>
        CallDeadline.RunAsync(
            login.Method, deadline, _options.TimeProvider,
            token => Session.OpenAsync(_caller, _options, login, token), cancellationToken);

    private Task<T> CallSystemAsync<T>(
        string method, JsonNode?[] parameters, Func<XenJson, T> parse, TimeSpan deadline,
        CancellationToken cancellationToken) =>
        CallDeadline.RunAsync(
            method, deadline, _options.TimeProvider,
            async token => parse(new XenJson(
                method, await _caller.CallAsync(method, parameters, mayRepeat: true, token))),
            cancellationToken);
}
