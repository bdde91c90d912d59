using System.Globalization;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Alerts;

/// <summary>One value, with what tells it from the others of its metric.</summary>
/// <param name="Labels">Names and values; empty for none.</param>
/// <param name="Value">The value.</param>
internal readonly record struct MetricSample((string Name, string Value)[] Labels, double Value);

/// <summary>One metric.</summary>
/// <param name="Name">Its name, with the prefix of the product.</param>
/// <param name="IsCounter">It only grows while the daemon runs; else a gauge.</param>
/// <param name="Help">One sentence.</param>
/// <param name="Samples">One or more.</param>
internal sealed record Metric(string Name, bool IsCounter, string Help, MetricSample[] Samples);

/// <summary>The status as metrics, in a fixed order: what the Prometheus file and OTLP both show.</summary>
internal sealed class Metrics
{
    private readonly List<Metric> _all = [];

    private Metrics()
    {
    }

    /// <summary>All of them.</summary>
    /// <param name="status">The status.</param>
    /// <param name="events">Events since the daemon started, by id.</param>
    /// <param name="version">Version of the daemon.</param>
    /// <param name="unixSeconds">Wall clock.</param>
    public static IReadOnlyList<Metric> Of(StatusReport status, IReadOnlyDictionary<int, long> events, string version, double unixSeconds)
    {
        var metrics = new Metrics();
        metrics.Verdict(status, version, unixSeconds);
        metrics.Peer(status);
        metrics.Vms(status);
        metrics.Counts(status, events);
        return metrics._all;
    }

    private void Verdict(StatusReport status, string version, double unixSeconds)
    {
        var verdict = Core.Advice.Verdict.Of(status);
        Gauge("info", "Names and version, value 1.", new MetricSample([("host", status.Host), ("peer", status.PeerHost), ("version", version), ("safety_class", status.SafetyClass)], 1));
        Gauge("written_timestamp_seconds", "When this was written, Unix time.", Plain(unixSeconds));
        Gauge("covered", "Either host may fail now: 1, else 0.", Plain(One(verdict.Covered)));
        Gauge("problems", "What keeps a failure from being covered.", Plain(verdict.Remarks.Count(remark => remark.IsProblem)));
        Gauge("warnings", "What is to be looked at although a failure is covered.", Plain(verdict.Remarks.Count(remark => !remark.IsProblem)));
        Gauge("enabled", "HA is enabled.", Plain(One(status.Enabled)));
        Gauge("master", "XAPI's role of this host is master.", Plain(One(status.Role == "master")));
        Gauge("toolstack_ready", "The toolstack answers and has started.", Plain(One(status.Toolstack == "ready")));
        Gauge("state", "HA state of this host: 1 for the one it is in.",
            [.. Enum.GetNames<HaStatus>().Select(name => Labelled("state", name, One(name == status.State)))]);
        Gauge("state_seconds", "How long it has been in that state.", Plain(status.StateAgeSeconds));
        Gauge("epoch", "Epoch of the mastership.", Plain(status.Epoch));
        Gauge("takeover_in_seconds", "Until a takeover by silence is due; absent while none is counted.", Maybe([], status.TakeoverInSeconds));
    }

    private void Peer(StatusReport status)
    {
        Gauge("peer_heard_seconds", "Since the other host was heard; absent when never.", Maybe([], status.Peer?.HeardAgeSeconds));
        Gauge("peer_fit", "The other host could take over, by its last word.", Maybe([], status.Peer is { } peer ? One(peer.Fit) : null));
        Gauge("link_heard_seconds", "Since the other host was heard on a link; absent when never.",
            [.. status.Links.SelectMany(link => Maybe([("link", link.Name)], link.HeardAgeSeconds))]);
        Gauge("gateway_healthy", "The gateway is reached.", Plain(One(status.Gateway == nameof(Health.Healthy))));
        Gauge("gateway_answered_seconds", "Since the gateway answered; absent when never.", Maybe([], status.GatewayAgeSeconds));
        Gauge("third_party_works", "A fence agent or the arbiter worked when it was last tested.",
            [.. (status.ThirdParties.IsDefault ? [] : status.ThirdParties).Where(third => third.Works is not null)
                .Select(third => Labelled("name", third.Name, One(third.Works == true)))]);
    }

    private void Vms(StatusReport status)
    {
        var vms = status.Vms.IsDefault ? [] : status.Vms;
        Gauge("vms_protected", "VMs that HA keeps running.", Plain(vms.Count(vm => vm.Protected)));
        Gauge("vms_running_here", "VMs of the record that run on this host.", Plain(vms.Count(vm => vm.On == status.Host)));
        Gauge("vms_down", "Protected VMs that are to run and run nowhere.", Plain(Core.Advice.Verdict.Down(vms).Length));
        var outlooks = status.Outlooks.IsDefault ? [] : status.Outlooks;
        Gauge("failure_covered", "All protected VMs come back when this host fails.", [.. outlooks.Select(one => Labelled("fails", one.Fails, One(one.Covered)))]);
        Gauge("failure_starts", "VMs that are started when this host fails.", [.. outlooks.Select(one => Labelled("fails", one.Fails, one.Starts.Length))]);
        Gauge("failure_not_covered_vms", "VMs that do not come back when this host fails, best-effort ones apart.",
            [.. outlooks.Select(one => Labelled("fails", one.Fails, one.Missing.Count(miss => !miss.BestEffort)))]);
        Gauge("failure_last_vm_seconds", "Typical time from the failure of this host until the last VM runs; absent when none is started.",
            [.. outlooks.SelectMany(one => Maybe([("fails", one.Fails)], one.LastSeconds))]);
    }

    private void Counts(StatusReport status, IReadOnlyDictionary<int, long> events)
    {
        Counter("events_total", "Events since the daemon started.",
            [.. Enum.GetValues<HaEventId>().Select(id => new MetricSample([("id", ((int)id).ToString(CultureInfo.InvariantCulture)), ("name", id.ToString())], events.GetValueOrDefault((int)id)))]);
        Counter("takeovers_total", "Takeovers decided since the daemon started.", Plain(events.GetValueOrDefault((int)HaEventId.TakeoverDecided)));
        Counter("fences_total", "Fences of this host decided since the daemon started.", Plain(events.GetValueOrDefault((int)HaEventId.FenceDecided)));
        Counter("refused_total", "Input refused, and what else the daemon counts, since it started.",
            [.. status.Counters.Select(pair => Labelled("reason", pair.Key, pair.Value))]);
        Gauge("loop_late_max_seconds", "Longest time the loop was late since the daemon started.", Plain(status.LoopLatenessMaxMs / 1000));
        Gauge("loop_late_p99_seconds", "99 % of the loop's turns of the last hour were not later; absent when none was due.",
            Maybe([], status.LoopLateness?.P99Ms / 1000));
    }

    private void Gauge(string name, string help, params MetricSample[] samples) => Add(name, false, help, samples);

    private void Counter(string name, string help, params MetricSample[] samples) => Add(name, true, help, samples);

    private void Add(string name, bool isCounter, string help, MetricSample[] samples)
    {
        if (samples.Length > 0)
        {
            _all.Add(new Metric("twonodeha_" + name, isCounter, help, samples));
        }
    }

    private static MetricSample Plain(double value) => new([], value);

    private static MetricSample Labelled(string name, string label, double value) => new([(name, label)], value);

    private static MetricSample[] Maybe((string Name, string Value)[] labels, double? value) => value is { } known && double.IsFinite(known) ? [new MetricSample(labels, known)] : [];

    private static double One(bool value) => value ? 1 : 0;
}
