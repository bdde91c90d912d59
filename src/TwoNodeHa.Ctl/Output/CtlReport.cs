using System.Collections.Immutable;
using System.Text.Json.Serialization;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Ctl.Output;

/// <summary>What <c>--json</c> prints, for every verb, also for failures. Fields are only ever added.</summary>
internal sealed record CtlReport
{
    /// <summary>Layout; raised when a field changes its meaning.</summary>
    public int Format { get; init; } = 1;

    /// <summary>The verb.</summary>
    public required string Verb { get; init; }

    /// <summary>Same as the exit code of the process.</summary>
    public required int ExitCode { get; init; }

    /// <summary>The sentence for the operator.</summary>
    public required string Text { get; init; }

    /// <summary>For <c>status</c>.</summary>
    public StatusReport? Status { get; init; }

    /// <summary>For <c>status</c> without a daemon: what can be said.</summary>
    public ImmutableArray<string>? Known { get; init; }

    /// <summary>For <c>vm list</c> and <c>vm show</c>.</summary>
    public VmReport? Vms { get; init; }

    /// <summary>For <c>events</c>.</summary>
    public EventLine[]? Events { get; init; }

    /// <summary>For <c>check</c>.</summary>
    public CheckJson[]? Checks { get; init; }

    /// <summary>For <c>check</c> and <c>timeline</c>: the timing arithmetic.</summary>
    public ImmutableArray<string>? Timing { get; init; }

    /// <summary>For <c>timeline</c>: what the daemon waits for at most, where the site cannot configure it.</summary>
    public DeadlineJson[]? Deadlines { get; init; }

    /// <summary>For <c>timeline</c>.</summary>
    public StoryJson[]? Stories { get; init; }

    /// <summary>For <c>version</c>: version of this program.</summary>
    public string? Version { get; init; }

    /// <summary>For <c>explain</c>.</summary>
    public DecisionJson[]? Decisions { get; init; }

    /// <summary>For <c>explain</c>: what the journals do not hold.</summary>
    public ImmutableArray<string>? Caveats { get; init; }

    /// <summary>For <c>init</c>: what was done, found in place, or to be known.</summary>
    public StepJson[]? Steps { get; init; }

    /// <summary>For <c>import-ha-lizard</c>: what became of the settings.</summary>
    public NoteJson[]? Notes { get; init; }

    /// <summary>For <c>import-ha-lizard</c>: what they added up to.</summary>
    public ImmutableArray<string>? Sums { get; init; }

    /// <summary>For <c>config diff</c>.</summary>
    public DifferenceJson[]? Differences { get; init; }

    /// <summary>For <c>fleet</c>: the pools, worst first.</summary>
    public PoolJson[]? Pools { get; init; }

    /// <summary>For <c>simulate</c>.</summary>
    public SimulationJson? Simulation { get; init; }

    /// <summary>For <c>incident export</c>.</summary>
    public IncidentReportJson? Incident { get; init; }

    /// <summary>For <c>drill</c>.</summary>
    public DrillJson? Drill { get; init; }

    /// <summary>For <c>simulate --incident</c>: each decision, then and in the replay.</summary>
    public ReplayJson[]? Replay { get; init; }

    /// <summary>Text for people; not part of the JSON.</summary>
    [JsonIgnore]
    public string Human { get; init; } = "";
}

/// <summary>One check.</summary>
internal sealed record CheckJson(string Name, string Grade, string Sentence, string Advice);

/// <summary>One step: <c>ok</c>, <c>note</c>, <c>warn</c> or <c>FAIL</c>.</summary>
internal sealed record StepJson(string Grade, string Sentence);

/// <summary>What became of settings of HA-Lizard: kept, replaced, dropped or unsafe.</summary>
internal sealed record NoteJson(string Fate, string Settings, string Sentence);

/// <summary>One decision of an incident, with its rule in docs/protocol.md.</summary>
internal sealed record DecisionJson(long UnixMs, string Host, int Id, string Sentence, string Rule, string Says, string Otherwise);

/// <summary>One key that differs; a value that is not written is left out.</summary>
internal sealed record DifferenceJson(string Key, string? Here, string? There, bool MustAgree);

/// <summary>One pool: VMS DOWN, NOT COVERED, NO ANSWER, covered (look at the why), or covered.</summary>
internal sealed record PoolJson(string Pool, string Verdict, string Host, string State, int Down, string Why, string Advice);

/// <summary>A simulated story: all that happened, what became of each VM, broken promises, and what differs from the real site.</summary>
internal sealed record SimulationJson(
    ImmutableArray<HappenedJson> Happened, ImmutableArray<VmOutcomeJson> Vms, ImmutableArray<string> Broken, ImmutableArray<string> Notes);

/// <summary>One thing that happened: seconds from the beginning of the story; a host, story, truth, admin or agent.</summary>
internal sealed record HappenedJson(double Seconds, string Who, string Text);

/// <summary>One VM; the host that it runs on at the end is empty for none.</summary>
internal sealed record VmOutcomeJson(string Name, string WasOn, double DownSeconds, string On);

/// <summary>An incident that was written: the file, the events that it is read as, what was decided, the lines that no event stands for, and what is to be known.</summary>
internal sealed record IncidentReportJson(
    string File, ImmutableArray<string> Events, ImmutableArray<ReplayJson> Decisions, ImmutableArray<HappenedJson> NotMapped, ImmutableArray<string> Notes);

/// <summary>
/// A drill: <c>handover</c>, <c>fence</c>, <c>failover</c>, or <c>look</c>; what it does or would do, what is in the way; and, when something was judged, the certificate.
/// </summary>
internal sealed record DrillJson(string Kind, string Host, string Survivor, ImmutableArray<string> Plan, ImmutableArray<RefusalJson> InTheWay)
{
    public long? BeganUnixMs { get; init; }

    public bool? Passed { get; init; }

    public string? Verdict { get; init; }

    public ImmutableArray<FigureJson>? Figures { get; init; }

    public ImmutableArray<string>? Troubles { get; init; }

    public ImmutableArray<string>? Caveats { get; init; }

    /// <summary>The verdict on <c>kill_bound_seconds</c>.</summary>
    public CheckJson? KillBound { get; init; }

    /// <summary>What a shorter one would gain.</summary>
    public string? Shorter { get; init; }
}

/// <summary>What is in the way of a drill, and what to do about it.</summary>
internal sealed record RefusalJson(string Sentence, string Advice);

/// <summary>One measured time: <c>ok</c>, <c>slow</c>, <c>measured</c> (nothing is promised) or <c>not measured</c>.</summary>
internal sealed record FigureJson(string Name, string What, double? Seconds, double? LimitSeconds, string Grade, string Note);

/// <summary>One decision of a host, <c>fence</c> or <c>takeover</c>, and its rule; seconds of the incident and of the replay, left out where it did not fall.</summary>
internal sealed record ReplayJson(string Host, string What, string Rule, double? Then, double? Now);

/// <summary>One row of a story; seconds after the failure.</summary>
internal sealed record RowJson(double FromSeconds, double ToSeconds, string What);

/// <summary>One fixed wait of the daemon.</summary>
internal sealed record DeadlineJson(double Seconds, string What);

/// <summary>One story of the timeline.</summary>
internal sealed record StoryJson(
    string Id,
    string Title,
    bool Hypothetical,
    bool EndsWell,
    RowJson[] Rows,
    double? TakeoverFromSeconds,
    double? TakeoverToSeconds,
    double? ToolstackFromSeconds,
    double? ToolstackToSeconds,
    string Outcome);

/// <summary>Source-generated JSON of the output, so that trimming keeps it.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CtlReport))]
internal sealed partial class CtlJson : JsonSerializerContext;
