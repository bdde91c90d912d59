using System.Globalization;
using System.Net;
using System.Text;
using TwoNodeHa.Core.Advice;

namespace TwoNodeHa.Ctl.Output;

/// <summary>An incident as a person reads it: a strip of states for each host, the decisions with their rules, then what happened.</summary>
internal static class ExplainText
{
    private const int WidthDefault = 100;
    private const int LinesMax = 60;
    private const string Page = "docs/protocol.md#";

    /// <summary>State, its letter, its colour on a page; the gravest last.</summary>
    private static readonly (string State, char Letter, string Color)[] s_states =
    [
        ("", '.', "#ddd"), ("Paired", 'p', "#7b9"), ("Disabled", 'd', "#bbb"), ("Maintenance", 'm', "#9bd"), ("Joining", 'j', "#cdb"), ("Departing", 'l', "#bcd"),
        ("Suspecting", 's', "#ec8"), ("Sole", 'O', "#58b"), ("Fenced", 'x', "#caa"), ("Isolated", 'i', "#e96"), ("Holding", 'H', "#e75"), ("TakingOver", 'T', "#b5d"),
        ("Fencing", 'F', "#d33"),
    ];

    public static string Render(Incident incident, string clock, Screen screen)
    {
        var text = new StringBuilder();
        var width = screen.Width > 0 ? screen.Width : WidthDefault;
        Wrapped(text, $"Around {Words.Utc(incident.AtMs)}; {clock}", width);
        foreach (var caveat in incident.Caveats)
        {
            Wrapped(text, "! " + caveat, width);
        }

        Strips(text, incident, width);
        Decisions(text, incident, screen, width);
        text.Append('\n').Append(screen.Paint("What happened", Paint.Head)).Append('\n');
        var table = new TextTable();
        var shown = incident.Events.Where(one => one.Line.Severity is not ("debug" or "info") || RuleNotes.Of(one.Line) is not null || incident.Events.Length <= LinesMax).ToList();
        foreach (var one in shown.Take(LinesMax))
        {
            table.Add(Seconds(one.UnixMs - incident.AtMs), one.Host, "E" + one.Line.Id.ToString(CultureInfo.InvariantCulture), one.Line.Sentence
                + (one.Line.Repeats > 0 ? string.Create(CultureInfo.InvariantCulture, $" [{one.Line.Repeats} more like it]") : ""));
        }

        table.AppendTo(text, screen);
        if (shown.Count > LinesMax)
        {
            text.Append(CultureInfo.InvariantCulture, $"… and {shown.Count - LinesMax} more: ha-ctl events --last 0\n");
        }

        return screen.Shown(text.ToString());
    }

    /// <summary>The same as a page of its own, without a script or anything from elsewhere.</summary>
    public static string Html(Incident incident, string clock)
    {
        var page = new StringBuilder("<!doctype html><meta charset=utf-8><title>TwoNodeHa: incident</title><style>body{font:15px/1.5 system-ui,sans-serif;max-width:60em;"
            + "margin:2em auto;padding:0 1em}td{vertical-align:top;padding:.1em .8em .1em 0}rect{stroke:#fff;stroke-width:.5}@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}"
            + "text{fill:#ddd}}</style>");
        page.Append(CultureInfo.InvariantCulture, $"<h1>Around {Words.Utc(incident.AtMs)}</h1><p>{Safe(clock)}</p>");
        page.Append(string.Concat(incident.Caveats.Select(caveat => $"<p><b>{Safe(caveat)}</b></p>")));
        page.Append(CultureInfo.InvariantCulture, $"<svg viewBox='0 0 1000 {(incident.Strips.Length * 34) + 24}' width='100%' role=img aria-label='states of both hosts'>");
        var span = Math.Max(1, incident.ToMs - incident.FromMs);
        for (var row = 0; row < incident.Strips.Length; row++)
        {
            page.Append(CultureInfo.InvariantCulture, $"<text x=0 y={(row * 34) + 20} font-size=14>{Safe(incident.Strips[row].Host)}</text>");
            foreach (var one in incident.Strips[row].Stretches)
            {
                var (left, wide) = (100 + (900.0 * (one.FromMs - incident.FromMs) / span), 900.0 * (one.ToMs - one.FromMs) / span);
                page.Append(CultureInfo.InvariantCulture, $"<rect x={left:0.#} y={row * 34} width={wide:0.#} height=28 fill='{Of(one.State).Color}'><title>"
                    + $"{Safe(one.State.Length > 0 ? one.State : "not known")}, {(one.ToMs - one.FromMs) / 1000.0:0.0} s</title></rect>");
            }
        }

        page.Append(CultureInfo.InvariantCulture, $"<text x=100 y={(incident.Strips.Length * 34) + 16} font-size=12>{Seconds(incident.FromMs - incident.AtMs)}</text>"
            + $"<text x=1000 y={(incident.Strips.Length * 34) + 16} font-size=12 text-anchor=end>{Seconds(incident.ToMs - incident.AtMs)}</text></svg><h2>Which rule decided</h2>");
        foreach (var (one, note) in incident.Decisions)
        {
            page.Append(CultureInfo.InvariantCulture, $"<p><b>{Seconds(one.UnixMs - incident.AtMs)} {Safe(one.Host)}: {Safe(one.Line.Sentence)}</b><br>{Safe(note.Rule)}: {Safe(note.Says)} "
                + $"({Page}{note.Anchor}).<br>Otherwise: {Safe(note.Otherwise)}.</p>");
        }

        page.Append("<h2>What happened</h2><table>");
        foreach (var one in incident.Events)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Seconds(one.UnixMs - incident.AtMs)}<td>{Safe(one.Host)}<td>E{one.Line.Id}<td>{Safe(one.Line.Sentence)}\n");
        }

        return page.Append("</table>\n").ToString();
    }

    private static void Strips(StringBuilder text, Incident incident, int width)
    {
        var label = Math.Min(16, incident.Strips.Max(strip => strip.Host.Length)) + 1;
        var columns = Math.Max(20, width - label - 1);
        var span = Math.Max(1, incident.ToMs - incident.FromMs);
        text.Append('\n');
        foreach (var strip in incident.Strips)
        {
            text.Append((strip.Host.Length >= label ? strip.Host[..(label - 1)] : strip.Host).PadRight(label));
            for (var column = 0; column < columns; column++)
            {
                var (from, to) = (incident.FromMs + (span * column / columns), incident.FromMs + (span * (column + 1) / columns));
                text.Append(strip.Stretches.Where(one => one.FromMs < to && one.ToMs > from).Select(one => Of(one.State)).OrderBy(known => Array.IndexOf(s_states, known))
                    .LastOrDefault(s_states[0]).Letter);
            }

            text.Append('\n');
        }

        var at = (int)((incident.AtMs - incident.FromMs) * columns / span);
        var (left, right) = (Seconds(incident.FromMs - incident.AtMs), Seconds(incident.ToMs - incident.AtMs));
        var axis = new StringBuilder(new string(' ', columns));
        Put(axis, left, 0);
        Put(axis, right, columns - right.Length);
        if (at > left.Length + 1 && at < columns - right.Length - 3)
        {
            Put(axis, "^0", at);
        }

        text.Append(' ', label).Append(axis.ToString().TrimEnd()).Append('\n');
        var letters = incident.Strips.SelectMany(strip => strip.Stretches).Select(one => one.State).Distinct()
            .Select(state => $"{Of(state).Letter} {(state.Length > 0 ? state : "not known")}");
        Wrapped(text, string.Join(", ", letters), width);
    }

    private static void Decisions(StringBuilder text, Incident incident, Screen screen, int width)
    {
        text.Append('\n').Append(screen.Paint("Which rule decided", Paint.Head)).Append('\n');
        if (incident.Decisions.IsEmpty)
        {
            text.Append("Nothing was decided about VMs in this time.\n");
        }

        foreach (var (one, note) in incident.Decisions)
        {
            Wrapped(text, $"{Seconds(one.UnixMs - incident.AtMs)} {one.Host}: {Words.Printable(one.Line.Sentence)}", width);
            Wrapped(text, $"  {note.Rule}: {note.Says} ({Page}{note.Anchor}).", width);
            Wrapped(text, $"  Otherwise: {note.Otherwise}.", width);
        }
    }

    private static void Put(StringBuilder line, string word, int at)
    {
        for (var index = 0; index < word.Length && at + index < line.Length; index++)
        {
            line[at + index] = word[index];
        }
    }

    private static void Wrapped(StringBuilder text, string sentence, int width)
    {
        foreach (var line in WordWrap.Lines(sentence, width))
        {
            text.Append(line).Append('\n');
        }
    }

    private static (string State, char Letter, string Color) Of(string state)
    {
        var known = Array.Find(s_states, one => one.State == state);
        return known.Letter == 0 ? (state, '?', "#f0f") : known;
    }

    private static string Seconds(long ms) => string.Create(CultureInfo.InvariantCulture, $"{(ms < 0 ? "-" : "+")}{Math.Abs(ms) / 1000.0:0.000} s");

    private static string Safe(string text) => WebUtility.HtmlEncode(Words.Printable(text));
}
