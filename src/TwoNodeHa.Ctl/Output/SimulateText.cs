using System.Globalization;
using System.Text;
using TwoNodeHa.Ctl.Simulation;
using TwoNodeHa.Sim.Report;
using TwoNodeHa.Sim.Scenarios;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Ctl.Output;

/// <summary>A simulated story as a person reads it: the verdict, what happens when, how long each VM is down.</summary>
internal static class SimulateText
{
    private const int LinesMax = 40;
    private const int VmsMax = 15;
    private const string Columns = " td,th{text-align:left;vertical-align:top;padding:.1em 1em .1em 0}";

    public static string Render(ScenarioResult run, Outcome outcome, IReadOnlyList<string> notes, Screen screen)
    {
        var text = new StringBuilder(2048);
        foreach (var broken in outcome.Broken)
        {
            Wrapped(text, screen, "A promise is broken: " + broken, Paint.Bad);
        }

        Wrapped(text, screen, Verdict(outcome, run.End), outcome.Vms.Any(vm => vm.On.Length == 0) ? Paint.Bad : Paint.Good);
        foreach (var note in notes)
        {
            Wrapped(text, screen, "  " + note, null);
        }

        text.Append('\n').Append(screen.Paint("What happens", Paint.Head)).Append('\n');
        var table = new TextTable();
        var lines = run.Trace.Where(IsTold).ToList();
        foreach (var entry in lines.Take(LinesMax))
        {
            table.Add(Seconds(entry.Time), entry.Who == "story" ? "you" : entry.Who, What(entry));
        }

        table.AppendTo(text, screen);
        More(text, lines.Count - LinesMax, "lines");
        AppendVms(text, outcome, screen);
        return screen.Shown(text.ToString());
    }

    /// <summary>A page of its own, with the picture of the run.</summary>
    public static string Html(ScenarioResult run, Outcome outcome, IReadOnlyList<string> notes)
    {
        var page = new StringBuilder(16 * 1024);
        page.Append(CultureInfo.InvariantCulture, $"""
            <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
            <title>TwoNodeHa: simulation</title><style>{PageParts.Style}{Columns}</style></head><body>
            <h1>{PageParts.Text(run.Scenario.Story)}</h1><p class="{(outcome.Broken.IsEmpty && outcome.Vms.All(vm => vm.On.Length > 0) ? "ok" : "bad")}">{PageParts.Text(Verdict(outcome, run.End))}</p>
            """);
        foreach (var broken in outcome.Broken)
        {
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"bad\">A promise is broken: {PageParts.Text(broken)}</p>");
        }

        page.Append(CultureInfo.InvariantCulture, $"<p class=\"figures\">Simulated; nothing was touched. {PageParts.Text(string.Join(". ", notes))}.</p><p class=\"legend\">");
        PageParts.AppendLegend(page, run.Start[0].Host, run.Start[1].Host);
        page.Append("</p>").Append(Timeline.Draw(run)).Append("<h2>VMs</h2><table><tr><th>VM<th>was on<th>down for<th>then on");
        foreach (var vm in outcome.Vms)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{PageParts.Text(vm.Name)}<td>{PageParts.Text(vm.WasOn)}<td>{Down(vm)}<td>{PageParts.Text(On(vm))}");
        }

        page.Append("</table><h2>What happens</h2><table>");
        foreach (var entry in run.Trace)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Seconds(entry.Time)}<td>{PageParts.Text(entry.Who)}<td>{PageParts.Text(entry.Text)}");
        }

        return page.Append("</table><script>").Append(PageParts.Say).Append("</script></body></html>\n").ToString();
    }

    /// <summary>The sentence above all.</summary>
    internal static string Verdict(Outcome outcome, TimeSpan end)
    {
        var (lost, down) = (outcome.Vms.Count(vm => vm.On.Length == 0), outcome.Vms.Where(vm => vm is { On.Length: > 0, DownSeconds: > 0 }).ToList());
        if (lost + down.Count == 0)
        {
            return "No VM stops.";
        }

        var back = down.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
            $"{Words.Count(down.Count, "VM")} of {outcome.Vms.Length} down for {Range(down.Min(vm => vm.DownSeconds), down.Max(vm => vm.DownSeconds))}, then back. ");
        return (back + (lost == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{Words.Count(lost, "VM")} still down at the end, after {end.TotalSeconds:0} s."))).TrimEnd();
    }

    private static void AppendVms(StringBuilder text, Outcome outcome, Screen screen)
    {
        var hit = outcome.Vms.Where(vm => vm.DownSeconds > 0 || vm.On != vm.WasOn).ToList();
        if (hit.Count == 0)
        {
            return;
        }

        text.Append('\n');
        var table = new TextTable();
        table.AddPainted(Paint.Head, "VM", "WAS ON", "DOWN FOR", "THEN ON");
        foreach (var vm in hit.Take(VmsMax))
        {
            table.AddPainted(vm.On.Length == 0 ? Paint.Bad : null, vm.Name, vm.WasOn, Down(vm), On(vm));
        }

        table.AppendTo(text, screen);
        More(text, hit.Count - VmsMax, "VMs");
    }

    private static void More(StringBuilder text, int left, string what)
    {
        if (left > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"… and {left} more {what}: --json or --html has all\n");
        }
    }

    /// <summary>Single starts are in the table of VMs, single steps of a takeover in the journal.</summary>
    private static bool IsTold(TraceEntry entry) => entry.Who != "truth" && !entry.Text.StartsWith("[21]", StringComparison.Ordinal)
        && !entry.Text.StartsWith("[30]", StringComparison.Ordinal) && !entry.Text.StartsWith("[31]", StringComparison.Ordinal);

    /// <summary>Without the number of the event.</summary>
    private static string What(TraceEntry entry) => entry.Text.StartsWith('[') && entry.Text.IndexOf("] ", StringComparison.Ordinal) is > 0 and var end ? entry.Text[(end + 2)..] : entry.Text;

    private static string Down(VmOutcome vm) => vm.DownSeconds > 0 ? Seconds(vm.DownSeconds) : "-";

    private static string On(VmOutcome vm) => vm.On.Length == 0 ? "no host" : vm.On;

    private static string Range(double from, double to) => Math.Round(from) == Math.Round(to) ? string.Create(CultureInfo.InvariantCulture, $"{to:0} s")
        : string.Create(CultureInfo.InvariantCulture, $"{from:0} to {to:0} s");

    private static string Seconds(double time) => string.Create(CultureInfo.InvariantCulture, $"{time:0.0} s");

    private static void Wrapped(StringBuilder text, Screen screen, string sentence, Paint? paint)
    {
        foreach (var line in WordWrap.Lines(Words.Printable(sentence), screen.Width))
        {
            text.Append(paint is { } colour ? screen.Paint(line, colour) : line).Append('\n');
        }
    }
}
