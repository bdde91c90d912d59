using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace TwoNodeHa.XenApi.Transport;

/// <summary>
/// Decides whether the peer's certificate is trusted. Hosts present self-signed certificates for the name
/// <c>pool</c>, so neither the system's trust nor the host name helps; what counts is that the very certificate is in
/// the pool's bundle (stunnel's "peer match", stunnel.ml) or was issued by one in it.
/// </summary>
internal static class PeerCertificate
{
    /// <summary>The certificate validation callback for these options.</summary>
    public static bool IsTrusted(XenApiClientOptions options, X509Certificate? certificate, SslPolicyErrors errors)
    {
        if (options.CaBundlePath is null)
        {
            return options.AcceptAnyCertificate || errors == SslPolicyErrors.None;
        }

        return certificate is X509Certificate2 peer && IsInBundle(options.CaBundlePath, peer);
    }

    private static bool IsInBundle(string path, X509Certificate2 peer)
    {
        var bundle = new X509Certificate2Collection();
        bundle.ImportFromPemFile(path);
        try
        {
            return bundle.Any(known => known.RawDataMemory.Span.SequenceEqual(peer.RawDataMemory.Span))
                || IsIssuedBy(bundle, peer);
        }
        finally
        {
            foreach (X509Certificate2 known in bundle)
            {
                known.Dispose();
            }
        }
    }

    private static bool IsIssuedBy(X509Certificate2Collection roots, X509Certificate2 peer)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        // A lookup of revocation lists would be a network call inside a bounded handshake, and pools publish none.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(peer);
    }
}
