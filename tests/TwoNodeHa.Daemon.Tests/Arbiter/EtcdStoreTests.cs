using System.Net;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Daemon.Arbiter;
using TwoNodeHa.Daemon.Host;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.ThirdParty;

namespace TwoNodeHa.Daemon.Tests.Arbiter;

/// <summary>The lease against a real etcd over TLS, one node on loopback.</summary>
public sealed class EtcdStoreTests : IDisposable
{
    private const double Lease = 5;

    private readonly Scratch _scratch = new();
    private readonly BootClock _clock = new();
    private readonly TestAuthority _authority;
    private readonly (string Certificate, string Key) _client;
    private readonly int _port = RealPart.FreePort();
    private readonly List<IDisposable> _owned = [];
    private RealPart? _etcd;

    public EtcdStoreTests()
    {
        _authority = new TestAuthority(_scratch);
        _client = _authority.Issue("client");
    }

    public void Dispose()
    {
        _owned.ForEach(owned => owned.Dispose());
        _etcd?.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public async Task Lease_is_one_hosts_until_it_ends_and_the_right_ends_before()
    {
        await StartAsync();
        var (alpha, beta) = (Store(0), Store(1));

        var first = await alpha.AcquireAsync(Patience());
        Assert.NotNull(first.HeldUntil);
        var refused = await beta.AcquireAsync(Patience());
        Assert.Null(refused.HeldUntil);
        Assert.Contains("holds the lease", refused.Detail, StringComparison.Ordinal);

        // Renewed: it goes on beyond the first end, and is the same lease.
        await Task.Delay(TimeSpan.FromSeconds(1.5), TestContext.Current.CancellationToken);
        var asked = _clock.Now;
        var renewed = await alpha.AcquireAsync(Patience());
        Assert.Equal("lease held", renewed.Detail);
        Assert.True(renewed.HeldUntil < asked + TimeSpan.FromSeconds(Lease) && renewed.HeldUntil > asked, "the right does not end with the lease");

        StoreAnswer taken;
        do
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
            taken = await beta.AcquireAsync(Patience());
        }
        while (taken.HeldUntil is null && _clock.Now - asked < TimeSpan.FromSeconds(15));

        Assert.NotNull(taken.HeldUntil);
        Assert.True(_clock.Now - asked >= TimeSpan.FromSeconds(Lease - 0.1), "the store gave the lease away too early");
        Assert.True(_clock.Now > renewed.HeldUntil, "two hosts had a right at once");
        Assert.Null((await alpha.AcquireAsync(Patience())).HeldUntil);
    }

    [Fact]
    public async Task Lease_that_is_given_back_is_free_at_once_and_a_late_order_ends_no_newer_one()
    {
        await StartAsync();
        var sink = new CollectingSink();
        var (alpha, beta) = (Store(0), Store(1));
        using var port = new ArbiterPort(Config(0), alpha, _clock, sink);
        Assert.NotNull((await alpha.AcquireAsync(Patience())).HeldUntil);
        Assert.Equal(ActionOutcome.Succeeded, (await port.RunAsync(new Command.Act(1, new HaAction.ReleaseLease(), TimeSpan.FromSeconds(5)))).Outcome);
        Assert.NotNull((await beta.AcquireAsync(Patience())).HeldUntil);
        await beta.ReleaseAsync(Patience());

        // The answer to the order is lost, as it may be in a network: nothing is kept of the lease all the same.
        Assert.NotNull((await alpha.AcquireAsync(Patience())).HeldUntil);
        _etcd!.Signal("STOP");
        var asked = _clock.Now;
        Assert.Equal(ActionOutcome.Unknown, (await port.RunAsync(new Command.Act(2, new HaAction.ReleaseLease(), TimeSpan.FromSeconds(1)))).Outcome);
        Assert.True(_clock.Now - asked < TimeSpan.FromSeconds(2), "not bounded");
        _etcd.Signal("CONT");
        Assert.NotNull((await alpha.AcquireAsync(Patience())).HeldUntil);
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        Assert.Null((await beta.AcquireAsync(Patience())).HeldUntil);
        Assert.Equal("lease held", (await alpha.AcquireAsync(Patience())).Detail);
        await Store(0, "/ward-8").ReleaseAsync(Patience());
    }

    [Fact]
    public async Task Daemon_that_is_started_anew_takes_the_lease_of_its_predecessor()
    {
        await StartAsync();
        Assert.NotNull((await Store(0).AcquireAsync(Patience())).HeldUntil);
        Assert.NotNull((await Store(0).AcquireAsync(Patience())).HeldUntil);
    }

    [Fact]
    public async Task Frozen_member_costs_a_bounded_time_and_gives_nothing()
    {
        await StartAsync();
        var sink = new CollectingSink();
        using var port = new ArbiterPort(Config(0), Store(0), _clock, sink);
        _etcd!.Signal("STOP");
        var asked = _clock.Now;
        var finished = await port.RunAsync(new Command.Act(1, new HaAction.AcquireLease(), TimeSpan.FromSeconds(5)));

        Assert.Equal(ActionOutcome.Unknown, finished.Outcome);
        Assert.True(_clock.Now - asked < TimeSpan.FromSeconds(5.5), "not bounded");
        Assert.DoesNotContain(sink.Posted, posted => posted is Observation.ArbiterObserved);
        Assert.False(Assert.IsType<Observation.ThirdPartySeen>(Assert.Single(sink.Posted)).Works);
        _etcd.Signal("CONT");
    }

    [Fact]
    public async Task Restored_backup_says_that_it_went_back()
    {
        await StartAsync();
        var beta = Store(1);
        _ = await beta.TestAsync(Patience());
        Stop();
        Copy(_scratch["data"], _scratch["backup"]);
        await StartAsync();
        Assert.NotNull((await Store(0).AcquireAsync(Patience())).HeldUntil);
        var before = (await beta.AcquireAsync(Patience())).Mark;
        Stop();
        Directory.Delete(_scratch["data"], recursive: true);
        Copy(_scratch["backup"], _scratch["data"]);
        await StartAsync();

        var after = await beta.AcquireAsync(Patience());

        Assert.NotNull(after.HeldUntil);
        Assert.True(after.Mark.IsBehind(before), $"{after.Mark} is not behind {before}");
    }

    [Fact]
    public async Task Full_store_renews_and_gives_nothing_new()
    {
        await StartAsync("--quota-backend-bytes", "4000000");
        var alpha = Store(0);
        Assert.NotNull((await alpha.AcquireAsync(Patience())).HeldUntil);
        using var gateway = new EtcdGateway(Arbiter("/other"));
        var value = new string('x', 900_000);
        await Assert.ThrowsAsync<EtcdRefusal>(async () =>
        {
            for (var part = 0; part < 12; part++)
            {
                _ = await gateway.CallAsync("kv/put", new() { ["key"] = EtcdGateway.Base64($"/other/{part}"), ["value"] = EtcdGateway.Base64(value) }, Patience());
            }
        });

        Assert.NotNull((await alpha.AcquireAsync(Patience())).HeldUntil);
        var refusal = await Assert.ThrowsAsync<EtcdRefusal>(() => Store(1, "/ward-4").AcquireAsync(Patience()));
        Assert.Contains("space", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prefix_of_another_pool_and_a_strange_certificate_are_refused()
    {
        await StartAsync();
        _ = await Store(0).TestAsync(Patience());
        var foreign = Samples.Config();
        foreign = foreign with { Hosts = [foreign.Hosts[0] with { Uuid = Guid.NewGuid() }, foreign.Hosts[1]] };
        var stranger = Own(new EtcdStore(new LocalConfig(foreign, 0), Arbiter(), _clock));
        var distrustful = Own(new EtcdStore(Config(0), Arbiter() with { CaFile = new TestAuthority(_scratch, "other").CaFile }, _clock));

        Assert.Contains("belongs to the pool of the hosts", (await Assert.ThrowsAsync<ThirdPartyException>(() => stranger.AcquireAsync(Patience()))).Message, StringComparison.Ordinal);
        Assert.Contains("certificate is not trusted", (await Assert.ThrowsAsync<ThirdPartyException>(() => distrustful.AcquireAsync(Patience()))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task User_is_known_and_revoked()
    {
        await StartAsync(clientCertificates: false);
        using var root = new EtcdGateway(Arbiter() with { CertificateFile = "", KeyFile = "" });
        foreach (var (path, body) in new (string, string)[]
        {
            ("auth/user/add", """{"name":"root","password":"r"}"""), ("auth/role/add", """{"name":"root"}"""), ("auth/user/grant", """{"user":"root","role":"root"}"""),
            ("auth/user/add", """{"name":"ward","password":"w"}"""), ("auth/role/add", """{"name":"ward"}"""),
            ("auth/role/grant", $$$"""{"name":"ward","perm":{"permType":"READWRITE","key":"{{{EtcdGateway.Base64("/ward-3/")}}}","range_end":"{{{EtcdGateway.Base64("/ward-30")}}}"}}"""),
            ("auth/user/grant", """{"user":"ward","role":"ward"}"""), ("auth/enable", "{}"),
        })
        {
            _ = await root.CallAsync(path, (System.Text.Json.Nodes.JsonObject)System.Text.Json.Nodes.JsonNode.Parse(body)!, Patience());
        }

        var user = Arbiter() with { CertificateFile = "", KeyFile = "", User = "ward", PasswordFile = RealPart.Secret(_scratch, "ward", "w") };
        var store = Own(new EtcdStore(Config(0), user, _clock));
        Assert.NotNull((await store.AcquireAsync(Patience())).HeldUntil);
        var outside = Own(new EtcdStore(Config(0), user with { Prefix = "/ward-9" }, _clock));
        Assert.Equal(7, (await Assert.ThrowsAsync<EtcdRefusal>(() => outside.AcquireAsync(Patience()))).Code);

        using var admin = new EtcdGateway(user with { User = "root", PasswordFile = RealPart.Secret(_scratch, "root", "r") });
        _ = await admin.CallAsync("auth/user/revoke", new() { ["name"] = "ward", ["role"] = "ward" }, Patience());
        await Assert.ThrowsAsync<EtcdRefusal>(() => store.AcquireAsync(Patience()));
    }

    private static CancellationToken Patience() => new CancellationTokenSource(TimeSpan.FromSeconds(5)).Token;

    private LocalConfig Config(int self)
    {
        var config = Samples.Config();
        return new LocalConfig(config with { Arbiter = Arbiter(), Timing = config.Timing with { KillBound = TimeSpan.FromSeconds(1), Margin = TimeSpan.FromSeconds(0.2) } }, self);
    }

    private ArbiterConfig Arbiter(string prefix = "/ward-3") => new()
    {
        Endpoints = [new IPEndPoint(IPAddress.Loopback, _port)], CaFile = _authority.CaFile, CertificateFile = _client.Certificate, KeyFile = _client.Key,
        Prefix = prefix, LeaseTime = TimeSpan.FromSeconds(Lease),
    };

    private EtcdStore Store(int self, string prefix = "/ward-3") => Own(new EtcdStore(Config(self), Arbiter(prefix), _clock));

    private T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    private async Task StartAsync(params string[] more) => await StartAsync(clientCertificates: true, more);

    private async Task StartAsync(bool clientCertificates, params string[] more)
    {
        var program = RealPart.Require("etcd");
        var (certificate, key) = _authority.Issue("server");
        var (client, peer) = ($"https://127.0.0.1:{_port}", $"http://127.0.0.1:{RealPart.FreePort()}");
        string[] trust = clientCertificates ? ["--client-cert-auth", "--trusted-ca-file", _authority.CaFile] : [];
        _etcd = RealPart.Start(program, ["--data-dir", _scratch["data"], "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", $"default={peer}",
            "--cert-file", certificate, "--key-file", key, .. trust, .. more]);
        using var gateway = new EtcdGateway(Arbiter() with { CertificateFile = clientCertificates ? _client.Certificate : "", KeyFile = clientCertificates ? _client.Key : "" });
        await Eventually.Holds(() => Answers(gateway), "etcd");
    }

    private static bool Answers(EtcdGateway gateway)
    {
        try
        {
            return gateway.CallAsync("kv/range", new() { ["key"] = EtcdGateway.Base64("/ward-3/x") }, Patience()).Wait(3000);
        }
        catch (AggregateException)
        {
            return false;
        }
    }

    private void Stop()
    {
        _etcd!.Signal("TERM");
        _etcd.Dispose();
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
