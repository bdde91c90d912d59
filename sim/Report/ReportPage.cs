using System.Globalization;
using System.Text;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Report;

/// <summary>One self-contained HTML page: the scenario table, and a drawn timeline for every run.</summary>
internal static class ReportPage
{
    /// <summary>So many things that are done fit into a line or two.</summary>
    private const int MovesMax = 12;

    private const string Script = """
        const filter=document.getElementById('filter'),only=document.getElementById('only');
        function apply(){const text=filter.value.toLowerCase();for(const d of document.querySelectorAll('details')){
        d.hidden=!(d.dataset.text.includes(text)&&(!only.checked||d.dataset.failed==='1'))}}
        filter.addEventListener('input',apply);only.addEventListener('change',apply);
        if(location.hash){const d=document.getElementById(decodeURIComponent(location.hash.slice(1)));if(d){d.open=true;d.scrollIntoView()}}
        """;

    /// <param name="verdicts">The table.</param>
    /// <param name="picture">What the page opens with (<see cref="FirstPage"/>); empty for none.</param>
    /// <param name="wallSeconds">How long the table took.</param>
    public static string Write(IReadOnlyList<ScenarioVerdict> verdicts, string picture, double wallSeconds)
    {
        var page = new StringBuilder();
        var runs = verdicts.Sum(verdict => verdict.Runs.Count);
        var failed = verdicts.Count(verdict => !verdict.Passed);
        page.Append(CultureInfo.InvariantCulture, $"""
            <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
            <title>TwoNodeHa scenarios</title><style>{PageParts.Style}</style></head><body>
            <h1>TwoNodeHa: what happens in {verdicts.Count} scenarios</h1>
            <p class="figures">{runs} runs, {failed} failed, {verdicts.Sum(verdict => verdict.Runs.Sum(run => run.Simulated.TotalHours)):F0} simulated hours in {wallSeconds:F1} s.
            Every run uses the daemon's own loop and decision code in virtual time; the promises are checked from the truth of the simulated hypervisors.</p>
            {picture}
            <h2>All scenarios</h2><div class="bar"><input type="search" id="filter" placeholder="filter" aria-label="filter scenarios"><label><input type="checkbox" id="only"> only failed</label></div>
            <p class="legend">
            """);
        PageParts.AppendLegend(page, "a", "b");
        page.Append("</p>");
        foreach (var area in verdicts.GroupBy(verdict => verdict.Scenario.Area))
        {
            page.Append(CultureInfo.InvariantCulture, $"<h2>{PageParts.Text(area.Key)}</h2>");
            foreach (var verdict in area)
            {
                Scenario(page, verdict);
            }
        }

        return page.Append("<script>").Append(Script).Append(PageParts.Say).Append("</script></body></html>\n").ToString();
    }

    private static void Scenario(StringBuilder page, ScenarioVerdict verdict)
    {
        var scenario = verdict.Scenario;
        var words = PageParts.Text($"{scenario.Name} {scenario.Story}".ToLowerInvariant());
        page.Append(CultureInfo.InvariantCulture, $"""
            <details id="{PageParts.Text(scenario.Name)}" data-text="{words}" data-failed="{(verdict.Passed ? 0 : 1)}"><summary><span class="{(verdict.Passed ? "ok" : "bad")}">{(verdict.Passed ? "✓" : "✗")}</span>
            <span class="name">{PageParts.Text(scenario.Name)}</span> <span class="story">{PageParts.Text(scenario.Story)}</span></summary><ul>
            """);
        if (scenario.Moves.Count > 0)
        {
            page.Append(CultureInfo.InvariantCulture, $"<li>What is done: {PageParts.Text(FirstPage.Moves(scenario, MovesMax))}</li>");
        }

        foreach (var said in scenario.Expected)
        {
            var bad = verdict.Failures.Any(failure => failure.Contains($"expected: {said.Text}", StringComparison.Ordinal));
            page.Append(CultureInfo.InvariantCulture, $"<li><span class=\"{(bad ? "bad" : "ok")}\">{(bad ? "✗" : "✓")}</span> {PageParts.Text(said.Text)}</li>");
        }

        page.Append("</ul>");
        foreach (var run in verdict.Runs)
        {
            page.Append(Timeline.Draw(run));
        }

        page.Append("</details>");
    }
}
