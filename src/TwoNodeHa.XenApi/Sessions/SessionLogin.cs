using System.Text.Json.Nodes;
using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi.Sessions;

/// <summary>How sessions of one kind are made and ended.</summary>
internal sealed record SessionLogin(
    string Method, IReadOnlyList<JsonNode?> Parameters, string LogoutMethod, bool IsLocal)
{
    /// <summary>Version of the API the client claims to know; XAPI accepts any (xapi_session.ml).</summary>
    private const string ClientVersion = "1.0";

    /// <summary>A pool session. Over the unix socket user and password are not checked (xapi.md 1.4).</summary>
    public static SessionLogin OfPool(string user, string password, string originator) => new(
        "session.login_with_password", [user, password, ClientVersion, originator], "session.logout", IsLocal: false);

    /// <summary>A session in the memory of one xapi process.</summary>
    public static SessionLogin OfHost(string user, string password) => new(
        "session.slave_local_login_with_password", [user, password], "session.local_logout", IsLocal: true);

    /// <summary>The same, made with the secret that hosts of a pool share.</summary>
    public static SessionLogin OfHost(string poolSecret) => new(
        "session.slave_local_login", [poolSecret], "session.local_logout", IsLocal: true);

    /// <summary>Logs in and returns the session reference. A login may be repeated: sessions are replaceable.</summary>
    public async Task<string> LoginAsync(RpcCaller caller, CancellationToken cancellationToken) =>
        new XenJson(Method, await caller.CallAsync(Method, Parameters, mayRepeat: true, cancellationToken)).AsString();

    /// <summary>Ends a session.</summary>
    public Task LogoutAsync(RpcCaller caller, string reference, CancellationToken cancellationToken) =>
        caller.CallAsync(LogoutMethod, [reference], mayRepeat: false, cancellationToken);
}
