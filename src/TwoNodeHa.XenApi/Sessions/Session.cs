using TwoNodeHa.XenApi.Sessions;
using TwoNodeHa.XenApi.Transport;
using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>
/// A session that keeps itself alive. When the server refuses the session reference (it expired, was evicted, or the
/// xapi process restarted, which kills all local sessions), the session logs in again; reads and single-step writes are
/// then made once more, see <see cref="CallKind"/>. The server checks the session before it executes anything, so the
/// refusal proves that the call had no effect. Everything happens within the deadline of the call.
/// </summary>
/// <remarks>Safe for concurrent use. Disposing logs out as a courtesy and never throws.</remarks>
public sealed class Session : IXenApi, IAsyncDisposable
{
    private readonly RpcCaller _caller;
    private readonly XenApiClientOptions _options;
    private readonly SessionLogin _login;
    private readonly Polly.ResiliencePipeline _reads;
    private readonly SemaphoreSlim _renewing = new(1);
    private volatile Identity _identity;
    private int _closed;

    private Session(RpcCaller caller, XenApiClientOptions options, SessionLogin login, string reference)
    {
        _caller = caller;
        _options = options;
        _login = login;
        _reads = ReadPipeline.New(options);
        _identity = new Identity(reference, 1);
        Pool = new Pool(this);
        Host = new Host(this);
        HostMetrics = new HostMetrics(this);
        VM = new VM(this);
        VBD = new VBD(this);
        VDI = new VDI(this);
        SR = new SR(this);
        PBD = new PBD(this);
        PIF = new PIF(this);
        Task = new Task_(this);
        Message = new Message(this);
    }

    /// <summary>Whether this is a session of one xapi process, not of the pool's database.</summary>
    public bool IsLocal => _login.IsLocal;

    /// <summary>The current session reference. It is a credential: do not log it.</summary>
    public string Reference => _identity.Reference;

    /// <inheritdoc/>
    public int Generation => _identity.Generation;

    /// <inheritdoc/>
    public TimeProvider TimeProvider => _options.TimeProvider;

    /// <summary>Calls of class pool.</summary>
    public Pool Pool { get; }

    /// <summary>Calls of class host.</summary>
    public Host Host { get; }

    /// <summary>Calls of class host_metrics.</summary>
    public HostMetrics HostMetrics { get; }

    /// <summary>Calls of class VM.</summary>
    public VM VM { get; }

    /// <summary>Calls of class VBD.</summary>
    public VBD VBD { get; }

    /// <summary>Calls of class VDI.</summary>
    public VDI VDI { get; }

    /// <summary>Calls of class SR.</summary>
    public SR SR { get; }

    /// <summary>Calls of class PBD.</summary>
    public PBD PBD { get; }

    /// <summary>Calls of class PIF.</summary>
    public PIF PIF { get; }

    /// <summary>Calls of class task.</summary>
    public Task_ Task { get; }

    /// <summary>Calls of class message.</summary>
    public Message Message { get; }

    /// <summary>A new subscription to events; each has its own position in the stream.</summary>
    /// <param name="classes">Classes such as <c>vm</c>, or single objects such as <c>vm/OpaqueRef:…</c>.</param>
    public Event NewEvent(params ReadOnlySpan<string> classes) => new(this, classes);

    /// <inheritdoc/>
    public Task<XenApiAnswer> CallAsync(XenApiCall call, TimeSpan deadline, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        Func<CancellationToken, Task<XenApiAnswer>> work = call.Kind switch
        {
            CallKind.Read => token => RepeatingAsync(call, token),
            CallKind.ReadOnce or CallKind.Write or CallKind.WriteOnce => token => AttemptAsync(call, token),
            _ => throw new ArgumentException($"{call.Method}: the kind of the call is not stated", nameof(call)),
        };
        return CallDeadline.RunAsync(call.Method, deadline, TimeProvider, work, cancellationToken);
    }

    /// <summary>Ends the session on the server. Using the session afterwards logs in again.</summary>
    /// <exception cref="XenApiException">The server did not confirm; the session may still exist.</exception>
    public Task LogoutAsync(TimeSpan deadline, CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref _closed, 1);
        return CallDeadline.RunAsync(_login.LogoutMethod, deadline, TimeProvider, LogoutOnceAsync, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Volatile.Read(ref _closed) != 0)
        {
            return;
        }

        try
        {
            await LogoutAsync(_options.LogoutDeadline, CancellationToken.None);
        }
        catch (XenApiException)
        {
            // The server may be gone; what is left of the session is collected or dies with its process.
        }
    }

    internal static async Task<Session> OpenAsync(
        RpcCaller caller, XenApiClientOptions options, SessionLogin login, CancellationToken cancellationToken) =>
        new(caller, options, login, await login.LoginAsync(caller, cancellationToken));

    private async Task<bool> LogoutOnceAsync(CancellationToken cancellationToken)
    {
        await _login.LogoutAsync(_caller, Reference, cancellationToken);
        return true;
    }

    private async Task<XenApiAnswer> RepeatingAsync(XenApiCall call, CancellationToken cancellationToken) =>
        await _reads.ExecuteAsync(
            static async (state, token) => await state.Session.AttemptAsync(state.Call, token),
            (Session: this, Call: call),
            cancellationToken);

    private async Task<XenApiAnswer> AttemptAsync(XenApiCall call, CancellationToken cancellationToken)
    {
        Identity used = _identity;
        XenApiFailure refusal;
        try
        {
            return await SendAsync(call, used, cancellationToken);
        }
        catch (XenApiFailure failure) when (Refuses(failure, used))
        {
            refusal = failure;
        }

        Identity renewed = await RenewForAsync(call, refusal, used, cancellationToken);
        return call.Kind is CallKind.Read or CallKind.Write
            ? await SendAsync(call, renewed, cancellationToken)
            : throw refusal;
    }

    /// <summary>
    /// Renews the session. For a write a failed renewal must not hide what the refusal proves: an unknown outcome would
    /// be reported for a call that certainly had no effect.
    /// </summary>
    private async Task<Identity> RenewForAsync(
        XenApiCall call, XenApiFailure refusal, Identity used, CancellationToken cancellationToken)
    {
        try
        {
            return await RenewAsync(used, cancellationToken);
        }
        catch (XenApiException error) when (call.Kind is not CallKind.Read)
        {
            throw new XenApiFailure(refusal.Method, refusal.Code, refusal.Parameters, error);
        }
    }

    private async Task<Identity> RenewAsync(Identity used, CancellationToken cancellationToken)
    {
        await _renewing.WaitAsync(cancellationToken);
        try
        {
            if (_identity.Generation != used.Generation)
            {
                return _identity;
            }

            await DropLocalAsync(used, cancellationToken);
            string reference = await _login.LoginAsync(_caller, cancellationToken);
            Interlocked.Exchange(ref _closed, 0);
            return _identity = new Identity(reference, used.Generation + 1);
        }
        finally
        {
            _renewing.Release();
        }
    }

    /// <summary>
    /// A local session may be refused by the master a call was forwarded to while it lives on here, where nothing
    /// collects it before the process ends (xapi_local_session.ml). So it is ended before a new one is made.
    /// </summary>
    private async Task DropLocalAsync(Identity used, CancellationToken cancellationToken)
    {
        if (!IsLocal)
        {
            return;
        }

        try
        {
            await _login.LogoutAsync(_caller, used.Reference, cancellationToken);
        }
        catch (XenApiException)
        {
            // Most often the process that knew it is gone. The login that follows will tell whatever else is wrong.
        }
    }

    private async Task<XenApiAnswer> SendAsync(XenApiCall call, Identity identity, CancellationToken cancellationToken)
    {
        var result = await _caller.CallAsync(
            call.Method, [identity.Reference, .. call.Parameters], mayRepeat: call.Kind == CallKind.Read,
            cancellationToken);
        return new XenApiAnswer(result, identity.Generation);
    }

    /// <summary>
    /// Whether the failure is about the session that was sent, and not about one used inside the server.
    /// </summary>
    private static bool Refuses(XenApiFailure failure, Identity identity) =>
        string.Equals(failure.Code, XenApiErrorCode.SessionInvalid, StringComparison.Ordinal)
        && (failure.Parameters.IsEmpty
            || string.Equals(failure.Parameters[0], identity.Reference, StringComparison.Ordinal));

    private sealed record Identity(string Reference, int Generation);
}
