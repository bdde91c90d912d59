using System.Net;
using System.Security.Authentication;

namespace TwoNodeHa.XenApi.Transport;

/// <summary>
/// One HTTP exchange per call. Connections are not reused: every restart of xapi silently kills kept-alive ones, and a
/// request lost on such a connection has an unknown outcome where a fresh connect is refused and thus provably not
/// sent.
/// </summary>
internal sealed class HttpTransport : IDisposable
{
    private readonly XenApiEndpoint _endpoint;
    private readonly XenApiClientOptions _options;
    private readonly HttpMessageInvoker _http;
    private int _outstanding;
    private volatile bool _disposed;

    public HttpTransport(XenApiEndpoint endpoint, XenApiClientOptions options)
    {
        _endpoint = endpoint;
        _options = options;
        _http = new HttpMessageInvoker(NewHandler(), disposeHandler: true);
    }

    /// <summary>Calls whose exchange has not ended yet.</summary>
    public int Outstanding => Volatile.Read(ref _outstanding);

    /// <summary>Sends a request body and returns the body of the answer.</summary>
    /// <exception cref="XenApiTransportException">There was no usable answer.</exception>
    /// <exception cref="XenApiProtocolException">The answer was not HTTP.</exception>
    /// <exception cref="OperationCanceledException">The token, which carries the deadline, was cancelled.</exception>
    public async Task<ReadOnlyMemory<byte>> PostAsync(byte[] request, CancellationToken cancellationToken)
    {
        RefuseUnsendable(request);
        Task<ReadOnlyMemory<byte>> exchange = ExchangeInSlotAsync(request, cancellationToken);
        try
        {
            // The wait itself is cancellable, so that no step of the exchange can hold the caller past its deadline.
            // A straggler keeps its slot until it really ends: it still weighs on the server.
            return await exchange.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Whatever the straggler ends with has no other reader.
            _ = exchange.ContinueWith(
                static ended => ended.Exception, CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }
    }

    public void Dispose()
    {
        _disposed = true;
        _http.Dispose();
    }

    private SocketsHttpHandler NewHandler() => new()
    {
        ConnectCallback = async (_, token) => await Connector.ConnectAsync(_endpoint, _options, token),
        ConnectTimeout = _options.ConnectTimeout,
        PooledConnectionLifetime = TimeSpan.Zero,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        MaxResponseDrainSize = 0,
    };

    private void RefuseUnsendable(byte[] request)
    {
        if (_disposed)
        {
            throw new XenApiTransportException(
                TransportFault.ClientDisposed, CallOutcome.NotSent, $"{_endpoint}: the client has been disposed");
        }

        if (request.Length > _options.RequestBytesMax)
        {
            throw new XenApiTransportException(
                TransportFault.RequestTooLarge, CallOutcome.NotSent,
                $"{_endpoint}: a request of {request.Length} bytes is larger than {_options.RequestBytesMax}");
        }

        if (Interlocked.Increment(ref _outstanding) > _options.OutstandingCallsMax)
        {
            Interlocked.Decrement(ref _outstanding);
            throw new XenApiTransportException(
                TransportFault.TooManyCalls, CallOutcome.NotSent,
                $"{_endpoint}: too many calls outstanding ({_options.OutstandingCallsMax})");
        }
    }

    private async Task<ReadOnlyMemory<byte>> ExchangeInSlotAsync(byte[] request, CancellationToken cancellationToken)
    {
        var body = new RequestBody(request);
        try
        {
            return await ExchangeAsync(body, cancellationToken);
        }
        catch (HttpRequestException error)
        {
            throw Translate(error, body.IsStarted);
        }
        catch (IOException error)
        {
            throw Lost(error, body.IsStarted);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            // The handler cancels by itself only when its connect limit strikes or when it is disposed.
            throw Lost(error, body.IsStarted);
        }
        catch (ObjectDisposedException error)
        {
            throw Lost(error, body.IsStarted);
        }
        finally
        {
            Interlocked.Decrement(ref _outstanding);
        }
    }

    private async Task<ReadOnlyMemory<byte>> ExchangeAsync(RequestBody body, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, _endpoint.Uri)
        {
            Content = body,
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        message.Headers.TryAddWithoutValidation("User-Agent", "twonodeha");
        message.Headers.ConnectionClose = true;
        message.Headers.ExpectContinue = false;

        using HttpResponseMessage response = await _http.SendAsync(message, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new XenApiTransportException(
                TransportFault.HttpStatus, CallOutcome.Unknown,
                $"{_endpoint}: HTTP status {(int)response.StatusCode} instead of 200");
        }

        return await ResponseBody.ReadAsync(response.Content, _options.ResponseBytesMax, cancellationToken);
    }

    private XenApiException Translate(HttpRequestException error, bool started)
    {
        if (error.InnerException is AuthenticationException rejected)
        {
            return new XenApiTransportException(
                TransportFault.CertificateRejected, CallOutcome.NotSent,
                $"{_endpoint}: {rejected.Message}", error);
        }

        return error.HttpRequestError switch
        {
            HttpRequestError.InvalidResponse => new XenApiProtocolException(
                $"{_endpoint}: the answer is not HTTP: {error.Message}", isTransient: true, inner: error),
            HttpRequestError.ConfigurationLimitExceeded => new XenApiTransportException(
                TransportFault.ResponseTooLarge, CallOutcome.Unknown, $"{_endpoint}: {error.Message}", error),
            _ => Lost(error, started),
        };
    }

    private XenApiTransportException Lost(Exception error, bool started) => started
        ? new(
            TransportFault.ConnectionLost, CallOutcome.Unknown,
            $"{_endpoint}: connection lost: {error.Message}", error)
        : new(
            TransportFault.ConnectFailed, CallOutcome.NotSent,
            $"{_endpoint}: cannot connect: {error.Message}", error);
}
