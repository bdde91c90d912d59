using System.Net.Security;
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
    /// <summary>
    /// Longer than a call may take: a handshake goes on when the call that began it has ended, and the next call uses it. Shorter than
    /// that, a server whom thousands ask at once after an outage would do handshakes for ever that nobody waits for. TCP asks anew
    /// after one second and three, so a network that is back is noticed within two.
    /// </summary>
    private static readonly TimeSpan Connect = TimeSpan.FromSeconds(4);

    /// <exception cref="ThirdPartyException">A file cannot be read.</exception>
    public static HttpClient Client(string caFile, string certificateFile = "", string keyFile = "")
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
        return new HttpClient(new SocketsHttpHandler
        {
            SslOptions = options,
            ConnectTimeout = Connect,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
        })
        {
            // Every call brings its own bound.
            Timeout = Timeout.InfiniteTimeSpan,
        };
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
