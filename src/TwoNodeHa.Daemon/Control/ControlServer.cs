using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Daemon.Control;

/// <summary>
/// The control socket: a unix stream socket, mode 0600, one JSON object per line each way. Clients are many, slow, wrong
/// or gone; none of them reaches the loop's thread, and none keeps another one out: a client that says nothing is closed
/// after a while, and at once when its place is wanted.
/// </summary>
internal sealed class ControlServer : IDisposable
{
    internal const int ClientsMax = 32;
    internal const int LineMax = 64 * 1024;
    private static readonly TimeSpan LinePatience = TimeSpan.FromSeconds(10);

    /// <summary>How long a client may say nothing between two requests.</summary>
    private static readonly TimeSpan IdlePatience = TimeSpan.FromSeconds(30);

    private readonly string _path;
    private readonly ControlDesk _desk;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<ControlClient> _clients = [];
    private readonly Lock _gate = new();
    private Socket? _listener;

    public ControlServer(string path, ControlDesk desk, ILogger logger)
    {
        _path = path;
        _desk = desk;
        _logger = logger;
    }

    /// <summary>Binds the socket and serves in the background.</summary>
    /// <exception cref="SocketException">The path cannot be bound.</exception>
    public void Start()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.Delete(_path);
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(_path));
        File.SetUnixFileMode(_path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _listener.Listen(ClientsMax);
        _ = AcceptAsync(_listener);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener?.Dispose();
        File.Delete(_path);
        _stop.Dispose();
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var client = await listener.AcceptAsync(_stop.Token);
                _ = ServeAsync(client);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException error)
            {
                DaemonLog.ControlAcceptFailed(_logger, error.SocketErrorCode.ToString());
                await Task.Delay(100);
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var client = new ControlClient(socket, _stop.Token);
        try
        {
            if (!Admit(client))
            {
                await AnswerAsync(client.Socket, Error($"{ClientsMax} clients wait for answers; try again later"), _stop.Token);
                return;
            }

            await ServeLinesAsync(client);
        }
        catch (Exception error) when (error is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The client went away, or the daemon ends: nothing is owed to it any more.
        }
        finally
        {
            lock (_gate)
            {
                _clients.Remove(client);
            }
        }
    }

    /// <summary>A place for a client: a free one, or that of the client that has said nothing for the longest time.</summary>
    private bool Admit(ControlClient client)
    {
        lock (_gate)
        {
            if (_clients.Count >= ClientsMax)
            {
                var longest = _clients.Where(other => other.IdleSince is not null).MinBy(other => other.IdleSince);
                if (longest is null)
                {
                    return false;
                }

                longest.Evict();
                _clients.Remove(longest);
            }

            _clients.Add(client);
            return true;
        }
    }

    private async Task ServeLinesAsync(ControlClient client)
    {
        var buffer = new byte[4096];
        var filled = 0;
        while (true)
        {
            var newline = Array.IndexOf(buffer, (byte)'\n', 0, filled);
            if (newline >= 0)
            {
                client.IdleSince = null;
                var answer = await JudgeAsync(buffer.AsMemory(0, newline));
                filled -= newline + 1;
                Array.Copy(buffer, newline + 1, buffer, 0, filled);
                await AnswerAsync(client.Socket, answer, _stop.Token);
                continue;
            }

            if (filled == buffer.Length)
            {
                if (filled >= LineMax)
                {
                    await AnswerAsync(client.Socket, Error($"a request is one line of at most {LineMax} bytes"), _stop.Token);
                    return;
                }

                Array.Resize(ref buffer, Math.Min(buffer.Length * 2, LineMax));
            }

            client.IdleSince = Environment.TickCount64;
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(client.Evicted);
            patience.CancelAfter(filled == 0 ? IdlePatience : LinePatience);
            int read;
            try
            {
                read = await client.Socket.ReceiveAsync(buffer.AsMemory(filled), patience.Token);
            }
            catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
            {
                await AnswerAsync(client.Socket, Error(client.Evicted.IsCancellationRequested
                    ? "closed: others wait for a place and this client says nothing"
                    : "the line was not finished in time; a request ends with a line feed"), _stop.Token);
                return;
            }

            if (read == 0)
            {
                return;
            }

            filled += read;
        }
    }

    private async Task<ControlAnswer> JudgeAsync(ReadOnlyMemory<byte> line) =>
        RequestReader.Read(line.Span, out var trouble) is { } request
            ? await _desk.AnswerAsync(request, _stop.Token)
            : Error(trouble);

    private static async Task AnswerAsync(Socket client, ControlAnswer answer, CancellationToken stop)
    {
        var json = JsonSerializer.Serialize(answer, ControlJson.Default.ControlAnswer);
        var bytes = Encoding.UTF8.GetBytes(json + "\n");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(LinePatience);
        for (var sent = 0; sent < bytes.Length;)
        {
            sent += await client.SendAsync(bytes.AsMemory(sent), patience.Token);
        }
    }

    private static ControlAnswer Error(string text) => new() { Ok = false, Text = text };
}
