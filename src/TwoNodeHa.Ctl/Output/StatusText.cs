using System.Globalization;
using System.Text;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Ctl.Output;

/// <summary>The status as a person reads it: what matters first, evidence below.</summary>
internal static class StatusText
{
    public static string Render(StatusReport status)
    {
        var text = new StringBuilder(2048);
        AppendSummary(text, status);
        AppendLinks(text, status);
        AppendPeer(text, status);
        AppendVms(text, status);
        AppendCounters(text, status);
        return text.ToString();
    }

    private static void AppendSummary(StringBuilder text, StatusReport status)
    {
        var table = new TextTable();
        table.Add("Host", $"{status.Host} ({status.Role}), peer {status.PeerHost}");
        table.Add("State", $"{status.State} for {Words.Age(status.StateAgeSeconds)}: {status.Why}");
        table.Add("HA", Switch(status));
        table.Add("Protected", status.Protected ? "yes, a failure of either host is covered" : "NO, a failure is "
            + "not covered");
        foreach (var finding in status.Findings)
        {
            table.Add("", "- " + finding);
        }

        foreach (var warning in status.Warnings.IsDefault ? [] : status.Warnings)
        {
            table.Add("Warning", warning);
        }

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
        if (status.State == nameof(HaStatus.Holding))
        {
            table.Add("What to do", $"On {status.PeerHost}: 'systemctl status twonodeha', and start it. Only if {status.PeerHost} is surely "
                + "off: 'ha-ctl takeover --peer-is-dead'.");
        }

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
        table.AppendTo(text);
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

    private static void AppendLinks(StringBuilder text, StatusReport status)
    {
        var table = new TextTable();
        table.Add("Link", "Endpoints", "Heard");
        foreach (var link in status.Links)
        {
            table.Add(link.Name, link.Endpoints, Words.Ago(link.HeardAgeSeconds)
                + (link.Trouble is null ? "" : $"; {link.Trouble}"));
        }

        text.Append('\n');
        table.AppendTo(text);
    }

    private static void AppendPeer(StringBuilder text, StatusReport status)
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
        table.AppendTo(text);
    }

    private static void AppendVms(StringBuilder text, StatusReport status)
    {
        text.Append('\n');
        if (status.Vms.IsDefaultOrEmpty)
        {
            text.Append("No VM is known.\n");
            return;
        }

        var table = new TextTable();
        table.Add("VM", "Protected", "Wanted", "On", "Uuid");
        foreach (var vm in status.Vms)
        {
            table.Add(
                vm.Name,
                Words.YesNo(vm.Protected),
                Words.YesNo(vm.Wanted),
                vm.On.Length > 0 ? vm.On : "-",
                vm.Uuid.ToString());
        }

        table.AppendTo(text);
    }

    private static void AppendCounters(StringBuilder text, StatusReport status)
    {
        if (status.Counters.IsEmpty)
        {
            return;
        }

        text.Append("\nRefused since the start: ");
        var separator = "";
        foreach (var (reason, count) in status.Counters)
        {
            text.Append(separator).Append(reason).Append(' ').Append(count.ToString(CultureInfo.InvariantCulture));
            separator = ", ";
        }

        text.Append('\n');
    }
}
