using System.Globalization;
using System.Text;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Alerts;

/// <summary>The status as metrics in Prometheus' text format: each with its help and type, in a fixed order.</summary>
internal sealed class MetricsText
{
    private readonly StringBuilder _text = new(8192);

    private MetricsText()
    {
    }

    /// <summary>The whole file.</summary>
    /// <param name="status">The status.</param>
    /// <param name="events">Events since the daemon started, by id.</param>
    /// <param name="version">Version of the daemon.</param>
    /// <param name="unixSeconds">Wall clock.</param>
    public static string Render(StatusReport status, IReadOnlyDictionary<int, long> events, string version, double unixSeconds)
    {
        var text = new MetricsText();
        text.Verdict(status, version, unixSeconds);
        text.Peer(status);
        text.Vms(status);
        text.Counts(status, events);
        return text._text.ToString();
    }

    private void Verdict(StatusReport status, string version, double unixSeconds)
    {
        var verdict = Core.Advice.Verdict.Of(status);
        Gauge("info", "Names and version, value 1.", ($"host=\"{Label(status.Host)}\",peer=\"{Label(status.PeerHost)}\",version=\"{Label(version)}\",safety_class=\"{Label(status.SafetyClass)}\"", 1));
        Gauge("written_timestamp_seconds", "When this was written, Unix time.", ("", unixSeconds));
        Gauge("covered", "Either host may fail now: 1, else 0.", ("", One(verdict.Covered)));
        Gauge("problems", "What keeps a failure from being covered.", ("", verdict.Remarks.Count(remark => remark.IsProblem)));
        Gauge("warnings", "What is to be looked at although a failure is covered.", ("", verdict.Remarks.Count(remark => !remark.IsProblem)));
        Gauge("enabled", "HA is enabled.", ("", One(status.Enabled)));
        Gauge("master", "XAPI's role of this host is master.", ("", One(status.Role == "master")));
        Gauge("toolstack_ready", "The toolstack answers and has started.", ("", One(status.Toolstack == "ready")));
        Gauge("state", "HA state of this host: 1 for the one it is in.",
            [.. Enum.GetNames<HaStatus>().Select(name => ($"state=\"{name}\"", One(name == status.State)))]);
        Gauge("state_seconds", "How long it has been in that state.", ("", status.StateAgeSeconds));
        Gauge("epoch", "Epoch of the mastership.", ("", status.Epoch));
        Gauge("takeover_in_seconds", "Until a takeover by silence is due; absent while none is counted.", Maybe("", status.TakeoverInSeconds));
    }

    private void Peer(StatusReport status)
    {
        Gauge("peer_heard_seconds", "Since the other host was heard; absent when never.", Maybe("", status.Peer?.HeardAgeSeconds));
        Gauge("peer_fit", "The other host could take over, by its last word.", Maybe("", status.Peer is { } peer ? One(peer.Fit) : null));
        Gauge("link_heard_seconds", "Since the other host was heard on a link; absent when never.",
            [.. status.Links.SelectMany(link => Maybe($"link=\"{Label(link.Name)}\"", link.HeardAgeSeconds))]);
        Gauge("gateway_healthy", "The gateway is reached.", ("", One(status.Gateway == nameof(Health.Healthy))));
        Gauge("gateway_answered_seconds", "Since the gateway answered; absent when never.", Maybe("", status.GatewayAgeSeconds));
        Gauge("third_party_works", "A fence agent or the arbiter worked when it was last tested.",
            [.. (status.ThirdParties.IsDefault ? [] : status.ThirdParties).Where(third => third.Works is not null)
                .Select(third => ($"name=\"{Label(third.Name)}\"", One(third.Works == true)))]);
    }

    private void Vms(StatusReport status)
    {
        var vms = status.Vms.IsDefault ? [] : status.Vms;
        Gauge("vms_protected", "VMs that HA keeps running.", ("", vms.Count(vm => vm.Protected)));
        Gauge("vms_running_here", "VMs of the record that run on this host.", ("", vms.Count(vm => vm.On == status.Host)));
        Gauge("vms_down", "Protected VMs that are to run and run nowhere.", ("", Core.Advice.Verdict.Down(vms).Length));
        var outlooks = status.Outlooks.IsDefault ? [] : status.Outlooks;
        Gauge("failure_covered", "All protected VMs come back when this host fails.", [.. outlooks.Select(one => (Fails(one), One(one.Covered)))]);
        Gauge("failure_starts", "VMs that are started when this host fails.", [.. outlooks.Select(one => (Fails(one), (double)one.Starts.Length))]);
        Gauge("failure_not_covered_vms", "VMs that do not come back when this host fails, best-effort ones apart.",
            [.. outlooks.Select(one => (Fails(one), (double)one.Missing.Count(miss => !miss.BestEffort)))]);
        Gauge("failure_last_vm_seconds", "Typical time from the failure of this host until the last VM runs; absent when none is started.",
            [.. outlooks.SelectMany(one => Maybe(Fails(one), one.LastSeconds))]);
    }

    private void Counts(StatusReport status, IReadOnlyDictionary<int, long> events)
    {
        Many("events_total", "counter", "Events since the daemon started.",
            [.. Enum.GetValues<HaEventId>().Select(id => ($"id=\"{(int)id}\",name=\"{id}\"", (double)events.GetValueOrDefault((int)id)))]);
        Many("takeovers_total", "counter", "Takeovers decided since the daemon started.", [("", events.GetValueOrDefault((int)HaEventId.TakeoverDecided))]);
        Many("fences_total", "counter", "Fences of this host decided since the daemon started.", [("", events.GetValueOrDefault((int)HaEventId.FenceDecided))]);
        Many("refused_total", "counter", "Input refused, and what else the daemon counts, since it started.",
            [.. status.Counters.Select(pair => ($"reason=\"{Label(pair.Key)}\"", (double)pair.Value))]);
        Gauge("loop_late_max_seconds", "Longest time the loop was late since the daemon started.", ("", status.LoopLatenessMaxMs / 1000));
        Gauge("loop_late_p99_seconds", "99 % of the loop's turns of the last hour were not later; absent when none was due.",
            Maybe("", status.LoopLateness?.P99Ms / 1000));
    }

    private void Gauge(string name, string help, params ReadOnlySpan<(string Labels, double Value)> samples) => Many(name, "gauge", help, samples);

    private void Many(string name, string type, string help, params ReadOnlySpan<(string Labels, double Value)> samples)
    {
        if (samples.IsEmpty)
        {
            return;
        }

        _text.Append("# HELP twonodeha_").Append(name).Append(' ').Append(help).Append('\n');
        _text.Append("# TYPE twonodeha_").Append(name).Append(' ').Append(type).Append('\n');
        foreach (var (labels, value) in samples)
        {
            _text.Append("twonodeha_").Append(name);
            if (labels.Length > 0)
            {
                _text.Append('{').Append(labels).Append('}');
            }

            _text.Append(' ').Append(value.ToString("0.######", CultureInfo.InvariantCulture)).Append('\n');
        }
    }

    private static (string Labels, double Value)[] Maybe(string labels, double? value) => value is { } known && double.IsFinite(known) ? [(labels, known)] : [];

    private static string Fails(FailureOutlook outlook) => $"fails=\"{Label(outlook.Fails)}\"";

    private static double One(bool value) => value ? 1 : 0;

    private static string Label(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
