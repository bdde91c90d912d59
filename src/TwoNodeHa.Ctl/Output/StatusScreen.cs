using System.Globalization;
using System.Text;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Ctl.Output;

/// <summary>
/// The short status: one verdict, one row for each host, one line about the VMs, then exceptions only. It is never longer
/// than a small screen, however many VMs or findings there are.
/// </summary>
internal static class StatusScreen
{
    /// <summary>A prompt below it still fits into 24 lines.</summary>
    public const int LinesMax = 23;

    /// <summary>A taller screen is used up to so many lines.</summary>
    private const int LinesOfTallScreen = 39;

    private const int VerdictLinesMax = 3;
    private const int RemarkLinesMax = 2;
    private const string AdviceMark = "  → ";

    /// <summary>Columns that a narrow screen does without, in this order.</summary>
    private static readonly string[] s_dropped = ["GATEWAY", "HEARD", "VMS", "ROLE"];

    public static string Render(StatusReport status, Screen screen)
    {
        var verdict = Verdict.Of(status);
        var lines = new List<string>(LinesMax);

        // An ellipsis or an arrow is wider in ASCII.
        screen = screen.Utf8 || screen.Width == 0 ? screen : screen with { Width = screen.Width - 3 };
        AddVerdict(lines, verdict, screen);
        lines.Add("");
        AddHosts(lines, status, verdict, screen);
        lines.Add("");
        lines.AddRange(WordWrap.Lines(Vms(status), screen.Width, 2));
        lines.AddRange(OutlookText.Lines(status).SelectMany(line => WordWrap.Lines(screen.Shown(line), screen.Width, 1)));
        AddRemarks(lines, status, verdict, screen);
        var text = new StringBuilder();
        foreach (var line in lines)
        {
            text.Append(screen.Shown(line)).Append('\n');
        }

        return text.ToString();
    }

    private static void AddVerdict(List<string> lines, Verdict verdict, Screen screen)
    {
        if (verdict.Covered)
        {
            lines.Add(screen.Paint("PROTECTED: either host may fail.", Paint.Good));
            return;
        }

        var reason = verdict.Remarks[0];
        foreach (var line in WordWrap.Lines(screen.Shown($"NOT PROTECTED: {Words.Printable(reason.Sentence)}."), screen.Width, VerdictLinesMax))
        {
            lines.Add(screen.Paint(line, Paint.Bad));
        }

        AddAdvice(lines, reason.Advice, screen, VerdictLinesMax);
    }

    private static void AddHosts(List<string> lines, StatusReport status, Verdict verdict, Screen screen)
    {
        var canTakeOver = status.Enabled && status.State is nameof(HaStatus.Paired) or nameof(HaStatus.Suspecting) or nameof(HaStatus.TakingOver)
            && !verdict.Remarks.Any(remark => remark.Sentence.StartsWith("this host could not", StringComparison.Ordinal));
        string[] here =
        [
            status.Host + " (here)",
            $"{status.State} {Words.ShortAge(status.StateAgeSeconds)}",
            status.Role,
            status.Vms.IsDefault ? "?" : Number(status.Vms.Count(vm => vm.On == status.Host)),
            "-",
            status.Gateway,
            Words.YesNo(canTakeOver),
        ];
        var rows = NarrowTable.Fit([["HOST", "STATE", "ROLE", "VMS", "HEARD", "GATEWAY", "CAN TAKE OVER"], here, Peer(status)], s_dropped, screen.Width);
        var table = new TextTable();
        table.AddPainted(Paint.Head, rows[0]);
        table.Add(rows[1]);
        table.Add(rows[2]);
        var text = new StringBuilder();
        table.AppendTo(text, screen with { Width = 0 });
        lines.AddRange(text.ToString().TrimEnd('\n').Split('\n'));
    }

    private static string[] Peer(StatusReport status)
    {
        if (status.Peer is not { } peer)
        {
            return [status.PeerHost, "unknown", "unknown", "?", "never", "?", "?"];
        }

        var stale = Verdict.IsStale(peer);
        return
        [
            status.PeerHost,
            stale ? "was " + peer.State : peer.State,
            stale ? "was " + peer.Role : peer.Role,
            stale || peer.RunningCount < 0 ? "?" : Number(peer.RunningCount),
            peer.HeardAgeSeconds is { } age ? Words.ShortAge(age) + " ago" : "never",
            stale ? "?" : peer.GatewayFresh ? "Healthy" : "not seen",
            stale ? "?" : Words.YesNo(peer.Fit),
        ];
    }

    private static string Vms(StatusReport status)
    {
        if (status.Vms.IsDefaultOrEmpty)
        {
            return "No VM is known.";
        }

        var protectedRun = status.Vms.Count(vm => vm is { Protected: true, On.Length: > 0 });
        var down = Verdict.Down(status.Vms).Length;
        var others = status.Vms.Count(vm => !vm.Protected);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"VMs: {protectedRun} protected and running, {down} down");
        if (others > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $", {others} not protected");
        }

        return text.Append('.').ToString();
    }

    private static void AddRemarks(List<string> lines, StatusReport status, Verdict verdict, Screen screen)
    {
        // The last two lines are the class and what was left out.
        var footer = WordWrap.Lines(screen.Shown($"Safety class {status.SafetyClass}: {status.SafetySentence}"), screen.Width, RemarkLinesMax);
        var room = Math.Clamp(screen.Height - 1, LinesMax, LinesOfTallScreen) - lines.Count - footer.Count - 2;
        var blocks = new List<List<string>>();
        if (status.TakeoverStep.Length > 0 || status.TakeoverInSeconds is not null)
        {
            blocks.Add(WordWrap.Lines(screen.Shown(Takeover(status)), screen.Width, RemarkLinesMax));
        }

        blocks.AddRange(verdict.Remarks.Skip(verdict.Covered ? 0 : 1).Select(remark => Block(remark, screen)));
        var left = blocks.Count;
        if (left > 0)
        {
            lines.Add("");
            room--;
        }

        foreach (var block in blocks)
        {
            // The line that says how many were left out needs a place too.
            if (block.Count > room - (left > 1 ? 1 : 0))
            {
                lines.Add($"… and {Words.Count(left, "more remark")}: ha-ctl status -v");
                room--;
                break;
            }

            lines.AddRange(block);
            room -= block.Count;
            left--;
        }

        AddMissing(lines, status, screen, room - 1);
        lines.Add("");
        lines.AddRange(footer.Select(line => screen.Paint(line, Paint.Dim)));
    }

    /// <summary>Which VMs would not come back and why, as far as there is room; how many there are the lines above say.</summary>
    private static void AddMissing(List<string> lines, StatusReport status, Screen screen, int room)
    {
        var missing = (status.Outlooks.IsDefault ? [] : status.Outlooks)
            .SelectMany(outlook => outlook.Missing.Where(miss => !miss.BestEffort).Select(miss => $"{miss.Name}: {miss.Why}")).ToList();

        // The heading needs two lines, and what is left out one.
        var shown = missing.Count <= room - 2 ? missing.Count : room - 3;
        if (shown <= 0)
        {
            return;
        }

        lines.Add("");
        lines.Add("Not restarted:");
        foreach (var line in missing.Take(shown))
        {
            lines.Add("  " + WordWrap.Lines(screen.Shown(Words.Printable(line)), Math.Max(0, screen.Width - 2), 1)[0]);
        }

        if (shown < missing.Count)
        {
            lines.Add($"  … and {Number(missing.Count - shown)} more: ha-ctl vm list");
        }
    }

    private static string Takeover(StatusReport status) => status.TakeoverStep.Length > 0
        ? $"Takeover under way: {status.TakeoverStep}."
        : $"Takeover due in {Words.Age(status.TakeoverInSeconds ?? 0)} unless {status.PeerHost} is heard.";

    private static List<string> Block(StatusRemark remark, Screen screen)
    {
        var mark = remark.IsProblem ? "! " : "- ";
        var lines = new List<string>();
        foreach (var line in WordWrap.Lines(screen.Shown(Words.Printable(remark.Sentence)), Math.Max(0, screen.Width - mark.Length), RemarkLinesMax))
        {
            lines.Add(lines.Count == 0 ? screen.Paint(mark, remark.IsProblem ? Paint.Bad : Paint.Warning) + line : "  " + line);
        }

        AddAdvice(lines, remark.Advice, screen, RemarkLinesMax);
        return lines;
    }

    private static void AddAdvice(List<string> lines, string advice, Screen screen, int linesMax)
    {
        if (advice.Length == 0)
        {
            return;
        }

        var mark = AdviceMark;
        foreach (var line in WordWrap.Lines(screen.Shown(Words.Printable(advice)), Math.Max(0, screen.Width - AdviceMark.Length), linesMax))
        {
            lines.Add(mark + line);
            mark = "    ";
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
