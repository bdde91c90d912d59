using System.Collections.Immutable;
using System.Text.Json.Nodes;
using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>
/// The <c>other_config</c> map of a class: settings kept in the pool's database, hence unreadable while the master is
/// dead and stale after a promotion (xapi.md 10.3).
/// </summary>
/// <typeparam name="T">The class of the objects.</typeparam>
public sealed class OtherConfig<T>
{
    private readonly IXenApi _api;
    private readonly string _class;

    internal OtherConfig(IXenApi api, string className)
    {
        _api = api;
        _class = className;
    }

    /// <summary>Reads the whole map.</summary>
    public Task<ImmutableSortedDictionary<string, string>> GetAsync(
        XenRef<T> self, TimeSpan deadline, CancellationToken cancellationToken) => _api.CallAsync(
            XenApiCall.Read($"{_class}.get_other_config", self.Value), json => json.AsStringMap(),
            deadline, cancellationToken);

    /// <summary>Replaces the whole map, and with it whatever others wrote since it was read.</summary>
    public Task SetAsync(
        XenRef<T> self, IReadOnlyDictionary<string, string> value, TimeSpan deadline,
        CancellationToken cancellationToken) =>
        _api.CallAsync(
            XenApiCall.Write($"{_class}.set_other_config", self.Value, ToJson(value)), deadline, cancellationToken);

    /// <summary>
    /// Adds a key; raises <see cref="XenApiErrorCode.MapDuplicateKey"/> if it is there: remove it first.
    /// </summary>
    public Task AddAsync(
        XenRef<T> self, string key, string value, TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(
            XenApiCall.Write($"{_class}.add_to_other_config", self.Value, key, value), deadline, cancellationToken);

    /// <summary>Removes a key; nothing happens if it is not there.</summary>
    public Task RemoveAsync(XenRef<T> self, string key, TimeSpan deadline, CancellationToken cancellationToken) =>
        _api.CallAsync(
            XenApiCall.Write($"{_class}.remove_from_other_config", self.Value, key), deadline, cancellationToken);

    /// <summary>
    /// Puts a key in place of what is there; null leaves none. XAPI replaces no key: it is removed, then added. Either may be repeated, and between
    /// the two there is none.
    /// </summary>
    public async Task PutAsync(XenRef<T> self, string key, string? value, TimeSpan deadline, CancellationToken cancellationToken)
    {
        await RemoveAsync(self, key, deadline, cancellationToken);
        if (value is not null)
        {
            await AddAsync(self, key, value, deadline, cancellationToken);
        }
    }

    /// <summary>A map as a parameter.</summary>
    internal static JsonObject ToJson(IReadOnlyDictionary<string, string> map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return new JsonObject(map.Select(pair => KeyValuePair.Create<string, JsonNode?>(pair.Key, pair.Value)));
    }
}
