using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>
/// A subscription to changes by <c>event.from</c> (xapi_event.ml). It keeps the token between calls and drops it with
/// every new login: a new session may mean a restarted or newly promoted master, whose generation can be behind the old
/// token, so that the old token would silently miss changes (xapi.md 10.1). Not safe for concurrent use.
/// </summary>
public sealed class Event
{
    /// <summary>Longer waits risk nothing but a slow notice of a dead connection, which is bad enough.</summary>
    private static readonly TimeSpan TimeoutMax = TimeSpan.FromSeconds(30);

    private readonly IXenApi _api;
    private readonly ImmutableArray<string> _classes;
    private string _token = "";
    private int _generation;

    /// <summary>A subscription over the given session.</summary>
    /// <param name="api">The session. On a slave a local session is useless here.</param>
    /// <param name="classes">
    /// Classes such as <c>vm</c>, single objects such as <c>vm/OpaqueRef:…</c>, or <c>*</c>.
    /// </param>
    public Event(IXenApi api, params ReadOnlySpan<string> classes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(classes.Length, nameof(classes));
        _api = api;
        _classes = [.. classes];
    }

    /// <summary>The position in the stream; empty when the next answer will be a complete picture.</summary>
    public string Token => _generation == _api.Generation ? _token : "";

    /// <summary>
    /// Waits for changes and returns them, or an empty batch after <paramref name="timeout"/>. The first batch, and the
    /// first after a new login, has <see cref="EventBatch.IsComplete"/> set and holds an add event for each object.
    /// </summary>
    /// <param name="timeout">How long the server may wait; at most 30 s.</param>
    /// <param name="deadline">Limit of the call; must exceed <paramref name="timeout"/>, best by some seconds.</param>
    /// <param name="cancellationToken">Gives up waiting; nothing is lost, the token has not moved.</param>
    public async Task<EventBatch> FromAsync(TimeSpan timeout, TimeSpan deadline, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(timeout, TimeoutMax);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(deadline, timeout);

        string token = Token;
        XenApiAnswer answer;
        try
        {
            answer = await _api.CallAsync(NewCall(token, timeout), deadline, cancellationToken);
        }
        catch (XenApiFailure failure) when (InvalidatesToken(failure))
        {
            Resynchronize();
            throw;
        }

        return Accept(token, answer);
    }

    /// <summary>
    /// Drops the token, so that the next batch is complete. Call it when <see cref="EventBatch.ValidRefCounts"/>
    /// disagrees with what was gathered: deletions of objects that XAPI no longer remembers are not reported.
    /// </summary>
    public void Resynchronize() => _token = "";

    private XenApiCall NewCall(string token, TimeSpan timeout)
    {
        var classes = new JsonArray([.. _classes.Select(name => (JsonNode?)name)]);
        // xapi reads a float; an integer is accepted for one, but "30.0" is what its own clients send.
        JsonNode seconds = JsonNode.Parse(timeout.TotalSeconds.ToString("0.0##", CultureInfo.InvariantCulture))!;
        return XenApiCall.ReadOnce("event.from", classes, token, seconds);
    }

    private EventBatch Accept(string sentToken, XenApiAnswer answer)
    {
        if (sentToken.Length > 0 && answer.Generation != _generation)
        {
            // Another call renewed the session between our look at the token and the sending of it.
            Resynchronize();
            return EventBatch.Nothing;
        }

        var batch = EventBatch.Parse(new XenJson("event.from", answer.Result), isComplete: sentToken.Length == 0);
        _token = batch.Token;
        _generation = answer.Generation;
        return batch;
    }

    private static bool InvalidatesToken(XenApiFailure failure) => failure.Code
        is XenApiErrorCode.SessionInvalid or XenApiErrorCode.EventFromTokenParseFailure;
}
