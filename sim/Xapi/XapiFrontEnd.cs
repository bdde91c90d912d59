using System.Net;
using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Xapi;

/// <summary>Opens and closes the real sockets of one toolstack as its process opens and closes them.</summary>
internal sealed class XapiFrontEnd : IAsyncDisposable
{
    private readonly RealScheduler _scheduler;
    private readonly Toolstack _toolstack;
    private readonly string _socketPath;
    private readonly Action<string> _onError;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private XapiServer? _unix;
    private XapiServer? _tcp;

    public XapiFrontEnd(RealScheduler scheduler, Toolstack toolstack, string socketPath, Action<string> onError)
    {
        _scheduler = scheduler;
        _toolstack = toolstack;
        _socketPath = socketPath;
        _onError = onError;
        toolstack.ListeningChanged += () => _ = Task.Run(AdjustAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await ApplyAsync(unix: false, tcp: false).ConfigureAwait(false);
        _turn.Dispose();
    }

    private async Task AdjustAsync()
    {
        try
        {
            ToolstackStatus status = await _scheduler.InvokeAsync(() => _toolstack.Status).ConfigureAwait(false);
            await ApplyAsync(status.UnixListening, status.TcpListening).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            _onError("listener: " + error.Message);
        }
    }

    private async Task ApplyAsync(bool unix, bool tcp)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_unix is not null && !unix)
            {
                await _unix.DisposeAsync().ConfigureAwait(false);
                _unix = null;
            }

            if (_tcp is not null && !tcp)
            {
                await _tcp.DisposeAsync().ConfigureAwait(false);
                _tcp = null;
            }

            _unix ??= unix ? await XapiServer.ListenUnixAsync(_socketPath, CallAsync).ConfigureAwait(false) : null;
            _tcp ??= tcp
                ? await XapiServer.ListenTcpAsync(IPAddress.Parse(_toolstack.Host.Address), _toolstack.Host.Port, CallAsync)
                    .ConfigureAwait(false)
                : null;
        }
        finally
        {
            _turn.Release();
        }
    }

    private Task<CallReply> CallAsync(CallOrigin origin, string method, JsonArray parameters) =>
        _scheduler.InvokeAsync(() => _toolstack.CallAsync(origin, method, parameters));
}
