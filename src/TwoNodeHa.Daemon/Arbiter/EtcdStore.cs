using System.Globalization;
using System.Text.Json.Nodes;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.ThirdParty;

namespace TwoNodeHa.Daemon.Arbiter;

/// <summary>What the store says.</summary>
/// <param name="HeldUntil">End of what may be used of the lease, counted from the send time of its renewal; null when not held.</param>
/// <param name="Mark">What the store said of itself, before any write of this call.</param>
/// <param name="Detail">For the operator.</param>
internal sealed record StoreAnswer(Instant? HeldUntil, StoreMark Mark, string Detail);

/// <summary>
/// The lease of the pool in etcd. Two keys below the prefix: <c>pool</c>, kept, says whose prefix it is and counts the leases given;
/// <c>holder</c> hangs on a lease and is gone when that ends. Only a transaction that sees no other holder makes one.
/// </summary>
internal sealed class EtcdStore : IDisposable
{
    private readonly ArbiterConfig _config;
    private readonly IMonotonicClock _clock;
    private readonly EtcdGateway _gateway;
    private readonly Func<string, JsonObject, CancellationToken, Task<JsonNode>> _call;
    private readonly TimeSpan _usable;
    private readonly string _pool;
    private readonly string _self;
    private readonly string _poolKey;
    private readonly string _holderKey;
    private readonly Dictionary<string, string> _names;
    private long _lease;

    /// <param name="config">The site.</param>
    /// <param name="arbiter">The store.</param>
    /// <param name="clock">Monotonic clock.</param>
    /// <param name="call">In the place of the members of the store, for a test: path and body to answer.</param>
    public EtcdStore(LocalConfig config, ArbiterConfig arbiter, IMonotonicClock clock, Func<string, JsonObject, CancellationToken, Task<JsonNode>>? call = null)
    {
        (_config, _clock, _gateway) = (arbiter, clock, new EtcdGateway(arbiter));
        _call = call ?? _gateway.CallAsync;
        _usable = ArbiterRules.UsableOf(config.Config);
        _self = config.Self.Uuid.ToString();
        _pool = string.Join(' ', config.Config.Hosts.Select(host => host.Uuid.ToString()).Order(StringComparer.Ordinal));
        (_poolKey, _holderKey) = (EtcdGateway.Base64(arbiter.Prefix + "/pool"), EtcdGateway.Base64(arbiter.Prefix + "/holder"));
        _names = config.Config.Hosts.ToDictionary(host => host.Uuid.ToString(), host => host.Name);
    }

    /// <summary>Takes the lease, or renews it.</summary>
    /// <exception cref="EtcdRefusal">The store refused.</exception>
    /// <exception cref="ThirdPartyException">No answer: what was asked may have been done; a right ends when it ends.</exception>
    public async Task<StoreAnswer> AcquireAsync(CancellationToken cancel)
    {
        // The right counts from here: the store begins to count when the renewal arrives, never before.
        var sent = _clock.Now;
        if (_lease != 0 && !await KeepAliveAsync(cancel))
        {
            _lease = 0;
        }

        var seen = await ReadAsync(cancel);
        if (seen.Holder == _self && seen.HolderLease == _lease && _lease != 0)
        {
            return new StoreAnswer(sent + _usable, seen.Mark, "lease held");
        }

        if (seen.Holder.Length > 0 && seen.Holder != _self)
        {
            return new StoreAnswer(null, seen.Mark, $"{_names.GetValueOrDefault(seen.Holder, seen.Holder)} holds the lease");
        }

        if (_lease == 0)
        {
            sent = _clock.Now;
            _lease = await GrantAsync(cancel);
        }

        // Free, or held by a daemon of this host that ended: taken only if nothing changed since it was read.
        return await TakenAsync(seen, cancel)
            ? new StoreAnswer(sent + _usable, seen.Mark, "lease taken")
            : new StoreAnswer(null, seen.Mark, "another one was faster");
    }

    /// <summary>
    /// Gives the lease back; the key of the holder goes with it. Forgotten here first: whatever becomes of the call, the next lease has
    /// another number, and one that is carried out late ends nothing but the old one.
    /// </summary>
    /// <exception cref="EtcdRefusal">The store refused; the lease runs out.</exception>
    /// <exception cref="ThirdPartyException">No answer: the lease is gone, or runs out.</exception>
    public async Task ReleaseAsync(CancellationToken cancel)
    {
        var lease = _lease;
        _lease = 0;
        if (lease != 0)
        {
            _ = await _gateway.CallAsync("lease/revoke", new JsonObject { ["ID"] = Text(lease) }, cancel);
        }
    }

    /// <summary>Changes nothing but the note whose prefix it is, where there is none.</summary>
    public async Task<StoreAnswer> TestAsync(CancellationToken cancel)
    {
        var seen = await ReadAsync(cancel);
        if (seen.PoolRevision == 0)
        {
            _ = await _call("kv/txn", new JsonObject
            {
                ["compare"] = new JsonArray(Compare(_poolKey, "CREATE", "create_revision", 0)),
                ["success"] = new JsonArray(Put(_poolKey, _pool, 0)),
            }, cancel);
        }

        return new StoreAnswer(null, seen.Mark, seen.Holder.Length == 0 ? "the lease is free"
            : $"{_names.GetValueOrDefault(seen.Holder, seen.Holder)} holds the lease");
    }

    public void Dispose() => _gateway.Dispose();

    private async Task<bool> KeepAliveAsync(CancellationToken cancel)
    {
        var answer = await _call("lease/keepalive", new JsonObject { ["ID"] = Text(_lease) }, cancel);
        return EtcdGateway.Number(answer["result"]?["TTL"]) > 0;
    }

    private async Task<long> GrantAsync(CancellationToken cancel)
    {
        var ttl = (long)_config.LeaseTime.TotalSeconds;
        var answer = await _call("lease/grant", new JsonObject { ["TTL"] = Text(ttl) }, cancel);
        var granted = EtcdGateway.Number(answer["TTL"]);
        return granted >= ttl && EtcdGateway.Number(answer["ID"]) is not 0 and var id ? id
            : throw new ThirdPartyException($"etcd gave a lease of {granted} s instead of {ttl} s");
    }

    private async Task<Seen> ReadAsync(CancellationToken cancel)
    {
        // Both keys at one revision, by the quorum.
        var answer = await _call("kv/txn", new JsonObject
        {
            ["success"] = new JsonArray(Range(_poolKey), Range(_holderKey)),
        }, cancel);
        var (pool, holder) = (First(answer, 0), First(answer, 1));
        var owner = EtcdGateway.Text(pool?["value"]);
        if (pool is not null && owner != _pool)
        {
            throw new ThirdPartyException($"the prefix {_config.Prefix} belongs to the pool of the hosts {owner}: write another prefix, one for each pool; "
                + $"if that pool is gone, delete the key {_config.Prefix}/pool");
        }

        var header = answer["header"];
        return new Seen(
            new StoreMark((string?)header?["cluster_id"] ?? "", EtcdGateway.Number(header?["raft_term"]), EtcdGateway.Number(pool?["version"])),
            EtcdGateway.Number(pool?["mod_revision"]),
            EtcdGateway.Text(holder?["value"]), EtcdGateway.Number(holder?["mod_revision"]), EtcdGateway.Number(holder?["lease"]));
    }

    /// <summary>The key that a range of a transaction found; null when it found none, whether the list is empty or left out.</summary>
    private static JsonNode? First(JsonNode answer, int range) => answer["responses"] is JsonArray all && range < all.Count
        && all[range]?["response_range"]?["kvs"] is JsonArray { Count: > 0 } found ? found[0] : null;

    private async Task<bool> TakenAsync(Seen seen, CancellationToken cancel)
    {
        try
        {
            return await TakeAsync(seen, cancel);
        }
        catch (EtcdRefusal)
        {
            // The lease ended meanwhile, or may not be used: the next one is new.
            _lease = 0;
            throw;
        }
    }

    private async Task<bool> TakeAsync(Seen seen, CancellationToken cancel)
    {
        var answer = await _call("kv/txn", new JsonObject
        {
            ["compare"] = new JsonArray(
                Compare(_holderKey, "MOD", "mod_revision", seen.HolderRevision), Compare(_poolKey, "MOD", "mod_revision", seen.PoolRevision)),
            ["success"] = new JsonArray(Put(_holderKey, _self, _lease), Put(_poolKey, _pool, 0)),
        }, cancel);
        return (bool?)answer["succeeded"] ?? false;
    }

    private static JsonObject Compare(string key, string target, string field, long value) =>
        new() { ["key"] = key, ["target"] = target, ["result"] = "EQUAL", [field] = Text(value) };

    private static JsonObject Range(string key) => new() { ["request_range"] = new JsonObject { ["key"] = key } };

    private static JsonObject Put(string key, string value, long lease) => new()
    {
        ["request_put"] = new JsonObject { ["key"] = key, ["value"] = EtcdGateway.Base64(value), ["lease"] = Text(lease) },
    };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed record Seen(StoreMark Mark, long PoolRevision, string Holder, long HolderRevision, long HolderLease);
}
