using System.Net;

namespace TwoNodeHa.XenApi.Transport;

/// <summary>
/// A body of known length that remembers whether any of it was handed to the connection. xapi executes nothing before
/// it has the whole body (http_svr.ml <c>read_body</c>), so an unstarted body proves that the call was not sent.
/// </summary>
internal sealed class RequestBody : HttpContent
{
    private readonly byte[] _bytes;
    private volatile bool _started;

    public RequestBody(byte[] bytes)
    {
        _bytes = bytes;
        Headers.ContentType = new("application/json");
    }

    /// <summary>Whether the outcome must be taken as unknown from now on.</summary>
    public bool IsStarted => _started;

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _started = true;
        return stream.WriteAsync(_bytes, cancellationToken).AsTask();
    }

    /// <summary>Makes the handler send Content-Length; xapi rejects chunked bodies.</summary>
    protected override bool TryComputeLength(out long length)
    {
        length = _bytes.Length;
        return true;
    }
}
