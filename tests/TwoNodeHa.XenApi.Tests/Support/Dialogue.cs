namespace TwoNodeHa.XenApi.Tests.Support;

/// <summary>
/// A client, a logged-in session and the scripted server behind them. The server grants logins as <c>OpaqueRef:s1</c>,
/// <c>OpaqueRef:s2</c> … and accepts logouts; everything else is up to the test.
/// </summary>
internal sealed class Dialogue : IAsyncDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private Dialogue(ScriptedServer server, XenApiClient client, Session session)
    {
        Server = server;
        Client = client;
        Session = session;
    }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Options whose delays do not delay tests.</summary>
    public static XenApiClientOptions Quick { get; } = new() { ReadRetryDelay = TimeSpan.FromMilliseconds(1) };

    public ScriptedServer Server { get; }

    public XenApiClient Client { get; }

    public Session Session { get; }

    public static async Task<Dialogue> OpenAsync(
        Func<ReceivedRequest, Reply> script, XenApiClientOptions? options = null, bool local = false)
    {
        ScriptedServer server = ScriptedServer.OnUnixSocket(GrantingLogins(script));
        XenApiClient client = XenApiClient.ForUnixSocket(server.Path, options ?? Quick);
        Session session = local
            ? await client.LoginLocalAsync(Deadline, Token)
            : await client.LoginAsync(Deadline, Token);
        return new Dialogue(server, client, session);
    }

    public static Func<ReceivedRequest, Reply> GrantingLogins(Func<ReceivedRequest, Reply> script)
    {
        int logins = 0;
        return request => request.Method switch
        {
            "session.login_with_password" or "session.slave_local_login_with_password" or "session.slave_local_login"
                => Reply.Result($"\"OpaqueRef:s{Interlocked.Increment(ref logins)}\""),
            "session.logout" or "session.local_logout" => Reply.Result("\"\""),
            _ => script(request),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
    }
}
