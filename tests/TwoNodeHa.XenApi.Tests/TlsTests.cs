using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using TwoNodeHa.XenApi.Tests.Support;

namespace TwoNodeHa.XenApi.Tests;

/// <summary>TLS to the other host: server name, pinning.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly X509Certificate2 _host = SelfSigned("CN=host-a");
    private readonly X509Certificate2 _stranger = SelfSigned("CN=stranger");
    private readonly string _bundle = Path.GetTempFileName();

    public void Dispose()
    {
        File.Delete(_bundle);
        _host.Dispose();
        _stranger.Dispose();
    }

    [Fact]
    public async Task Bundle_HoldsTheCertificate_ConnectsWithServerNamePool()
    {
        await using ScriptedServer server = NewServer();
        await WriteBundleAsync(_stranger, _host);

        await using Session session = await LoginAsync(server, Dialogue.Quick with { CaBundlePath = _bundle });

        Assert.Equal("OpaqueRef:s1", session.Reference);
        Assert.Equal("pool", server.ServerName);
    }

    [Fact]
    public async Task Bundle_LacksTheCertificate_IsRejectedAndNothingIsSent()
    {
        await using ScriptedServer server = NewServer();
        await WriteBundleAsync(_stranger);

        // Accepting any certificate must not weaken a pin.
        var error = await Assert.ThrowsAsync<XenApiTransportException>(() => LoginAsync(
            server, Dialogue.Quick with { CaBundlePath = _bundle, AcceptAnyCertificate = true }));

        Assert.Equal(TransportFault.CertificateRejected, error.Fault);
        Assert.Equal(CallOutcome.NotSent, error.Outcome);
        Assert.False(error.IsTransient);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Bundle_HoldsTheIssuer_Connects()
    {
        using X509Certificate2 authority = SelfSigned("CN=authority", isAuthority: true);
        using X509Certificate2 issued = IssuedBy(authority);
        await using ScriptedServer server = ScriptedServer.OnTcp(
            Dialogue.GrantingLogins(_ => Reply.Result("true")), issued);
        await WriteBundleAsync(authority);

        await using Session session = await LoginAsync(server, Dialogue.Quick with { CaBundlePath = _bundle });

        Assert.Equal("OpaqueRef:s1", session.Reference);
    }

    [Fact]
    public async Task Bundle_Missing_FailsWithoutSending()
    {
        await using ScriptedServer server = NewServer();

        var error = await Assert.ThrowsAsync<XenApiTransportException>(
            () => LoginAsync(server, Dialogue.Quick with { CaBundlePath = "/nonexistent/bundle.pem" }));

        Assert.Equal(CallOutcome.NotSent, error.Outcome);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task NoBundle_SelfSignedCertificate_DependsOnTheOption(bool acceptAny)
    {
        await using ScriptedServer server = NewServer();
        XenApiClientOptions options = Dialogue.Quick with { AcceptAnyCertificate = acceptAny };

        if (acceptAny)
        {
            await using Session session = await LoginAsync(server, options);
            Assert.Equal("OpaqueRef:s1", session.Reference);
        }
        else
        {
            var error = await Assert.ThrowsAsync<XenApiTransportException>(() => LoginAsync(server, options));
            Assert.Equal(TransportFault.CertificateRejected, error.Fault);
        }
    }

    [Fact]
    public async Task PlainTcp_Works()
    {
        await using ScriptedServer server = ScriptedServer.OnTcp(Dialogue.GrantingLogins(_ => Reply.Result("true")));
        await using var client = XenApiClient.ForHttp("127.0.0.1", server.Port, Dialogue.Quick);

        await using Session session = await client.LoginAsync(Dialogue.Deadline, Dialogue.Token);

        Assert.Contains($"Host: 127.0.0.1:{server.Port}\r\n", server.Requests[0].Head, StringComparison.Ordinal);
    }

    private static async Task<Session> LoginAsync(ScriptedServer server, XenApiClientOptions options)
    {
        var client = XenApiClient.ForHttps("127.0.0.1", server.Port, options);
        return await client.LoginAsync(Dialogue.Deadline, Dialogue.Token);
    }

    private static X509Certificate2 IssuedBy(X509Certificate2 authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=host-b", key, HashAlgorithmName.SHA256);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 bare = request.Create(authority, now.AddHours(-1), now.AddHours(1), [1, 2, 3]);
        return bare.CopyWithPrivateKey(key);
    }

    private static X509Certificate2 SelfSigned(string name, bool isAuthority = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(isAuthority, hasPathLengthConstraint: false, 0, critical: true));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    private ScriptedServer NewServer() =>
        ScriptedServer.OnTcp(Dialogue.GrantingLogins(_ => Reply.Result("true")), _host);

    private Task WriteBundleAsync(params X509Certificate2[] certificates) => File.WriteAllTextAsync(
        _bundle, string.Join('\n', certificates.Select(one => one.ExportCertificatePem())), Dialogue.Token);
}
