using System.Globalization;
using System.Text;
using TwoNodeHa.Sim.Scenarios;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Report;

/// <summary>Draws one run: a lane for what happened from outside, for each host's state, each link, the gateway, and each VM.</summary>
internal static class Timeline
{
    private const int Left = 70;
    private const int Lane = 22;

    public static string Draw(ScenarioResult run)
    {
        var trace = run.Trace;
        var end = (run.End - TimeSpan.Zero).TotalSeconds;
        var axis = new TimeAxis(trace.Select(entry => entry.Time), end);
        var hosts = run.Start.Select(start => start.Host).ToList();
        var vms = run.Start.SelectMany(start => start.Vms).Order(StringComparer.Ordinal).ToList();
        var paths = run.Paths.Select(path => path.Path).Distinct().ToList();
        var height = 20 + (Lane * (hosts.Count + paths.Count + vms.Count + 1)) + 26;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<figure><figcaption>{Caption(run)}</figcaption><svg viewBox=\"0 0 1170 {height}\" role=\"img\" aria-label=\"timeline\">");
        var y = 14;
        Label(svg, y, "events");
        foreach (var entry in trace.Where(entry => entry.Who is "story" or "admin" or "agent"))
        {
            Mark(svg, axis, y, entry, "var(--ink)", entry.Who);
        }

        foreach (var (host, state, _) in run.Start)
        {
            y += Lane;
            Label(svg, y, host);
            Bands(svg, axis, y, end, States(trace, host, state));
            foreach (var entry in trace.Where(entry => entry.Who == host && !entry.Text.StartsWith("[2] ", StringComparison.Ordinal)))
            {
                Mark(svg, axis, y, entry, entry.Text.StartsWith("[1", StringComparison.Ordinal) ? "var(--bad)" : "var(--ink)", host);
            }
        }

        foreach (var path in paths)
        {
            y += Lane;
            Label(svg, y, path);
            Bands(svg, axis, y, end, run.Paths.Where(state => state.Path == path).Select(state => (state.Time, Colour(state.Health), state.Text)));
        }

        foreach (var vm in vms)
        {
            y += Lane;
            Label(svg, y, vm);
            var home = run.Start.First(start => start.Vms.Contains(vm)).Host;
            Bands(svg, axis, y, end, Places(trace, vm, home, hosts));
        }

        Scale(svg, axis, y + Lane, end);
        return svg.Append("</svg><div class=\"said\" aria-live=\"polite\"></div></figure>").ToString();
    }

    private static string Caption(ScenarioResult run)
    {
        var name = run.Variant.Name(run.Scenario);
        var recovery = run.Recovery is { } seconds ? string.Create(CultureInfo.InvariantCulture, $"; all VMs back after {seconds:F1} s") : "";
        return PageParts.Text($"{(name.Length > 0 ? name : "one variant")}; {run.Fences} fenced, {run.Takeovers} taken over{recovery}");
    }

    private static IEnumerable<(double From, string Colour, string Name)> States(IReadOnlyList<TraceEntry> trace, string host, string first)
    {
        yield return (0, Colour(first), first);
        foreach (var entry in trace.Where(entry => entry.Who == host))
        {
            if (entry.Text.StartsWith("[2] ", StringComparison.Ordinal))
            {
                var state = entry.Text.Split(" -> ")[1].Split(':')[0];
                yield return (entry.Time, Colour(state), entry.Text[4..]);
            }
            else if (entry.Text is TraceEntry.PowerLost or TraceEntry.DaemonGone)
            {
                yield return (entry.Time, "--off", entry.Text);
            }
        }
    }

    private static IEnumerable<(double From, string Colour, string Name)> Places(
        IReadOnlyList<TraceEntry> trace, string vm, string home, List<string> hosts)
    {
        string Of(string host) => host == hosts[0] ? "--va" : "--vb";
        yield return (0, Of(home), $"{vm} runs on {home}");
        foreach (var entry in trace.Where(entry => entry.Who == "truth" && entry.Text.StartsWith(vm + " ", StringComparison.Ordinal)))
        {
            yield return (entry.Time, entry.Text.Contains(" runs on ", StringComparison.Ordinal) ? Of(entry.Text[(entry.Text.LastIndexOf(' ') + 1)..]) : "--cut", entry.Text);
        }
    }

    private static string Colour(string state) => state switch
    {
        "Paired" => "--paired",
        "Suspecting" or "Holding" or "Isolated" => "--suspect",
        "TakingOver" => "--take",
        "Sole" => "--sole",
        "Fencing" => "--fence",
        "Fenced" or "Joining" or "Maintenance" or "Departing" => "--fenced",
        _ => "--other",
    };

    private static string Colour(PathHealth health) => health switch
    {
        PathHealth.Whole => "--up",
        PathHealth.Partly => "--part",
        _ => "--cut",
    };

    private static void Bands(StringBuilder svg, TimeAxis axis, int y, double end, IEnumerable<(double From, string Colour, string Name)> bands)
    {
        var list = bands.ToList();
        for (var i = 0; i < list.Count; i++)
        {
            var (from, colour, name) = list[i];
            if (colour.Length == 0)
            {
                continue;
            }

            var (x, to) = (Left + axis.X(from), Left + axis.X(i + 1 < list.Count ? list[i + 1].From : end));
            svg.Append(CultureInfo.InvariantCulture,
                $"<rect class=\"mark\" x=\"{x:F1}\" y=\"{y - 11}\" width=\"{Math.Max(0.8, to - x):F1}\" height=\"14\" fill=\"var({colour})\" data-say=\"{Say(from, name)}\"><title>{Say(from, name)}</title></rect>");
        }
    }

    private static void Mark(StringBuilder svg, TimeAxis axis, int y, TraceEntry entry, string colour, string who) =>
        svg.Append(CultureInfo.InvariantCulture, $"""
            <circle class="mark" tabindex="0" cx="{Left + axis.X(entry.Time):F1}" cy="{y - 4}" r="3.4" fill="{colour}" stroke="var(--paper)" data-say="{Say(entry.Time, $"{who}: {entry.Text}")}"><title>{Say(entry.Time, $"{who}: {entry.Text}")}</title></circle>
            """);

    private static void Label(StringBuilder svg, int y, string text) =>
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"0\" y=\"{y}\">{PageParts.Text(text)}</text>");

    /// <summary>Numbers where there is room for them, and the length of each folded stretch.</summary>
    private static void Scale(StringBuilder svg, TimeAxis axis, int y, double end)
    {
        var last = -100.0;
        foreach (var time in (double[])[0, 1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 600, 3600, 86400, end])
        {
            var x = axis.X(time);
            if (time <= end && x - last > 52)
            {
                // What stands at the right edge grows to the left.
                var anchor = x > TimeAxis.Width - 52 ? " text-anchor=\"end\"" : "";
                svg.Append(CultureInfo.InvariantCulture, $"<text class=\"soft\" x=\"{Left + x:F0}\" y=\"{y + 4}\"{anchor}>{time:0.#} s</text>");
                last = x;
            }
        }

        last = -100.0;
        foreach (var (middle, length) in axis.Folds)
        {
            var x = Math.Clamp(axis.X(middle), 30, TimeAxis.Width - 30);
            if (x - last > 60)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<text class=\"soft\" x=\"{Left + x:F0}\" y=\"{y + 20}\" text-anchor=\"middle\">⋯ {length:F0} s</text>");
                last = x;
            }
        }
    }

    private static string Say(double time, string text) => PageParts.Text(string.Create(CultureInfo.InvariantCulture, $"{time:F3} s  {text}"));
}
