using System.Net;
using System.Text.Json.Nodes;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Arbiter;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.ThirdParty;

namespace TwoNodeHa.Daemon.Tests.Arbiter;

/// <summary>A store that answers what a real one rarely does: whatever it says, no right comes of a lease that is not held.</summary>
public sealed class ScriptedStoreTests : IDisposable
{
    private const long Mine = 77;

    /// <summary>Seconds that each call takes.</summary>
    private const int CallTakes = 2;

    private readonly ManualClock _clock = new();
    private readonly List<string> _calls = [];
    private readonly HaConfig _config;
    private readonly EtcdStore _store;
    private string _holder = "";
    private long _holderLease;
    private long _ttl = 60;
    private bool _succeeds = true;
    private string _loses = "";
    private bool _foreign;

    public ScriptedStoreTests()
    {
        var arbiter = new ArbiterConfig { Endpoints = [IPEndPoint.Parse("127.0.0.1:1")], CaFile = "/none", Prefix = "/p", LeaseTime = TimeSpan.FromSeconds(60) };
        _config = Samples.Config() with { Arbiter = arbiter };
        _store = new EtcdStore(new LocalConfig(_config, 0), arbiter, _clock, Answer);
    }

    private string Own => _config.Hosts[0].Uuid.ToString();

    public void Dispose() => _store.Dispose();

    /// <summary>The store begins to count when the call arrives: the way back, however long, is not the holder's.</summary>
    [Fact]
    public async Task A_lease_counts_from_when_it_was_asked_for_however_late_the_answer_comes()
    {
        // Read first, then asked for.
        var asked = _clock.Now + TimeSpan.FromSeconds(CallTakes);
        Assert.Equal(asked + ArbiterRules.UsableOf(_config), (await AcquireAsync()).HeldUntil);
        Assert.Equal(["lease/grant", "kv/txn"], _calls.Skip(1));

        (_holder, _holderLease, asked) = (Own, Mine, _clock.Now);
        Assert.Equal(asked + ArbiterRules.UsableOf(_config), (await AcquireAsync()).HeldUntil);
    }

    [Fact]
    public async Task The_keys_of_another_pool_are_refused()
    {
        _foreign = true;
        Assert.Contains("belongs to the pool of the hosts", (await Assert.ThrowsAsync<ThirdPartyException>(AcquireAsync)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_holders_word_counts_with_its_lease_only()
    {
        await AcquireAsync();
        (_holder, _holderLease) = (Own, Mine);
        _calls.Clear();
        Assert.Equal("lease held", (await AcquireAsync()).Detail);
        Assert.Equal(["lease/keepalive", "kv/txn"], _calls);

        // The key hangs on a lease of a former daemon, which ends when it ends: taken anew, not counted.
        _holderLease = Mine + 1;
        _succeeds = false;
        Assert.Null((await AcquireAsync()).HeldUntil);
    }

    [Fact]
    public async Task A_lease_that_the_store_has_forgotten_is_none()
    {
        await AcquireAsync();
        (_holder, _holderLease, _ttl) = (Own, Mine, 0);
        _calls.Clear();
        _succeeds = false;
        await Assert.ThrowsAsync<ThirdPartyException>(AcquireAsync);
        Assert.Contains("lease/grant", _calls);
    }

    [Fact]
    public async Task Another_holder_and_another_one_that_was_faster_give_nothing()
    {
        (_holder, _holderLease) = (_config.Hosts[1].Uuid.ToString(), 5);
        Assert.Null((await AcquireAsync()).HeldUntil);
        Assert.DoesNotContain("lease/grant", _calls);

        (_holder, _succeeds) = ("", false);
        Assert.Null((await AcquireAsync()).HeldUntil);
    }

    [Fact]
    public async Task A_lease_that_is_shorter_than_asked_for_is_refused()
    {
        _ttl = 59;
        await Assert.ThrowsAsync<ThirdPartyException>(AcquireAsync);
    }

    /// <summary>It may have been carried out: the next call reads what is there.</summary>
    [Theory]
    [InlineData("lease/grant")]
    [InlineData("kv/txn")]
    public async Task An_answer_that_is_lost_gives_nothing(string path)
    {
        _loses = path;
        await Assert.ThrowsAsync<ThirdPartyException>(AcquireAsync);
        _loses = "";
        Assert.NotNull((await AcquireAsync()).HeldUntil);
    }

    [Fact]
    public async Task The_mark_is_from_before_the_own_write()
    {
        Assert.Equal(new StoreMark("9", 3, 4), (await AcquireAsync()).Mark);
    }

    private Task<StoreAnswer> AcquireAsync() => _store.AcquireAsync(TestContext.Current.CancellationToken);

    private Task<JsonNode> Answer(string path, JsonObject body, CancellationToken cancel)
    {
        _calls.Add(path);
        _clock.Now += TimeSpan.FromSeconds(CallTakes);
        if (path == _loses)
        {
            throw new ThirdPartyException("no answer in time");
        }

        var compares = body["compare"] is not null;
        var text = path switch
        {
            "lease/keepalive" => $$$"""{"result":{"TTL":"{{{_ttl}}}"}}""",
            "lease/grant" => $$"""{"ID":"{{Mine}}","TTL":"{{_ttl}}"}""",
            _ when compares => _succeeds ? """{"header":{"cluster_id":"9","raft_term":"3"},"succeeded":true}""" : """{"header":{}}""",
            _ => $$$"""{"header":{"cluster_id":"9","raft_term":"3"},"responses":[{"response_range":{"kvs":[{"value":"{{{Pool()}}}","version":"4","mod_revision":"8"}]}},{"response_range":{"kvs":[{{{HolderJson()}}}]}}]}""",
        };
        return Task.FromResult(JsonNode.Parse(text)!);
    }

    private string Pool() => EtcdGateway.Base64(_foreign ? "others" : string.Join(' ', _config.Hosts.Select(host => host.Uuid.ToString()).Order(StringComparer.Ordinal)));

    private string HolderJson() => _holder.Length == 0 ? "" : $$"""{"value":"{{EtcdGateway.Base64(_holder)}}","mod_revision":"9","lease":"{{_holderLease}}"}""";
}
