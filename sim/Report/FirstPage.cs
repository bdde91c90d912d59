using System.Globalization;
using System.Text;
using TwoNodeHa.Sim.Baselines;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Report;

/// <summary>
/// What the report opens with: classic faults under the daemon, HA-Lizard's rules and the cron script's, side by side on a straight time axis. A
/// VM that is down is a red gap with its seconds.
/// </summary>
internal static class FirstPage
{
    private const int Left = 16;
    private const int Axis = 700;
    private const int Right = 40;
    private const int VmHeight = 7;
    private const int LabelHeight = 16;

    /// <summary>The line above the lanes of a player: who it is, and how it ended. Seen first also where the axis is wider than the screen.</summary>
    private const int HeadHeight = 17;
    private const int VerdictAt = 100;
    private const int Between = 10;

    /// <summary>Seconds shown behind the last change, and the longest axis.</summary>
    private const double Behind = 20;
    private const double LongestSeconds = 720;

    private static readonly (string Scenario, string Title)[] s_faults =
    [
        ("power/one-host-loses-power", "The master loses power"),
        ("network/cable-of-one-host", "The master's network cable is pulled"),
        ("network/switch-fails", "The only switch fails, and comes back"),
        ("network/gateway-fails", "The gateway fails, for both hosts"),
        ("network/hosts-cannot-hear-each-other", "The hosts do not hear each other, and both are well"),
        ("network/one-way-out", "The master is not heard any more, but still hears"),
        ("toolstack/hypervisor-list-hangs", "The cable is pulled, and the list of domains hangs"),
    ];

    private const string Legend = """
        <p class="legend"><span><i style="background:var(--va)"></i>VM on a</span><span><i style="background:var(--vb)"></i>VM on b</span>
        <span><i style="background:var(--cut)"></i>down</span><span><i style="background:var(--part);box-shadow:0 0 0 2px var(--cut)"></i>on both: that damages its disk</span></p>
        """;

    private static readonly (PolicyKind Policy, string Name)[] s_players =
        [(PolicyKind.Ours, "TwoNodeHa"), (PolicyKind.HaLizard, "HA-Lizard"), (PolicyKind.Cron, "cron script")];

    /// <summary>The picture; empty when none of its scenarios is among these.</summary>
    public static string Picture(IReadOnlyList<Scenario> scenarios)
    {
        var page = new StringBuilder();
        foreach (var (name, title) in s_faults)
        {
            if (scenarios.FirstOrDefault(scenario => scenario.Name == name) is { } scenario)
            {
                page.Append(Figure(scenario, title));
            }
        }

        return page.Length == 0 ? "" : $"<section class=\"first\"><h2>The classic faults, three ways</h2>{Legend}{page}</section>";
    }

    /// <summary>What a scenario does: <c>0 s power off a; 120 s power on a</c>.</summary>
    public static string Moves(Scenario scenario, int most)
    {
        var moves = scenario.Moves.Take(most).Select(move => $"{Seconds(move.At.TotalSeconds)} {move.What.Text}");
        return string.Join("; ", moves) + (scenario.Moves.Count > most ? "; …" : "");
    }

    private static string Figure(Scenario scenario, string title)
    {
        var variant = scenario.Variants().First();
        var played = s_players.Select(player => (player.Name, Played: Comparison.Play(scenario, variant, player.Policy, "realistic"))).ToList();
        var runs = played.ConvertAll(one => (one.Name, one.Played.Outcome, Vms: Lives(one.Played.Result)));
        var lastMove = scenario.Moves.Count > 0 ? scenario.Moves[^1].At.TotalSeconds : 0;
        var lastChange = runs.SelectMany(run => run.Vms).SelectMany(vm => vm.Pieces).Select(piece => piece.From).Append(lastMove).Max();
        var end = Math.Min(LongestSeconds, lastChange + Behind);
        var (labels, labelsHeight) = Labels(scenario, end);
        var rowHeight = HeadHeight + (runs.Max(run => run.Vms.Count) * VmHeight) + Between;
        var height = labelsHeight + (rowHeight * runs.Count) + 26;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<figure><figcaption>{PageParts.Text(title)}</figcaption><svg viewBox=\"0 0 {Left + Axis + Right} {height}\" role=\"img\" aria-label=\"{PageParts.Text(title)}\">");
        Ticks(svg, end, labelsHeight, height - 22);
        svg.Append(labels);
        Moments(svg, scenario, end, labelsHeight, height - 22);
        var y = labelsHeight + (Between / 2);
        foreach (var (name, outcome, vms) in runs)
        {
            Row(svg, y, name, outcome, vms, end);
            y += rowHeight;
        }

        return svg.Append("</svg></figure>").ToString();
    }

    private static void Row(StringBuilder svg, int y, string name, Outcome outcome, List<VmLife> vms, double end)
    {
        var head = y + 11;
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"who\" x=\"0\" y=\"{head}\">{PageParts.Text(name)}</text>");
        foreach (var (index, vm) in vms.Index())
        {
            foreach (var piece in vm.Pieces.Where(piece => piece.From < end))
            {
                var (x, to) = (At(piece.From, end), At(Math.Min(piece.To, end), end));
                svg.Append(CultureInfo.InvariantCulture,
                    $"<rect class=\"{piece.Class}\" x=\"{x:F1}\" y=\"{y + HeadHeight + (index * VmHeight)}\" width=\"{Math.Max(0.8, to - x):F1}\" height=\"{VmHeight - 1}\"{piece.Fill}><title>{PageParts.Text($"{vm.Name} {piece.Says}, {Seconds(piece.From)} to {Seconds(piece.To)}")}</title></rect>");
            }
        }

        var down = vms.Select(vm => vm.DownSeconds(end)).DefaultIfEmpty().Max();
        var what = outcome.What.Trim('*');
        var text = what == "safe" ? down > 0 ? $"safe; longest downtime {Seconds(down)}" : "safe; nothing was down" : what == "stuck" ? "stuck: VMs stay down" : what == "VM twice" ? "A VM RUNS TWICE" : what;
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"{(what == "safe" ? "well" : "badly")}\" x=\"{VerdictAt}\" y=\"{head}\">{PageParts.Text(text)}</text>");
    }

    private static void Ticks(StringBuilder svg, double end, int top, int bottom)
    {
        var step = ((double[])[5, 10, 30, 60, 120]).First(step => end / step <= 14);
        for (var time = 0.0; time <= end; time += step)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"tick\" x1=\"{At(time, end):F1}\" x2=\"{At(time, end):F1}\" y1=\"{top}\" y2=\"{bottom}\"/><text class=\"soft\" x=\"{At(time, end):F1}\" y=\"{bottom + 16}\" text-anchor=\"middle\">{Seconds(time)}</text>");
        }
    }

    private static void Moments(StringBuilder svg, Scenario scenario, double end, int top, int bottom)
    {
        foreach (var move in scenario.Moves.Where(move => move.At.TotalSeconds <= end))
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"what\" x1=\"{At(move.At.TotalSeconds, end):F1}\" x2=\"{At(move.At.TotalSeconds, end):F1}\" y1=\"{top - 2}\" y2=\"{bottom}\"/>");
        }
    }

    /// <summary>Each event in words above its moment, as many lines as they need.</summary>
    private static (string Svg, int Height) Labels(Scenario scenario, double end)
    {
        const double Letter = 6.8;
        var ends = new List<double>();
        var placed = new List<(double X, int Line, string Text)>();
        foreach (var move in scenario.Moves.Where(move => move.At.TotalSeconds <= end))
        {
            var text = $"{Seconds(move.At.TotalSeconds)}: {string.Join(' ', move.What.Text.Split(' ').Select(word => word == "x" ? "a" : word))}";
            var x = Math.Min(At(move.At.TotalSeconds, end), Left + Axis + Right - (text.Length * Letter));
            var line = ends.FindIndex(last => last < x);
            if (line < 0)
            {
                line = ends.Count;
                ends.Add(0);
            }

            ends[line] = x + (text.Length * Letter) + 8;
            placed.Add((x, line, text));
        }

        var svg = new StringBuilder();
        foreach (var (x, line, text) in placed)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:F1}\" y=\"{12 + (line * LabelHeight)}\">{PageParts.Text(text)}</text>");
        }

        return (svg.ToString(), (ends.Count * LabelHeight) + 4);
    }

    private static double At(double seconds, double end) => Left + (Axis * Math.Clamp(seconds / end, 0, 1));

    private static string Seconds(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.#} s");

    /// <summary>Where each VM ran when, from the truth of the hypervisors.</summary>
    private static List<VmLife> Lives(ScenarioResult result)
    {
        var hosts = result.Start.Select(start => start.Host).ToList();
        return [.. result.Start.SelectMany(start => start.Vms.Select(vm => Life(result, vm, start.Host, hosts))).OrderBy(vm => vm.Name, StringComparer.Ordinal)];
    }

    private static VmLife Life(ScenarioResult result, string vm, string home, List<string> hosts)
    {
        var on = new HashSet<string>(StringComparer.Ordinal) { home };
        var pieces = new List<Piece>();
        var since = 0.0;
        foreach (var entry in result.Trace.Where(entry => entry.Who == "truth" && entry.Text.StartsWith(vm + " ", StringComparison.Ordinal)))
        {
            pieces.Add(Piece.Of(since, entry.Time, on, hosts));
            since = entry.Time;
            var host = entry.Text[(entry.Text.LastIndexOf(' ') + 1)..];
            _ = entry.Text.Contains(" runs on ", StringComparison.Ordinal) ? on.Add(host) : on.Remove(host);
        }

        pieces.Add(Piece.Of(since, result.End.TotalSeconds, on, hosts));
        return new VmLife(vm, pieces);
    }

    private sealed record VmLife(string Name, List<Piece> Pieces)
    {
        public double DownSeconds(double end) =>
            Pieces.Where(piece => piece.Class == "gap" && piece.From < end).Select(piece => Math.Min(piece.To, end) - piece.From).DefaultIfEmpty().Max();
    }

    private sealed record Piece(double From, double To, string Class, string Fill, string Says)
    {
        public static Piece Of(double from, double to, HashSet<string> on, List<string> hosts) => on.Count switch
        {
            0 => new Piece(from, to, "gap", "", "is down"),
            1 => new Piece(from, to, "up", $" fill=\"var({(on.First() == hosts[0] ? "--va" : "--vb")})\"", "runs on " + on.First()),
            _ => new Piece(from, to, "twice", "", "RUNS ON BOTH"),
        };
    }
}
