using System.Globalization;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Virtual;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace TwoNodeHa.Sim.Scenarios;

/// <summary>A mistake in a scenario file, with its place.</summary>
public sealed class ScenarioException(string file, long line, string message) : Exception($"{file}:{line}: {message}")
{
    /// <summary>Line of the file; number of the sentence where there is no file.</summary>
    public long Line => line;

    /// <summary>The mistake, without its place.</summary>
    public string Reason => message;
}

/// <summary>One line of a scenario, with its place in the file.</summary>
internal sealed record Sentence(string Text, long Line);

/// <summary>Something that happens at a time, counted from second 0: both hosts are up, HA is as the scenario wants it.</summary>
internal sealed record Move(TimeSpan At, Sentence What);

/// <summary>How a scenario is set up in one of its variants.</summary>
/// <param name="X">Index of the host called x.</param>
/// <param name="Links">Number of links: 1 is safety class C, 2 is class B.</param>
internal sealed record Variant(int X, int Links)
{
    public string Name(Scenario scenario)
    {
        var parts = new List<string>();
        if (scenario.Xs.Count > 1)
        {
            parts.Add(X == 0 ? "x is master" : "x is slave");
        }

        if (scenario.LinkCounts.Count > 1)
        {
            parts.Add(Links == 1 ? "one link" : "two links");
        }

        return string.Join(", ", parts);
    }
}

/// <summary>A scenario as its file says it.</summary>
internal sealed record Scenario
{
    public required string File { get; init; }

    /// <summary>Folder and file name without ending: power/master-loses-power.</summary>
    public required string Name { get; init; }

    public string Area => Name.Contains('/', StringComparison.Ordinal) ? Name[..Name.IndexOf('/', StringComparison.Ordinal)] : "";

    public required string Story { get; init; }

    public IReadOnlyList<int> Xs { get; init; } = [0];

    public IReadOnlyList<int> LinkCounts { get; init; } = [1];

    public string Profile { get; init; } = "balanced";

    /// <summary>The reader's own configuration file; null for the built-in site.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>A site that is not the built-in one; null for that. Profile, toolstack, policy, third party and memory are its own then.</summary>
    public Site? Site { get; init; }

    public string Toolstack { get; init; } = "simulated";

    /// <summary>none, lease (R3, T4) or agent (T3).</summary>
    public string ThirdParty { get; init; } = "none";

    public IReadOnlyDictionary<string, string> Policy { get; init; } = new Dictionary<string, string>();

    public string Watchdog { get; init; } = "device";

    /// <summary>HA is enabled and both are paired at second 0.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Memory of each host, MiB.</summary>
    public int MemoryMib { get; init; } = 16384;

    /// <summary>Moves that would break assumption A1 are left out.</summary>
    public bool AssumeA1 { get; init; }

    /// <summary>Of a pair that is well the readings are left out too, in their rhythm: most of a life. The kept logs of the table are without.</summary>
    public bool LeavesOutReadings { get; init; }

    /// <summary>Why it is known to fail on the present code; null when it is to pass.</summary>
    public string? Pending { get; init; }

    public int Seed { get; init; } = 1;

    /// <summary>Quiet seconds between pairing and second 0.</summary>
    public int Settle { get; init; } = 40;

    public required IReadOnlyList<Move> Moves { get; init; }

    public required IReadOnlyList<Sentence> Expected { get; init; }

    public required TimeSpan End { get; init; }

    public IEnumerable<Variant> Variants() => Xs.SelectMany(x => LinkCounts.Select(links => new Variant(x, links)));

    /// <summary>Reads a file; everything wrong with its form is an error with its line.</summary>
    public static Scenario Load(string path, string root)
    {
        var name = Path.ChangeExtension(Path.GetRelativePath(root, path), null).Replace('\\', '/');
        return Parse(path, name, System.IO.File.ReadAllText(path));
    }

    public static Scenario Parse(string file, string name, string text)
    {
        if (IncidentBundle.Looks(text))
        {
            return IncidentBundle.Parse(file, text).ToScenario(file, name, text);
        }

        var reader = new ScenarioReader(file);
        return reader.Read(name, text);
    }
}

/// <summary>Turns the YAML of one file into a scenario.</summary>
internal sealed class ScenarioReader(string file)
{
    private static readonly string[] Keys =
    [
        "story", "x", "links", "profile", "config", "toolstack", "third_party", "policy", "watchdog", "ha", "memory", "assume", "quiet",
        "seed", "settle", "pending", "events", "expect", "end",
    ];

    public Scenario Read(string name, string text)
    {
        var root = Root(text);
        foreach (var key in root.Children.Keys.Cast<YamlScalarNode>())
        {
            if (!Keys.Contains(key.Value))
            {
                throw At(key, $"unknown key '{key.Value}'{Near(key.Value!, Keys)}; known are {string.Join(", ", Keys)}");
            }
        }

        var moves = Moves(root);
        var last = moves.Count == 0 ? TimeSpan.Zero : moves[^1].At;
        return new Scenario
        {
            File = file,
            Name = name,
            Story = Scalar(root, "story")?.Trim() ?? throw At(root, "a scenario needs a 'story': one sentence"),
            Xs = Words(root, "x", ["master", "slave"]).Select(word => word == "master" ? 0 : 1).DefaultIfEmpty(0).ToList(),
            LinkCounts = Words(root, "links", ["1", "2"]).Select(word => int.Parse(word, CultureInfo.InvariantCulture)).DefaultIfEmpty(1).ToList(),
            Profile = OneOf(root, "profile", ["balanced", "fast", "patient"]),
            ConfigFile = Scalar(root, "config") is { } path ? Path.GetFullPath(path, Path.GetDirectoryName(Path.GetFullPath(file))!) : null,
            Toolstack = OneOf(root, "toolstack", ["simulated", "realistic"]),
            ThirdParty = OneOf(root, "third_party", ["none", "lease", "agent", "storage"]),
            Policy = Map(root, "policy"),
            Watchdog = OneOf(root, "watchdog", ["device", "none"]),
            Enabled = OneOf(root, "ha", ["enabled", "disabled"]) == "enabled",
            MemoryMib = Number(root, "memory", 16384),
            AssumeA1 = OneOf(root, "assume", ["nothing", "A1"]) == "A1",
            LeavesOutReadings = OneOf(root, "quiet", ["cycles", "readings"]) == "readings",
            Pending = Scalar(root, "pending")?.Trim(),
            Seed = Number(root, "seed", 1),
            Settle = Number(root, "settle", 40),
            Moves = moves,
            Expected = Sentences(root, "expect"),
            End = Scalar(root, "end") is { } end ? Time(root, end) : last + TimeSpan.FromSeconds(60),
        };
    }

    private YamlMappingNode Root(string text)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents.Count == 1 && stream.Documents[0].RootNode is YamlMappingNode map ? map
                : throw new ScenarioException(file, 1, "a scenario is one YAML mapping");
        }
        catch (YamlException error)
        {
            throw new ScenarioException(file, error.Start.Line, error.Message);
        }
    }

    private List<Move> Moves(YamlMappingNode root)
    {
        var moves = new List<Move>();
        foreach (var node in Items(root, "events"))
        {
            if (node is not YamlMappingNode { Children.Count: 1 } pair || pair.Children.First() is not { Key: YamlScalarNode when, Value: YamlScalarNode what }
                || when.Value is not { } text || !text.StartsWith("at ", StringComparison.Ordinal))
            {
                throw At(node, "an event is written '- at 5s: power off a'");
            }

            moves.Add(new Move(Time(when, text[3..]), new Sentence(what.Value ?? "", what.Start.Line)));
        }

        return [.. moves.OrderBy(move => move.At)];
    }

    private List<Sentence> Sentences(YamlMappingNode root, string key) =>
        [.. Items(root, key).Select(node => node is YamlScalarNode { Value: { } text } ? new Sentence(text, node.Start.Line)
            : throw At(node, $"'{key}' is a list of sentences"))];

    private IEnumerable<YamlNode> Items(YamlMappingNode root, string key) =>
        !root.Children.TryGetValue(new YamlScalarNode(key), out var node) ? []
        : node is YamlSequenceNode list ? list.Children
        : throw At(node, $"'{key}' is a list, each item begins with '- '");

    private List<string> Words(YamlMappingNode root, string key, string[] allowed)
    {
        if (!root.Children.TryGetValue(new YamlScalarNode(key), out var node))
        {
            return [];
        }

        var words = node is YamlSequenceNode list ? list.Children : [node];
        return [.. words.Select(word => Allowed(word, key, allowed))];
    }

    private string OneOf(YamlMappingNode root, string key, string[] allowed) =>
        root.Children.TryGetValue(new YamlScalarNode(key), out var node) ? Allowed(node, key, allowed) : allowed[0];

    private string Allowed(YamlNode node, string key, string[] allowed)
    {
        var word = (node as YamlScalarNode)?.Value ?? "";
        return allowed.Contains(word) ? word
            : throw At(node, $"'{key}' is one of {string.Join(", ", allowed)}, not '{word}'{Near(word, allowed)}");
    }

    private Dictionary<string, string> Map(YamlMappingNode root, string key)
    {
        if (!root.Children.TryGetValue(new YamlScalarNode(key), out var node))
        {
            return [];
        }

        return node is YamlMappingNode map
            ? map.Children.ToDictionary(pair => ((YamlScalarNode)pair.Key).Value!, pair => ((YamlScalarNode)pair.Value).Value ?? "")
            : throw At(node, $"'{key}' is a mapping of names to values");
    }

    private int Number(YamlMappingNode root, string key, int otherwise) => Scalar(root, key) is not { } text ? otherwise
        : int.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number
        : throw At(root, $"'{key}' is a whole number, not '{text}'");

    private static string? Scalar(YamlMappingNode root, string key) =>
        root.Children.TryGetValue(new YamlScalarNode(key), out var node) ? (node as YamlScalarNode)?.Value : null;

    private TimeSpan Time(YamlNode node, string text) => Times.TryParse(text.Trim(), out var time) ? time
        : throw At(node, $"'{text}' is no time: write 500ms, 12s, 3min, 2h or 1d");

    private ScenarioException At(YamlNode node, string message) => new(file, node.Start.Line, message);

    private static string Near(string word, IEnumerable<string> known) =>
        NearestWord.Of(word, known) is { } near ? $"; meant '{near}'?" : "";
}
