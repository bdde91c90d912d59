using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace TwoNodeHa.Daemon.ThirdParty;

/// <summary>
/// HTTPS to an address, trusting only the certificates of one file: the other side's own is one of them, or it was issued by one
/// of them for that address. The system's trust never counts.
/// </summary>
internal static class PinnedTls
{
    /// <summary>TCP asks anew after one second and three, so a network that is back is noticed within two.</summary>
    private static readonly TimeSpan Connect = TimeSpan.FromSeconds(4);

    /// <summary>
    /// A handshake goes on when the call that began it has ended, and the next call uses it. Given up early, a server whom thousands ask at
    /// once after an outage would do handshakes for ever that nobody waits for. The runtime itself ends one five seconds after that call.
    /// </summary>
    private static readonly TimeSpan Handshake = TimeSpan.FromSeconds(9);

    /// <exception cref="ThirdPartyException">A file cannot be read.</exception>
    public static HttpClient Client(string caFile, string certificateFile = "", string keyFile = "") =>
        ClientOf(new SocketsHttpHandler { ConnectTimeout = Connect }, caFile, certificateFile, keyFile);

    /// <summary>With one connection at most, which has more time for its handshake than for TCP.</summary>
    /// <exception cref="ThirdPartyException">A file cannot be read.</exception>
    public static HttpClient OneConnection(string caFile, string certificateFile, string keyFile) =>
        ClientOf(new SocketsHttpHandler { ConnectTimeout = Handshake, ConnectCallback = TcpAsync, MaxConnectionsPerServer = 1 }, caFile, certificateFile, keyFile);

    private static async ValueTask<Stream> TcpAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Connect);
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, limit.Token);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception error)
        {
            socket.Dispose();
            throw error is OperationCanceledException && !cancel.IsCancellationRequested ? new IOException("no connection in time") : error;
        }
    }

    private static HttpClient ClientOf(SocketsHttpHandler handler, string caFile, string certificateFile, string keyFile)
    {
        var bundle = new X509Certificate2Collection();
        var options = new SslClientAuthenticationOptions();
        try
        {
            bundle.ImportFromPemFile(caFile);
            if (certificateFile.Length > 0)
            {
                SecretFile.Check(keyFile);
                options.ClientCertificates = [X509Certificate2.CreateFromPemFile(certificateFile, keyFile)];
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new ThirdPartyException($"the certificates in {caFile} {certificateFile} cannot be read: {error.Message}");
        }

        if (bundle.Count == 0)
        {
            throw new ThirdPartyException($"{caFile} holds no certificate (PEM)");
        }

        options.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
            certificate is X509Certificate2 peer && (IsListed(bundle, peer) || Issued(bundle, peer, errors));
        handler.SslOptions = options;
        handler.PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2);
        handler.UseProxy = false;
        handler.UseCookies = false;
        handler.AllowAutoRedirect = false;

        // Every call brings its own bound.
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Why a call failed, in words that help.</summary>
    public static string Why(Exception error) => error switch
    {
        HttpRequestException { InnerException: AuthenticationException } =>
            "its certificate is not trusted: it is neither in ca_file nor issued by one in it for this address",
        OperationCanceledException => "no answer in time",
        HttpRequestException { InnerException: { } inner } => inner.Message,
        _ => error.Message,
    };

    private static bool IsListed(X509Certificate2Collection bundle, X509Certificate2 peer) =>
        bundle.Any(known => known.RawDataMemory.Span.SequenceEqual(peer.RawDataMemory.Span));

    private static bool Issued(X509Certificate2Collection bundle, X509Certificate2 peer, SslPolicyErrors errors)
    {
        if ((errors & (SslPolicyErrors.RemoteCertificateNameMismatch | SslPolicyErrors.RemoteCertificateNotAvailable)) != SslPolicyErrors.None)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(bundle);
        // A look-up of revocation lists would be a network call inside a bounded handshake.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(peer);
    }
}
