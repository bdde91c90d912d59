using System.Globalization;
using System.Text;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Play;

/// <summary>A game as a scenario file, which <c>sim run</c> plays to the same end.</summary>
internal static class ScenarioWriter
{
    private const string Special = ":#'\"{}[]&*!|>%@`,-?";

    /// <summary>The file. It expects each VM where it is now.</summary>
    public static string Write(Game game)
    {
        var scenario = game.Scenario;
        var text = new StringBuilder("# Saved by the playground. Play it: dotnet run --project sim -c Release -- run FILE\n");
        text.Append("story: ").Append(Quoted(scenario.Story)).Append('\n');
        Line(text, "x", scenario.Xs[0] == 0 ? "master" : "slave", "master");
        Line(text, "links", Number(scenario.LinkCounts[0]), "1");
        Line(text, "profile", scenario.Profile, "balanced");
        Line(text, "toolstack", scenario.Toolstack, "simulated");
        Line(text, "third_party", scenario.ThirdParty, "none");
        Line(text, "watchdog", scenario.Watchdog, "device");
        Line(text, "ha", scenario.Enabled ? "enabled" : "disabled", "enabled");
        Line(text, "memory", Number(scenario.MemoryMib), "16384");
        Line(text, "assume", scenario.AssumeA1 ? "A1" : "nothing", "nothing");
        Line(text, "quiet", scenario.LeavesOutReadings ? "readings" : "cycles", "cycles");
        Line(text, "seed", Number(scenario.Seed), "1");
        Line(text, "settle", Number(scenario.Settle), "40");
        List(text, "policy", scenario.Policy.Select(pair => $"  {pair.Key}: {Quoted(pair.Value)}"));
        List(text, "events", game.Done.Select(move => $"  - at {Time(move.At)}: {Quoted(move.What.Text)}"));
        List(text, "expect", game.Ours.Lanes.Select(Expected(game)).OfType<string>().Select(said => $"  - {said}"));
        return text.Append("end: ").Append(Time(game.Now)).Append('\n').ToString();
    }

    private static Func<Lane, string?> Expected(Game game) => lane => lane.Now switch
    {
        Place.Nowhere => $"vm {lane.Vm} runs nowhere",
        Place.First => $"vm {lane.Vm} runs on {game.Ours.World.Hosts[0].Name}",
        Place.Second => $"vm {lane.Vm} runs on {game.Ours.World.Hosts[1].Name}",
        _ => null,
    };

    private static void Line(StringBuilder text, string key, string value, string otherwise)
    {
        if (value != otherwise)
        {
            text.Append(CultureInfo.InvariantCulture, $"{key}: {value}\n");
        }
    }

    private static void List(StringBuilder text, string key, IEnumerable<string> lines)
    {
        var all = lines.ToList();
        if (all.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{key}:\n{string.Join('\n', all)}\n");
        }
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Time(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture) + "s";

    /// <summary>A YAML scalar on one line.</summary>
    private static string Quoted(string text)
    {
        var line = string.Join(' ', text.Split((char[])['\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return line.AsSpan().IndexOfAny(Special) < 0 ? line : $"'{line.Replace("'", "''", StringComparison.Ordinal)}'";
    }
}
