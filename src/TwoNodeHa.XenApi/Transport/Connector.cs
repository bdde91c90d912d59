using System.Net.Security;
using System.Net.Sockets;

namespace TwoNodeHa.XenApi.Transport;

/// <summary>
/// Opens the byte stream to an endpoint. TLS is made here and not by the HTTP handler because the server name sent
/// must be <c>pool</c> whatever the address is (stunnel_client): only then the host shows its pool certificate.
/// </summary>
internal static class Connector
{
    private const string PoolServerName = "pool";

    /// <summary>Connects, TLS handshake included.</summary>
    public static async Task<Stream> ConnectAsync(
        XenApiEndpoint endpoint, XenApiClientOptions options, CancellationToken cancellationToken) => endpoint switch
    {
        XenApiEndpoint.UnixSocket unix => await ConnectUnixAsync(unix.Path, cancellationToken),
        XenApiEndpoint.Tcp { UseTls: false } plain => await ConnectTcpAsync(plain, cancellationToken),
        XenApiEndpoint.Tcp secure => await SecureAsync(
            await ConnectTcpAsync(secure, cancellationToken), options, cancellationToken),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static async Task<Stream> ConnectUnixAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<Stream> ConnectTcpAsync(XenApiEndpoint.Tcp tcp, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(tcp.Host, tcp.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<Stream> SecureAsync(
        Stream plain, XenApiClientOptions options, CancellationToken cancellationToken)
    {
        var secure = new SslStream(plain, leaveInnerStreamOpen: false);
        try
        {
            var settings = new SslClientAuthenticationOptions
            {
                TargetHost = PoolServerName,
                RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                    PeerCertificate.IsTrusted(options, certificate, errors),
            };
            await secure.AuthenticateAsClientAsync(settings, cancellationToken);
            return secure;
        }
        catch
        {
            await secure.DisposeAsync();
            throw;
        }
    }
}
