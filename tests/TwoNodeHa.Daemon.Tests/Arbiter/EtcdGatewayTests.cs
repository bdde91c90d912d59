using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Daemon.Arbiter;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.ThirdParty;

namespace TwoNodeHa.Daemon.Tests.Arbiter;

/// <summary>The calls against a member that is slow in ways that a real one cannot be made to be.</summary>
public sealed class EtcdGatewayTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    /// <summary>As when thousands of pools come back to one arbiter at once: begun anew by each call, no handshake would ever end.</summary>
    [Fact]
    public async Task Handshake_that_takes_longer_than_a_call_serves_a_later_one()
    {
        var authority = new TestAuthority(_scratch);
        var (certificate, key) = authority.Issue("server");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var connections = 0;
        var over = TestContext.Current.CancellationToken;
        _ = Task.Run(
            async () =>
            {
                while (true)
                {
                    var client = await listener.AcceptTcpClientAsync(over);
                    Interlocked.Increment(ref connections);
                    _ = AnswerAsync(client, TimeSpan.FromSeconds(2.8), certificate, key);
                }
            },
            over);
        using var gateway = new EtcdGateway(new ArbiterConfig
        {
            Endpoints = [(IPEndPoint)listener.LocalEndpoint], CaFile = authority.CaFile, Prefix = "/ward-3", LeaseTime = TimeSpan.FromSeconds(15),
        });

        var calls = 0;
        await Eventually.Holds(() => ++calls > 0 && Answers(gateway), "an answer");

        Assert.InRange(calls, 2, 8);
        Assert.Equal(1, connections);
    }

    private static bool Answers(EtcdGateway gateway)
    {
        try
        {
            using var patience = new CancellationTokenSource(ArbiterConfig.CallBound);
            return gateway.CallAsync("kv/range", [], patience.Token).GetAwaiter().GetResult() is not null;
        }
        catch (ThirdPartyException)
        {
            return false;
        }
    }

    private static async Task AnswerAsync(TcpClient client, TimeSpan after, string certificate, string key)
    {
        using var loaded = X509Certificate2.CreateFromPemFile(certificate, key);
        using var usable = X509CertificateLoader.LoadPkcs12(loaded.Export(X509ContentType.Pkcs12), null);
        await Task.Delay(after);
        try
        {
            await using var stream = new SslStream(client.GetStream());
            await stream.AuthenticateAsServerAsync(usable);
            var buffer = new byte[4096];
            while (await stream.ReadAsync(buffer) is > 0 and var read)
            {
                if (!Encoding.ASCII.GetString(buffer, 0, read).StartsWith("POST", StringComparison.Ordinal))
                {
                    continue;
                }

                await stream.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"));
            }
        }
        catch (Exception error) when (error is IOException or System.Security.Authentication.AuthenticationException)
        {
            // The other side went away.
        }
    }
}
