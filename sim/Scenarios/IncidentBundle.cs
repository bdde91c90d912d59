using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Scenarios;

/// <summary>A host of an incident.</summary>
internal sealed record IncidentHost(string Name, string Uuid, string Address, long MemoryMib);

/// <summary>A VM of an incident. On: the host at second 0, empty for none. Home: the only host that it can run on, empty for either.</summary>
internal sealed record IncidentVm(string Name, string Uuid, bool Protected, string Priority, int Order, int StartDelaySeconds, long MemoryMib, string On, string Home);

/// <summary>One line of a journal, in seconds from second 0. Part: <c>cause</c> (an event of the scenario stands for it), <c>outcome</c> (the code says such things itself), <c>not mapped</c>.</summary>
internal sealed record IncidentLine(double Seconds, string Host, int Id, string Severity, string Sentence, string Part);

/// <summary>
/// An incident of a real pool as a file: both journals, the site, and the scenario that they were read as. One JSON object; <c>sim run</c> and
/// <c>ha-ctl simulate --incident</c> play it. Events and expectations may be edited.
/// </summary>
internal sealed record IncidentBundle
{
    /// <summary>The only format so far.</summary>
    public const int Format = 1;

    private const string Marker = "twonodeha_incident";
    private const string Again = "export it again with ha-ctl incident export, or copy it again";

    [JsonPropertyName(Marker)]
    public int Version { get; init; }

    /// <summary>Version of the product that wrote it.</summary>
    public string WrittenBy { get; init; } = "";

    /// <summary>What is to be known before it is believed.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    public string Story { get; init; } = "";

    /// <summary>Second 0, UTC.</summary>
    public string Begins { get; init; } = "";

    public ImmutableArray<IncidentHost> Hosts { get; init; } = [];

    /// <summary>The master at second 0.</summary>
    public string Master { get; init; } = "";

    /// <summary>HA is enabled at second 0.</summary>
    public bool Enabled { get; init; }

    /// <summary>Lines of the configuration, without comments, secrets and what is of this host alone.</summary>
    public ImmutableArray<string> Configuration { get; init; } = [];

    public ImmutableArray<IncidentVm> Vms { get; init; } = [];

    /// <summary>Events as in a scenario file: <c>at 0s</c> and the sentence.</summary>
    public ImmutableArray<ImmutableDictionary<string, string>> Events { get; init; } = [];

    /// <summary>How long the replay goes on, as in a scenario file.</summary>
    public string End { get; init; } = "";

    /// <summary>What the hosts decided then.</summary>
    public ImmutableArray<IncidentDecision> Decisions { get; init; } = [];

    /// <summary>Both journals, by time.</summary>
    public ImmutableArray<IncidentLine> Journal { get; init; } = [];

    /// <summary>Number of lines of the journal: the last key, so that a file that lost its end shows.</summary>
    public int? JournalLines { get; init; }

    /// <summary>A text that is meant to be such a file.</summary>
    public static bool Looks(string text) => text.AsSpan().TrimStart("\uFEFF \t\r\n").StartsWith("{", StringComparison.Ordinal);

    /// <summary>As a file.</summary>
    public string ToText() => JsonSerializer.Serialize(this, IncidentJson.Default.IncidentBundle) + "\n";

    /// <summary>Reads a file.</summary>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="text">What it holds.</param>
    /// <exception cref="ScenarioException">It is cut short, or no such file: the line, and what to do.</exception>
    public static IncidentBundle Parse(string file, string text)
    {
        if (!Looks(text) || !text.Contains($"\"{Marker}\"", StringComparison.Ordinal))
        {
            throw new ScenarioException(file, 1, "this is no incident: ha-ctl incident export writes one");
        }

        IncidentBundle? bundle;
        try
        {
            bundle = JsonSerializer.Deserialize(text.TrimStart('\uFEFF'), IncidentJson.Default.IncidentBundle);
        }
        catch (JsonException failure)
        {
            var line = (failure.LineNumber ?? 0) + 1;
            throw new ScenarioException(file, line, line >= text.AsSpan().TrimEnd().Count('\n') + 1
                ? $"the file ends in the middle: {Again}" : $"this cannot be read ({failure.Path}): {Again}, or mend the line");
        }

        if (bundle is null || bundle.Version != Format)
        {
            throw new ScenarioException(file, LineOf(text, $"\"{Marker}\""), string.Create(CultureInfo.InvariantCulture,
                $"this is an incident of format {bundle?.Version ?? 0}, and this version reads {Format}: play it with the version that wrote it ({bundle?.WrittenBy})"));
        }

        bundle.Check(file, text);
        return bundle;
    }

    /// <summary>The scenario that it is.</summary>
    /// <exception cref="ScenarioException">Something in it cannot be played.</exception>
    public Scenario ToScenario(string file, string name, string text)
    {
        var read = ConfigParser.Parse(file, string.Join('\n', Configuration));
        var config = read.Config ?? throw new ScenarioException(file, LineOf(text, "\"configuration\""),
            $"the configuration in it is refused: {string.Join("; ", read.Findings.Select(finding => finding.ToString()))}");
        var moves = Events.SelectMany(one => one).Select(pair => new Move(Time(file, text, pair.Key), new Sentence(pair.Value, LineOf(text, JsonEncodedText.Encode(pair.Value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString()))));
        return new Scenario
        {
            File = file,
            Name = name,
            Story = Story,
            Enabled = Enabled,
            LinkCounts = [Math.Clamp(config.Links.Length, 1, 2)],
            Site = new Site(config with { DiskLinks = [] }, Pool(file, text), [.. Vms.Where(vm => !vm.Protected).Select(vm => vm.Uuid)], Site.TypicalTimings),
            Moves = [.. moves.OrderBy(move => move.At)],
            Expected = [.. Expected().Select(said => new Sentence(said, LineOf(text, "\"decisions\"")))],
            End = Time(file, text, "at " + End),
        };
    }

    /// <summary>The decisions as sentences of the scenario language.</summary>
    private IEnumerable<string> Expected()
    {
        foreach (var host in Hosts)
        {
            var rules = Decisions.Where(one => one.Host == host.Name && one.What == "takeover").Select(one => one.Rule).Distinct();
            foreach (var rule in rules)
            {
                yield return $"{host.Name} took over by {rule}";
            }

            yield return Decisions.Any(one => one.Host == host.Name && one.What == "fence") ? $"{host.Name} was fenced" : $"{host.Name} was not fenced";
        }

        if (!Decisions.Any(one => one.What == "takeover"))
        {
            yield return "no takeover";
        }
    }

    private PoolDefinition Pool(string file, string text)
    {
        try
        {
            return new PoolDefinition
            {
                Hosts = [.. Hosts.Select(host => new HostDefinition { Name = host.Name, Uuid = host.Uuid, Address = host.Address, MemoryMib = host.MemoryMib })],
                Master = Master,
                Vms = [.. Vms.Select(vm => new VmDefinition
                {
                    Name = vm.Name, Uuid = vm.Uuid, MemoryMib = vm.MemoryMib, RunningOn = vm.On.Length > 0 ? vm.On : null, HaRestartPriority = vm.Priority,
                    Order = vm.Order, StartDelay = vm.StartDelaySeconds, Sr = vm.Home.Length > 0 ? "local-" + vm.Home : "shared", OtherConfig = Site.Mark(vm.Protected),
                })],
            }.Completed();
        }
        catch (InvalidDataException failure)
        {
            throw new ScenarioException(file, LineOf(text, "\"hosts\""), $"{failure.Message}: {Again}");
        }
    }

    private void Check(string file, string text)
    {
        // A key that is not in the file is null here, whatever its property begins with.
        var missing = Hosts.IsDefault || Hosts.Length != 2 ? "hosts" : Configuration.IsDefaultOrEmpty ? "configuration" : Vms.IsDefaultOrEmpty ? "vms" : Events.IsDefaultOrEmpty ? "events"
            : Decisions.IsDefault ? "decisions" : Journal.IsDefault ? "journal" : End is not { Length: > 0 } ? "end" : Story is null ? "story" : Master is null ? "master"
            : JournalLines is null ? "journal_lines" : null;
        if (missing is not null)
        {
            throw new ScenarioException(file, LineOf(text, $"\"{missing}\""), $"'{missing}' is missing or empty: {Again}");
        }

        if (Journal.Length != JournalLines)
        {
            throw new ScenarioException(file, LineOf(text, "\"journal_lines\""), string.Create(CultureInfo.InvariantCulture,
                $"the journal has {Journal.Length} lines, {JournalLines} were written: something was cut out; {Again}"));
        }
    }

    private static TimeSpan Time(string file, string text, string at) =>
        at.StartsWith("at ", StringComparison.Ordinal) && Times.TryParse(at[3..].Trim(), out var time) && time >= TimeSpan.Zero ? time
            : throw new ScenarioException(file, LineOf(text, at), $"'{at}' is no time: write 'at 12s'");

    private static long LineOf(string text, string what) =>
        text.IndexOf(what, StringComparison.Ordinal) is >= 0 and var at ? text.AsSpan(0, at).Count('\n') + 1 : 1;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(IncidentBundle))]
internal sealed partial class IncidentJson : JsonSerializerContext;
