using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;

namespace TwoNodeHa.XenApi.Tests.Support;

/// <summary>
/// A server on raw sockets that does with each request what a function says, however wrong that is. It counts and keeps
/// what it received, so that tests can prove how often a call was made.
/// </summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly Func<ReceivedRequest, Reply> _script;
    private readonly X509Certificate2? _certificate;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<ReceivedRequest> _requests = new();
    private readonly Channel<ReceivedRequest> _arrivals = Channel.CreateUnbounded<ReceivedRequest>();
    private readonly Channel<bool> _connections = Channel.CreateUnbounded<bool>();
    private readonly EndPoint _address;
    private readonly Task _accepting;

    private ScriptedServer(Socket listener, X509Certificate2? certificate, Func<ReceivedRequest, Reply> script)
    {
        _listener = listener;
        _certificate = certificate;
        _script = script;
        _address = listener.LocalEndPoint!;
        _listener.Listen(64);
        _accepting = AcceptAsync();
    }

    /// <summary>All requests so far, in order of arrival.</summary>
    public IReadOnlyList<ReceivedRequest> Requests => [.. _requests];

    /// <summary>The name the client asked for in the TLS handshake.</summary>
    public string? ServerName { get; private set; }

    /// <summary>When set, connections are accepted and then ignored, TLS handshake included.</summary>
    public bool IgnoresConnections { get; set; }

    public string Path => ((UnixDomainSocketEndPoint)_address).ToString();

    public int Port => ((IPEndPoint)_address).Port;

    public static string NewSocketPath() =>
        System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"xa-{Guid.NewGuid():N}"[..20] + ".sock");

    public static ScriptedServer OnUnixSocket(Func<ReceivedRequest, Reply> script, string? path = null)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path ?? NewSocketPath()));
        return new ScriptedServer(socket, null, script);
    }

    public static ScriptedServer OnTcp(Func<ReceivedRequest, Reply> script, X509Certificate2? certificate = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return new ScriptedServer(socket, certificate, script);
    }

    public int Count(string method) => Requests.Count(request => request.Method == method);

    /// <summary>Waits for the next request with the method.</summary>
    public async Task<ReceivedRequest> ArrivalAsync(string method, CancellationToken cancellationToken)
    {
        await foreach (ReceivedRequest request in _arrivals.Reader.ReadAllAsync(cancellationToken))
        {
            if (request.Method == method)
            {
                return request;
            }
        }

        throw new InvalidOperationException("the server has ended");
    }

    /// <summary>Waits for the next connection.</summary>
    public ValueTask<bool> ConnectionAsync(CancellationToken cancellationToken) =>
        _connections.Reader.ReadAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        if (_address is UnixDomainSocketEndPoint)
        {
            File.Delete(Path);
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptAsync(_stop.Token);
                _connections.Writer.TryWrite(true);
                _ = ServeAsync(socket);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            _arrivals.Writer.TryComplete();
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using Socket owned = socket;
        try
        {
            if (IgnoresConnections)
            {
                await Task.Delay(Timeout.Infinite, _stop.Token);
            }

            await using Stream stream = await SecureAsync(new NetworkStream(socket));
            if (await ReceivedRequest.ReadAsync(stream, _stop.Token) is { } request)
            {
                _requests.Enqueue(request);
                _arrivals.Writer.TryWrite(request);
                await PlayAsync(_script(request), socket, stream);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or SocketException
            or System.Security.Authentication.AuthenticationException)
        {
            // The client went away or the test ended; what the client saw is what the test asserts.
        }
    }

    private async Task<Stream> SecureAsync(Stream plain)
    {
        if (_certificate is null)
        {
            return plain;
        }

        var secure = new SslStream(plain);
        await secure.AuthenticateAsServerAsync(
            (_, hello, _, _) =>
            {
                ServerName = hello.ServerName;
                return ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificate = _certificate });
            },
            null,
            _stop.Token);
        return secure;
    }

    private async Task PlayAsync(Reply reply, Socket socket, Stream stream)
    {
        switch (reply)
        {
            case Reply.Bytes bytes:
                await stream.WriteAsync(bytes.Data, _stop.Token);
                break;
            case Reply.Drip drip:
                await DripAsync(drip.Data, stream);
                break;
            case Reply.Hang:
                await Task.Delay(Timeout.Infinite, _stop.Token);
                break;
            case Reply.Cut:
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
                break;
            default:
                throw new InvalidOperationException($"unknown reply {reply}");
        }
    }

    private async Task DripAsync(byte[] data, Stream stream)
    {
        foreach (byte one in data)
        {
            await stream.WriteAsync(new[] { one }, _stop.Token);
            await Task.Delay(1, _stop.Token);
        }

        await Task.Delay(Timeout.Infinite, _stop.Token);
    }
}
