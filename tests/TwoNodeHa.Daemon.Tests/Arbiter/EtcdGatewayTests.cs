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
        using var member = new Member(authority, handshake: TimeSpan.FromSeconds(6), answer: TimeSpan.Zero);
        using var gateway = Gateway(authority, member.Endpoint);

        var calls = 0;
        await Eventually.Holds(() => ++calls > 0 && Answers(gateway), "an answer");

        Assert.InRange(calls, 2, 8);
        Assert.Equal(1, member.Connections);
    }

    /// <summary>A member without a leader for a moment: given up, its connection would end, and every call would cost it another handshake.</summary>
    [Fact]
    public async Task Slow_member_is_waited_for_while_the_next_one_is_asked()
    {
        var authority = new TestAuthority(_scratch);
        using var slow = new Member(authority, handshake: TimeSpan.Zero, answer: TimeSpan.FromSeconds(1.6));
        using var silent = new Member(authority, handshake: TimeSpan.FromMinutes(1), answer: TimeSpan.Zero);
        using var gateway = Gateway(authority, slow.Endpoint, silent.Endpoint);

        for (var calls = 0; calls < 3; calls++)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            Assert.NotNull(await gateway.CallAsync("kv/range", [], patience.Token));
        }

        Assert.Equal(1, slow.Connections);
    }

    private static EtcdGateway Gateway(TestAuthority authority, params IPEndPoint[] endpoints) => new(new ArbiterConfig
    {
        Endpoints = [.. endpoints], CaFile = authority.CaFile, Prefix = "/ward-3", LeaseTime = TimeSpan.FromSeconds(15),
    });

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

    /// <summary>A member that takes its time for a handshake and for each answer.</summary>
    private sealed class Member : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly (string Certificate, string Key) _files;
        private readonly (TimeSpan Handshake, TimeSpan Answer) _after;
        private int _connections;

        public Member(TestAuthority authority, TimeSpan handshake, TimeSpan answer)
        {
            (_files, _after) = (authority.Issue("server"), (handshake, answer));
            _listener.Start();
            _ = AcceptAsync();
        }

        public IPEndPoint Endpoint => (IPEndPoint)_listener.LocalEndpoint;

        public int Connections => Volatile.Read(ref _connections);

        public void Dispose() => _listener.Dispose();

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    var client = await _listener.AcceptTcpClientAsync();
                    Interlocked.Increment(ref _connections);
                    _ = AnswerAsync(client);
                }
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }

        private async Task AnswerAsync(TcpClient client)
        {
            using var loaded = X509Certificate2.CreateFromPemFile(_files.Certificate, _files.Key);
            using var usable = X509CertificateLoader.LoadPkcs12(loaded.Export(X509ContentType.Pkcs12), null);
            await Task.Delay(_after.Handshake);
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

                    await Task.Delay(_after.Answer);
                    await stream.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"));
                }
            }
            catch (Exception error) when (error is IOException or System.Security.Authentication.AuthenticationException)
            {
                // The other side went away.
            }
        }
    }
}
