using System.Collections.Immutable;
using System.Text.Json;
using TwoNodeHa.XenApi.Wire;

namespace TwoNodeHa.XenApi;

/// <summary>What happened to an object.</summary>
public enum EventOperation
{
    /// <summary>An operation this client does not know.</summary>
    Unknown = 0,

    /// <summary>It appeared, or this is a complete picture.</summary>
    Add,

    /// <summary>It changed; changes in between are merged.</summary>
    Mod,

    /// <summary>It was deleted.</summary>
    Del,
}

/// <summary>One change (events/event_types.ml).</summary>
/// <param name="Class">Class in lower case, e.g. <c>vm</c>; empty when the change could not be read.</param>
/// <param name="Operation">What happened.</param>
/// <param name="Ref">Reference of the object.</param>
/// <param name="Snapshot">The whole record; null for deletions.</param>
public sealed record EventRecord(string Class, EventOperation Operation, string Ref, JsonElement? Snapshot)
{
    /// <summary>The snapshot as a VM.</summary>
    /// <exception cref="XenApiProtocolException">There is no snapshot, or it is not a VM.</exception>
    public VMRecord ReadVM() => VMRecord.Parse(Required);

    /// <summary>The snapshot as a host.</summary>
    /// <exception cref="XenApiProtocolException">There is no snapshot, or it is not a host.</exception>
    public HostRecord ReadHost() => HostRecord.Parse(Required);

    /// <summary>The snapshot as measured state of a host.</summary>
    /// <exception cref="XenApiProtocolException">There is no snapshot, or it is not of that class.</exception>
    public HostMetricsRecord ReadHostMetrics() => HostMetricsRecord.Parse(Required);

    /// <summary>The snapshot as a pool.</summary>
    /// <exception cref="XenApiProtocolException">There is no snapshot, or it is not a pool.</exception>
    public PoolRecord ReadPool() => PoolRecord.Parse(Required);

    /// <summary>The snapshot as a virtual drive.</summary>
    /// <exception cref="XenApiProtocolException">There is no snapshot, or it is not a virtual drive.</exception>
    public VBDRecord ReadVBD() => VBDRecord.Parse(Required);

    /// <summary>The snapshot as a task.</summary>
    /// <exception cref="XenApiProtocolException">There is no snapshot, or it is not a task.</exception>
    public TaskRecord ReadTask() => TaskRecord.Parse(Required);

    private XenJson Required => Snapshot is { } snapshot
        ? new XenJson($"event.from.{Class}", snapshot)
        : throw new XenApiProtocolException($"event.from.{Class}: {Operation} without snapshot", "snapshot");

    internal static EventRecord Parse(XenJson json) => new(
        json.Member("class").AsString().ToLowerInvariant(),
        json.Member("operation").AsEnum(
            ("add", EventOperation.Add), ("mod", EventOperation.Mod), ("del", EventOperation.Del)),
        json.Member("ref").AsString(),
        json.OptionalMember("snapshot") is { Value.ValueKind: JsonValueKind.Object } snapshot ? snapshot.Value : null);
}

/// <summary>The answer of one <c>event.from</c>.</summary>
/// <param name="Events">The changes; none when the time passed quietly.</param>
/// <param name="ValidRefCounts">How many objects of each class exist, class in lower case.</param>
/// <param name="Token">Opaque position in the stream; kept by <see cref="Event"/>.</param>
/// <param name="IsComplete">Whether this is a picture of everything: forget what was gathered before.</param>
public sealed record EventBatch(
    ImmutableArray<EventRecord> Events,
    ImmutableSortedDictionary<string, long> ValidRefCounts,
    string Token,
    bool IsComplete)
{
    /// <summary>Nothing learned.</summary>
    internal static EventBatch Nothing { get; } =
        new([], ImmutableSortedDictionary<string, long>.Empty, "", IsComplete: false);

    internal static EventBatch Parse(XenJson json, bool isComplete)
    {
        var counts = ImmutableSortedDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        foreach ((string name, XenJson count) in json.Member("valid_ref_counts").Members())
        {
            counts[name.ToLowerInvariant()] = count.AsInt();
        }

        return new EventBatch(
            [.. json.Member("events").Elements().Select(Read)], counts.ToImmutable(), json.Member("token").AsString(), isComplete);
    }

    /// <summary>A change that cannot be read is a change all the same: whoever reads the database at each one shall do so.</summary>
    private static EventRecord Read(XenJson json)
    {
        try
        {
            return EventRecord.Parse(json);
        }
        catch (XenApiProtocolException)
        {
            return new EventRecord("", EventOperation.Unknown, "", Snapshot: null);
        }
    }
}
