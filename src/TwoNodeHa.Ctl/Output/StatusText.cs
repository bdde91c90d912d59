using System.Globalization;
using System.Text;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Ctl.Output;

/// <summary>The whole status, for <c>-v</c>: the short screen first, all evidence below.</summary>
internal static class StatusText
{
    public static string Render(StatusReport status, Screen screen)
    {
        var text = new StringBuilder(2048);
        AppendVerdict(text, status, screen);
        AppendSummary(text, status, screen);
        AppendLinks(text, status, screen);
        AppendPeer(text, status, screen);
        AppendVms(text, status, screen);
        OutlookText.Append(text, status, screen);
        AppendCounters(text, status, screen);
        return screen.Shown(text.ToString());
    }

    private static void AppendVerdict(StringBuilder text, StatusReport status, Screen screen)
    {
        var verdict = Verdict.Of(status);
        text.Append(verdict.Covered
            ? screen.Paint("PROTECTED: either host may fail.", Paint.Good)
            : screen.Paint("NOT PROTECTED", Paint.Bad)).Append('\n');
        var table = new TextTable();
        foreach (var remark in verdict.Remarks)
        {
            table.AddPainted(remark.IsProblem ? Paint.Bad : Paint.Warning, remark.IsProblem ? "!" : "-", remark.Sentence);
            if (remark.Advice.Length > 0)
            {
                table.Add("", "→ " + remark.Advice);
            }
        }

        table.AppendTo(text, screen);
        text.Append('\n');
    }

    private static void AppendSummary(StringBuilder text, StatusReport status, Screen screen)
    {
        var table = new TextTable();
        table.Add("Host", $"{status.Host} ({status.Role}), peer {status.PeerHost}");
        table.Add("State", $"{status.State} for {Words.Age(status.StateAgeSeconds)}: {status.Why}");
        table.Add("HA", Switch(status));
        table.Add("Safety", $"class {status.SafetyClass}: {status.SafetySentence}");
        AddLines(table, "Right to run", status.Rights, "none");
        if (status.TakeoverStep.Length > 0)
        {
            table.Add("Takeover", "under way: " + status.TakeoverStep);
        }

        if (status.TakeoverInSeconds is { } due)
        {
            table.Add("Takeover", $"due in {Words.Age(due)} unless the peer is heard");
        }

        AddLines(table, "No takeover", status.TakeoverRefusals, "");
        table.Add("Toolstack", status.Toolstack);
        table.Add("Watchdog", status.Watchdog);
        if (status.Storage is { } storage)
        {
            table.Add("Storage", storage);
        }

        table.Add("Gateway", $"{status.Gateway}, answered {Words.Ago(status.GatewayAgeSeconds)}");
        if (status.LoopLateness is { } late)
        {
            table.Add("Loop", string.Create(CultureInfo.InvariantCulture, $"late p50 {late.P50Ms}, p99 {late.P99Ms}, "
                + $"p99.9 {late.P999Ms}, max {late.MaxMs} ms in the last hour, limit {late.LimitMs} ms"));
        }

        if (status.RealTime is { Length: > 0 } granted)
        {
            table.Add("Real time", granted);
        }

        table.Add("Epoch", string.Create(CultureInfo.InvariantCulture, $"{status.Epoch}, incarnation "
            + $"{status.Incarnation}"));
        table.AppendTo(text, screen);
    }

    private static string Switch(StatusReport status)
    {
        var words = status.Switch;
        if (status.DisabledReason.Length > 0)
        {
            words += $" ({status.DisabledReason})";
        }

        return status.ReenableAtUnixMs > 0 ? $"{words}, enabled again at {Words.Utc(status.ReenableAtUnixMs)}" : words;
    }

    private static void AddLines(TextTable table, string name, IEnumerable<string> lines, string whenEmpty)
    {
        var label = name;
        foreach (var line in lines)
        {
            table.Add(label, line);
            label = "";
        }

        if (label.Length > 0 && whenEmpty.Length > 0)
        {
            table.Add(label, whenEmpty);
        }
    }

    private static void AppendLinks(StringBuilder text, StatusReport status, Screen screen)
    {
        var table = new TextTable();
        table.Add("Link", "Endpoints", "Heard");
        foreach (var link in status.Links)
        {
            table.Add(link.Name, link.Endpoints, Words.Ago(link.HeardAgeSeconds)
                + (link.Trouble is null ? "" : $"; {link.Trouble}"));
        }

        text.Append('\n');
        table.AppendTo(text, screen);
    }

    private static void AppendPeer(StringBuilder text, StatusReport status, Screen screen)
    {
        text.Append('\n');
        if (status.Peer is not { } peer)
        {
            text.Append("Peer ").Append(status.PeerHost).Append(" was never heard.\n");
            return;
        }

        var table = new TextTable();
        table.Add("Peer", $"{status.PeerHost} ({peer.Role}), {peer.State}, epoch "
            + $"{peer.Epoch.ToString(CultureInfo.InvariantCulture)}");
        table.Add("", $"heard {Words.Ago(peer.HeardAgeSeconds)}, round trip {Words.Ago(peer.FreshAgeSeconds)}, "
            + $"heard us {Words.Ago(peer.AckedAgeSeconds)}");
        table.Add(
            "",
            $"bound {Words.YesNo(peer.Bound)}, gateway {Words.YesNo(peer.GatewayFresh)}, could take over "
                + $"{Words.YesNo(peer.Fit)}, "
            + $"same configuration {Words.YesNo(peer.ConfigAgrees)}");
        table.Add("", peer.RunningCount < 0
            ? "running guests unknown"
            : $"running guests {peer.RunningCount.ToString(CultureInfo.InvariantCulture)}");
        table.AppendTo(text, screen);
    }

    private static void AppendVms(StringBuilder text, StatusReport status, Screen screen)
    {
        text.Append('\n');
        if (status.Vms.IsDefaultOrEmpty)
        {
            text.Append("No VM is known.\n");
            return;
        }

        var table = new TextTable();
        table.AddPainted(Paint.Head, "VM", "Protected", "Wanted", "On", "Priority", "Memory", "Uuid");

        // What is down comes first: it is what the list is opened for.
        foreach (var vm in status.Vms.OrderBy(vm => vm is { Protected: true, Wanted: true, On: "" } ? 0 : 1).ThenBy(vm => vm.Name, StringComparer.Ordinal))
        {
            table.Add(
                vm.Name,
                Words.YesNo(vm.Protected),
                Words.YesNo(vm.Wanted),
                vm.On.Length > 0 ? vm.On : "-",
                Words.Priority(vm.Priority),
                vm.MemoryBytes > 0 ? string.Create(CultureInfo.InvariantCulture, $"{vm.MemoryBytes >> 20} MiB") : "-",
                vm.Uuid.ToString());
        }

        table.AppendTo(text, screen);
    }

    private static void AppendCounters(StringBuilder text, StatusReport status, Screen screen)
    {
        if (status.Counters.IsEmpty)
        {
            return;
        }

        text.Append('\n');
        var counted = string.Join(", ", status.Counters.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {pair.Value}")));
        foreach (var line in WordWrap.Lines("Counted since the start: " + counted, screen.Width))
        {
            text.Append(line).Append('\n');
        }
    }
}
