using System.Text.Json.Serialization;

namespace TwoNodeHa.Core.Control;

/// <summary>One event as the control socket and the event log show it.</summary>
/// <param name="UnixMs">Wall clock, Unix milliseconds.</param>
/// <param name="Id">Stable id (<see cref="Contract.HaEventId"/>).</param>
/// <param name="Severity">Severity word.</param>
/// <param name="Sentence">The sentence.</param>
public sealed record EventLine(long UnixMs, int Id, string Severity, string Sentence)
{
    /// <summary>Events of the same meaning before this one that were counted and not kept.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Repeats { get; init; }

    /// <summary>When the first of them came, Unix milliseconds; 0 without <see cref="Repeats"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long SinceUnixMs { get; init; }
}

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

    /// <summary>For <c>vms</c>.</summary>
    public VmReport? Vms { get; init; }

    /// <summary>For <c>events</c>, oldest first.</summary>
    public EventLine[]? Events { get; init; }
}

/// <summary>Source-generated JSON of the control socket, so that trimming keeps it.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
    AllowOutOfOrderMetadataProperties = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlAnswer))]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(VmReport))]
[JsonSerializable(typeof(EventLine))]
[JsonSerializable(typeof(EventLine[]))]
public sealed partial class ControlJson : JsonSerializerContext;
