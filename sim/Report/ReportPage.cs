using System.Globalization;
using System.Net;
using System.Text;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Sim.Report;

/// <summary>One self-contained HTML page: the scenario table, and a drawn timeline for every run.</summary>
internal static class ReportPage
{
    private const string Style = """
        :root{color-scheme:light dark;--ink:#1d2330;--soft:#5b6475;--line:#d9dee8;--paper:#fff;--lane:#f3f5f9;--ok:#1a7f4b;--bad:#b3261e;
        --paired:#4c8a5f;--suspect:#c08a1e;--fence:#b3261e;--fenced:#8a8f9c;--take:#2f6fb5;--sole:#27588f;--off:#2b2f38;--other:#9aa7bd;--va:#4d7fb8;--vb:#b5763a;--up:#a9c9b4;--part:#dcae4f;--cut:#b3261e}
        @media(prefers-color-scheme:dark){:root{--ink:#e6e9f0;--soft:#a2abbd;--line:#343b49;--paper:#15181f;--lane:#1d222c;--ok:#58c48a;--bad:#ff8a80;--off:#000;--up:#3d6b4d;--part:#b98a2c;--cut:#d0524a}}
        body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:0 auto;max-width:1200px;padding:1.5rem}
        h1{font-size:1.4rem;margin:0 0 .3rem}h2{font-size:1.05rem;margin:2rem 0 .4rem;border-bottom:1px solid var(--line)}
        .figures{color:var(--soft)}.bar{display:flex;gap:1rem;flex-wrap:wrap;margin:1rem 0}input[type=search]{font:inherit;padding:.35rem .6rem;min-width:14rem;
        border:1px solid var(--line);border-radius:4px;background:var(--paper);color:var(--ink)}
        details{border-bottom:1px solid var(--line);padding:.35rem 0}summary{cursor:pointer}summary .name{font-weight:600}summary .story{color:var(--soft)}
        .ok{color:var(--ok)}.bad{color:var(--bad)}ul{margin:.4rem 0 .4rem 1.2rem;padding:0}figure{margin:.8rem 0;overflow-x:auto}figcaption{color:var(--soft);font-size:.9rem}
        svg{display:block;min-width:700px;width:100%;height:auto}svg text{fill:var(--ink);font:12px system-ui,sans-serif}svg .soft{fill:var(--soft)}
        .mark:focus{outline:2px solid var(--ink)}.said{min-height:1.5em;color:var(--ink);font-variant-numeric:tabular-nums}
        .legend span{display:inline-block;margin-right:.9rem;font-size:.85rem;color:var(--soft)}.legend i{display:inline-block;width:.8rem;height:.8rem;margin-right:.3rem;vertical-align:-1px}
        .first figure{margin:1.4rem 0}.first .who{font-weight:600}.first .gap{fill:var(--cut)}.first .twice{fill:var(--part);stroke:var(--cut);stroke-width:1.5}
        .first .tick{stroke:var(--line)}.first .what{stroke:var(--ink);stroke-dasharray:3 3}.first .badly{fill:var(--bad);font-weight:600}.first .well{fill:var(--ok)}
        @media print{.bar{display:none}details{break-inside:avoid}}
        """;

    /// <summary>So many things that are done fit into a line or two.</summary>
    private const int MovesMax = 12;

    private const string Script = """
        const filter=document.getElementById('filter'),only=document.getElementById('only');
        function apply(){const text=filter.value.toLowerCase();for(const d of document.querySelectorAll('details')){
        d.hidden=!(d.dataset.text.includes(text)&&(!only.checked||d.dataset.failed==='1'))}}
        filter.addEventListener('input',apply);only.addEventListener('change',apply);
        function say(e){const m=e.target.closest('.mark');if(m){m.closest('figure').querySelector('.said').textContent=m.dataset.say}}
        document.addEventListener('mouseover',say);document.addEventListener('focusin',say);
        if(location.hash){const d=document.getElementById(decodeURIComponent(location.hash.slice(1)));if(d){d.open=true;d.scrollIntoView()}}
        """;

    private static readonly (string Class, string Colour, string Name)[] Legend =
    [
        ("Paired", "--paired", "paired"), ("Suspecting", "--suspect", "suspecting, holding, isolated"), ("TakingOver", "--take", "taking over"),
        ("Sole", "--sole", "sole"), ("Fencing", "--fence", "fencing"), ("Fenced", "--fenced", "fenced, joining"), ("Off", "--off", "no daemon"),
        ("VmA", "--va", "VM on a"), ("VmB", "--vb", "VM on b"),
        ("Up", "--up", "path works"), ("Part", "--part", "in part"), ("Cut", "--cut", "cut; a VM that is down"),
    ];

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
            <title>TwoNodeHa scenarios</title><style>{Style}</style></head><body>
            <h1>TwoNodeHa: what happens in {verdicts.Count} scenarios</h1>
            <p class="figures">{runs} runs, {failed} failed, {verdicts.Sum(verdict => verdict.Runs.Sum(run => run.Simulated.TotalHours)):F0} simulated hours in {wallSeconds:F1} s.
            Every run uses the daemon's own loop and decision code in virtual time; the promises are checked from the truth of the simulated hypervisors.</p>
            {picture}
            <h2>All scenarios</h2><div class="bar"><input type="search" id="filter" placeholder="filter" aria-label="filter scenarios"><label><input type="checkbox" id="only"> only failed</label></div>
            <p class="legend">
            """);
        foreach (var (_, colour, name) in Legend)
        {
            page.Append(CultureInfo.InvariantCulture, $"<span><i style=\"background:var({colour})\"></i>{name}</span>");
        }

        page.Append("</p>");
        foreach (var area in verdicts.GroupBy(verdict => verdict.Scenario.Area))
        {
            page.Append(CultureInfo.InvariantCulture, $"<h2>{Text(area.Key)}</h2>");
            foreach (var verdict in area)
            {
                Scenario(page, verdict);
            }
        }

        return page.Append("<script>").Append(Script).Append("</script></body></html>\n").ToString();
    }

    private static void Scenario(StringBuilder page, ScenarioVerdict verdict)
    {
        var scenario = verdict.Scenario;
        var words = Text($"{scenario.Name} {scenario.Story}".ToLowerInvariant());
        page.Append(CultureInfo.InvariantCulture, $"""
            <details id="{Text(scenario.Name)}" data-text="{words}" data-failed="{(verdict.Passed ? 0 : 1)}"><summary><span class="{(verdict.Passed ? "ok" : "bad")}">{(verdict.Passed ? "✓" : "✗")}</span>
            <span class="name">{Text(scenario.Name)}</span> <span class="story">{Text(scenario.Story)}</span></summary><ul>
            """);
        if (scenario.Moves.Count > 0)
        {
            page.Append(CultureInfo.InvariantCulture, $"<li>What is done: {Text(FirstPage.Moves(scenario, MovesMax))}</li>");
        }

        foreach (var said in scenario.Expected)
        {
            var bad = verdict.Failures.Any(failure => failure.Contains($"expected: {said.Text}", StringComparison.Ordinal));
            page.Append(CultureInfo.InvariantCulture, $"<li><span class=\"{(bad ? "bad" : "ok")}\">{(bad ? "✗" : "✓")}</span> {Text(said.Text)}</li>");
        }

        page.Append("</ul>");
        foreach (var run in verdict.Runs)
        {
            page.Append(Timeline.Draw(run));
        }

        page.Append("</details>");
    }

    internal static string Text(string text) => WebUtility.HtmlEncode(text);
}
