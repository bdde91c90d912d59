using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Ctl.Output;

/// <summary>A drill that is possible or not.</summary>
/// <param name="Wish">The drill.</param>
/// <param name="Plan">What it does.</param>
/// <param name="InTheWay">Why it may not begin.</param>
internal sealed record DrillSight(DrillWish Wish, ImmutableArray<string> Plan, ImmutableArray<StatusRemark> InTheWay);

/// <summary>Drills and their certificate, as a person reads them and as JSON.</summary>
internal static class DrillText
{
    public static string Look(IReadOnlyList<DrillSight> sights, CheckItem kill, StatusReport status, Screen screen)
    {
        var text = new StringBuilder(2048);
        foreach (var sight in sights)
        {
            var blocked = sight.InTheWay.Length > 0;
            Wrapped(text, screen, screen.Paint(Title(sight.Wish, status), Paint.Head) + (blocked ? "" : screen.Paint("   may begin", Paint.Good)));
            foreach (var line in sight.Plan)
            {
                Wrapped(text, screen, "  - " + line);
            }

            foreach (var remark in sight.InTheWay)
            {
                Wrapped(text, screen, "  ! " + remark.Sentence);
                Wrapped(text, screen, "    → " + remark.Advice);
            }
        }

        text.Append('\n');
        Wrapped(text, screen, Capital(kill.Sentence) + ".");
        Wrapped(text, screen, "Each prints what it will do, and does it only with --yes. Last certificate: ha-ctl drill report.");
        return screen.Shown(text.ToString());
    }

    /// <summary>Why a drill may not begin, and what to do: lines.</summary>
    public static string Refusal(ImmutableArray<StatusRemark> inTheWay) => "no drill now, nothing was done:\n"
        + string.Join('\n', inTheWay.Select(remark => $"! {remark.Sentence}\n  → {remark.Advice}"));

    public static string Render(DrillCertificate certificate, HaConfig config, StatusReport status, Screen screen)
    {
        var text = new StringBuilder(2048);
        text.Append('\n');
        foreach (var line in WordWrap.Lines(Words.Printable(certificate.Verdict), screen.Width))
        {
            text.Append(screen.Paint(line, certificate.Passed ? Paint.Good : Paint.Bad)).Append('\n');
        }

        Wrapped(text, screen, Heading(certificate, config, status));
        text.Append('\n');
        var table = new TextTable();
        table.AddPainted(Paint.Head, "", "MEASURED", "TIMELINE", "WHAT");
        foreach (var figure in certificate.Figures)
        {
            table.AddPainted(PaintOf(figure.Grade), Grade(figure.Grade), Seconds(figure.Seconds), figure.LimitSeconds is { } limit ? "≤ " + Seconds(limit) : "-", What(figure));
        }

        table.AppendTo(text, screen);
        foreach (var trouble in certificate.Troubles.Skip(1))
        {
            Wrapped(text, screen, "! " + trouble);
        }

        text.Append('\n');
        Wrapped(text, screen, Capital(certificate.KillBound.Sentence) + "." + (certificate.KillBound.Advice.Length > 0 ? " " + certificate.KillBound.Advice : ""));
        if (certificate.Shorter.Length > 0)
        {
            Wrapped(text, screen, certificate.Shorter);
        }

        foreach (var caveat in certificate.Caveats)
        {
            Wrapped(text, screen, "- " + caveat);
        }

        return screen.Shown(text.ToString());
    }

    /// <summary>The same as a page of its own, without a script or anything from elsewhere.</summary>
    public static string Html(DrillCertificate certificate, HaConfig config, StatusReport status)
    {
        var page = new StringBuilder("<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width,initial-scale=1'><title>TwoNodeHa: drill</title>"
            + "<style>body{font:15px/1.5 system-ui,sans-serif;max-width:56em;margin:2em auto;padding:0 1em}h1{font-size:1.3em}td,th{vertical-align:top;text-align:left;"
            + "padding:.25em .9em .25em 0;border-bottom:1px solid #8884}.n{text-align:right;white-space:nowrap}.good{color:#176b32}.bad{color:#b3261e}"
            + "@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}.good{color:#7fce97}.bad{color:#ff8a80}}</style>");
        page.Append(CultureInfo.InvariantCulture, $"<h1 class={(certificate.Passed ? "good" : "bad")}>{Safe(certificate.Verdict)}</h1><p>{Safe(Heading(certificate, config, status))}</p>"
            + $"<table><tr><th><th class=n>measured<th class=n>timeline<th>what");
        foreach (var figure in certificate.Figures)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td class={(figure.Grade == DrillGrade.Ok ? "good" : figure.Grade == DrillGrade.Typical ? "none" : "bad")}>{Grade(figure.Grade)}"
                + $"<td class=n>{Seconds(figure.Seconds)}<td class=n>{(figure.LimitSeconds is { } limit ? "≤ " + Seconds(limit) : "-")}<td>{Safe(What(figure))}\n");
        }

        page.Append("</table>");
        page.Append(string.Concat(certificate.Troubles.Select(trouble => $"<p class=bad>{Safe(trouble)}</p>")));
        page.Append(CultureInfo.InvariantCulture, $"<p>{Safe(Capital(certificate.KillBound.Sentence))}. {Safe(certificate.KillBound.Advice)} {Safe(certificate.Shorter)}</p>");
        page.Append("<h2>To be known</h2>").Append(List(certificate.Caveats)).Append("<h2>Timing of this configuration</h2>").Append(List(TimingRules.Of(config).Lines()));
        return page.Append('\n').ToString();
    }

    public static DrillJson Json(string kind, DrillSight sight, string host, string survivor) => new(kind, host, survivor, sight.Plan,
        [.. sight.InTheWay.Select(remark => new RefusalJson(remark.Sentence, remark.Advice))]);

    public static DrillJson Json(DrillJson drill, DrillCertificate certificate) => drill with
    {
        BeganUnixMs = certificate.Evidence.BeginMs,
        Passed = certificate.Passed,
        Verdict = certificate.Verdict,
        Figures = [.. certificate.Figures.Select(figure => new FigureJson(figure.Name, figure.What, figure.Seconds, figure.LimitSeconds, Grade(figure.Grade), figure.Note))],
        Troubles = certificate.Troubles,
        Caveats = certificate.Caveats,
        KillBound = Json(certificate.KillBound),
        Shorter = certificate.Shorter.Length > 0 ? certificate.Shorter : null,
    };

    public static CheckJson Json(CheckItem item) => new(item.Name, CheckText.Word(item.Grade), item.Sentence, item.Advice);

    public static string Word(DrillKind kind) => kind switch { DrillKind.Handover => "handover", DrillKind.Fence => "fence", _ => "failover" };

    private static string Title(DrillWish wish, StatusReport status) => wish.Kind switch
    {
        DrillKind.Handover => "ha-ctl drill handover",
        DrillKind.Fence => "ha-ctl drill fence",
        _ => $"ha-ctl drill failover --lose {status.PeerHost}",
    };

    private static string Heading(DrillCertificate certificate, HaConfig config, StatusReport status) =>
        $"{Words.Utc(certificate.Evidence.BeginMs)}, pool of {config.Hosts[0].Name} and {config.Hosts[1].Name}, profile {config.Timing.Profile}, class {status.SafetyClass}, "
        + $"drill {Word(certificate.Evidence.Kind)} of {certificate.Evidence.Host}";

    private static string What(DrillFigure figure) => figure.Note.Length > 0 ? $"{figure.What} ({figure.Note})" : figure.What;

    private static string Grade(DrillGrade grade) => grade switch
    {
        DrillGrade.Ok => "ok",
        DrillGrade.Slow => "slow",
        DrillGrade.Typical => "measured",
        _ => "not measured",
    };

    private static Paint? PaintOf(DrillGrade grade) => grade switch { DrillGrade.Ok => Paint.Good, DrillGrade.Slow => Paint.Bad, DrillGrade.NotMeasured => Paint.Warning, _ => null };

    private static string Seconds(double? seconds) => seconds is { } value ? string.Create(CultureInfo.InvariantCulture, $"{value:0.00} s") : "-";

    private static string Capital(string sentence) => char.ToUpperInvariant(sentence[0]) + sentence[1..];

    private static string List(IEnumerable<string> lines) => $"<ul>{string.Concat(lines.Select(line => $"<li>{Safe(line)}</li>"))}</ul>";

    private static string Safe(string text) => WebUtility.HtmlEncode(Words.Printable(text));

    /// <summary>A sentence in lines; those that follow stand under its first word.</summary>
    public static IEnumerable<string> Lines(string sentence, Screen screen)
    {
        var indent = sentence.Length - sentence.TrimStart(' ', '-', '!', '→').Length;
        return WordWrap.Lines(sentence[indent..], screen.Width == 0 ? 0 : screen.Width - indent)
            .Select((line, number) => (number == 0 ? sentence[..indent] : new string(' ', indent)) + line);
    }

    private static void Wrapped(StringBuilder text, Screen screen, string sentence)
    {
        foreach (var line in Lines(sentence, screen))
        {
            text.Append(line).Append('\n');
        }
    }
}
