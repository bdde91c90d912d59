using System.Globalization;
using System.Net;
using System.Text;

namespace TwoNodeHa.Sim.Report;

/// <summary>What pages with drawn timelines have in common: colours, legend, and the line that says what the pointer is on.</summary>
internal static class PageParts
{
    public const string Style = """
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
        .first figure{margin:1.4rem 0}.first figcaption{color:var(--ink);font-size:1rem;font-weight:600}.first svg{max-width:900px}.first .who,.first .well,.first .badly{paint-order:stroke;stroke:var(--paper);stroke-width:4px}.first .who{font-weight:600}.first .gap{fill:var(--cut)}.first .twice{fill:var(--part);stroke:var(--cut);stroke-width:1.5}
        .first .tick{stroke:var(--line)}.first .what{stroke:var(--ink);stroke-dasharray:3 3}.first .badly{fill:var(--bad);font-weight:600}.first .well{fill:var(--ok)}
        @media print{.bar{display:none}details{break-inside:avoid}}
        """;

    /// <summary>The line below a picture says what the pointer or the focus is on.</summary>
    public const string Say = """
        function say(e){const m=e.target.closest('.mark');if(m){m.closest('figure').querySelector('.said').textContent=m.dataset.say}}
        document.addEventListener('mouseover',say);document.addEventListener('focusin',say);
        """;

    private static readonly (string Colour, string Name)[] Legend =
    [
        ("--paired", "paired"), ("--suspect", "suspecting, holding, isolated"), ("--take", "taking over"),
        ("--sole", "sole"), ("--fence", "fencing"), ("--fenced", "fenced, joining"), ("--off", "no daemon"),
        ("--up", "path works"), ("--part", "in part"), ("--cut", "cut; a VM that is down"),
    ];

    /// <summary>What the colours mean.</summary>
    /// <param name="page">The page.</param>
    /// <param name="first">Name of the first host.</param>
    /// <param name="second">Name of the second one.</param>
    public static void AppendLegend(StringBuilder page, string first, string second)
    {
        foreach (var (colour, name) in ((string Colour, string Name)[])[.. Legend, ("--va", $"VM on {first}"), ("--vb", $"VM on {second}")])
        {
            page.Append(CultureInfo.InvariantCulture, $"<span><i style=\"background:var({colour})\"></i>{Text(name)}</span>");
        }
    }

    /// <summary>Text with what HTML takes for its own spelt out.</summary>
    public static string Text(string text) => WebUtility.HtmlEncode(text);
}
