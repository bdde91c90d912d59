using System.Text.Json.Serialization;

namespace TwoNodeHa.Core.Control;

/// <summary>
/// The control socket speaks one JSON object per line (LF, UTF-8, at most 64 KiB), one answer per request, in order.
/// </summary>
public sealed record ControlRequest
{
    /// <summary>One of <c>status</c>, <c>events</c>, <c>enable</c>, <c>disable</c>, <c>maintenance</c>, <c>takeover</c>, <c>fence</c>, <c>version</c>.</summary>
    public required string Verb { get; init; }

    /// <summary>For <c>disable</c>: seconds until HA is enabled again; 0 for never.</summary>
    public double ForSeconds { get; init; }

    /// <summary>For <c>disable</c>: the operator's reason.</summary>
    public string Reason { get; init; } = "";

    /// <summary>For <c>maintenance</c>: on or off.</summary>
    public bool On { get; init; }

    /// <summary>For <c>takeover</c>: must be true, the operator's word that the peer is dead.</summary>
    public bool PeerIsDead { get; init; }

    /// <summary>For <c>events</c>: at most this many of the newest; 0 for all that are kept.</summary>
    public int Last { get; init; }
}

/// <summary>One event as the control socket and the event log show it.</summary>
/// <param name="UnixMs">Wall clock, Unix milliseconds.</param>
/// <param name="Id">Stable id (<see cref="Contract.HaEventId"/>).</param>
/// <param name="Severity">Severity word.</param>
/// <param name="Sentence">The sentence.</param>
public sealed record EventLine(long UnixMs, int Id, string Severity, string Sentence);

/// <summary>Answer of the control socket.</summary>
public sealed record ControlAnswer
{
    /// <summary>The request was understood and accepted.</summary>
    public required bool Ok { get; init; }

    /// <summary>Accepted, not confirmed by the other host yet.</summary>
    public bool Pending { get; init; }

    /// <summary>Sentence for the operator; the error when not <see cref="Ok"/>.</summary>
    public string Text { get; init; } = "";

    /// <summary>For <c>status</c>.</summary>
    public StatusReport? Status { get; init; }

    /// <summary>For <c>events</c>, oldest first.</summary>
    public EventLine[]? Events { get; init; }
}

/// <summary>Source-generated JSON of the control socket, so that trimming keeps it.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip)]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlAnswer))]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(EventLine))]
[JsonSerializable(typeof(EventLine[]))]
public sealed partial class ControlJson : JsonSerializerContext;
