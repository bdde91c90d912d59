using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Host;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Operator;

/// <summary>What <c>ha-ctl status</c> shows, from the view.State.</summary>
internal static class StatusComposer
{
    public static StatusReport Compose(View view)
    {
        var right = RightToRun.Of(view);
        var permit = TakeoverPermit.Of(view);
        ImmutableArray<VmStatus> vms = [.. view.State.Durable.Vms.Select(vm => Vm(view, vm))];
        var outlooks = OutlookComposer.Of(view);
        ImmutableArray<string> findings = [.. Findings(view), .. VmFindings(view, vms, outlooks)];
        var safety = Advice.SafetyClass.Of(view.Config.Config, watchdogMissing: !view.WatchdogUsable);
        return new StatusReport
        {
            Host = view.Config.Self.Name,
            PeerHost = view.Config.Peer.Name,
            State = view.State.Status.ToString(),
            StateAgeSeconds = Round((view.Now - view.State.Life.StatusSince).TotalSeconds),
            Why = view.State.Life.Why,
            Enabled = view.State.Durable.Enabled,
            Switch = Switch(view),
            SwitchConfirmed = SwitchConfirmed(view),
            DisabledReason = view.State.Durable.DisabledReason,
            ReenableAtUnixMs = view.State.Durable.ReenableAtUnixMs,
            SafetyClass = safety.Letter,
            SafetySentence = safety.Sentence,
            Protected = findings.IsEmpty,
            Findings = findings,
            Epoch = view.State.Durable.Epoch,
            Incarnation = view.State.Life.Incarnation.Counter,
            Role = view.State.Host.Toolstack?.RoleFile.ToString().ToLowerInvariant() ?? "unknown",
            Toolstack = Toolstack(view),
            Rights = right.Describe(view.Now),
            Counters = Counters(view.State.Pending),
            TakeoverRefusals = permit.Refusal.Length > 0 ? [permit.Refusal] : [],
            TakeoverInSeconds = permit.DueAt is { } due && due > view.Now ? Round((due - view.Now).TotalSeconds) : null,
            Watchdog = $"{view.State.Watchdog.Facts.Description}{(view.State.Watchdog.Armed ? ", armed" : ", not armed")}",
            Storage = view.Config.Config.Storage.Probes.IsEmpty ? null : Storage(view),
            Gateway = view.GatewayHealth.ToString(),
            GatewayAgeSeconds = Age(view.GatewayAnsweredAt, view.Now),
            Links =
            [
                .. view.Config.Config.Links.Select((link, index) => Link(view, link, index)),
                .. view.Config.Config.DiskLinks.Select((link, index) => DiskLink(view, link, index)),
            ],
            Peer = Peer(view),
            Vms = vms,
            Outlooks = outlooks,
            TakeoverStep = view.State.Durable.Takeover?.Step.ToString() ?? "",
            ThirdParties = ThirdParties(view),
            Warnings = Warnings(view),
        };
    }

    private static ImmutableArray<ThirdPartyStatus> ThirdParties(View view)
    {
        var names = view.Config.Config.Fences.Select(fence => fence.Name);
        return [.. (view.Config.Config.Arbiter is null ? names : names.Append("arbiter")).Concat(view.Config.Config.Storage.ReservedLuns)
            .Concat(view.Config.Config.Storage.DrbdResources.IsEmpty ? [] : ["drbd"]).Select(name =>
            view.State.ThirdParty.Sights.GetValueOrDefault(name) is { } sight
                ? new ThirdPartyStatus(name, sight.Works, sight.Detail, Age(sight.WorkedAt, view.Now))
                : new ThirdPartyStatus(name, null, "not tested yet", null))];
    }

    private static ImmutableArray<string> Warnings(View view)
    {
        var warnings = ImmutableArray.CreateBuilder<string>();
        if (view.Config.Config.Watchdog.Kind == WatchdogKind.None)
        {
            warnings.Add("no watchdog is configured: a host that hangs is not reset");
        }
        else if (WatchdogRules.Reservation(view.Config.Timing, view.State.Watchdog.Facts) is { Length: > 0 } reservation)
        {
            warnings.Add(reservation);
        }

        if (view.State.Life.Lateness is { At: { } at } late && view.Now - at < Deadlines.LatenessShown)
        {
            warnings.Add(string.Create(CultureInfo.InvariantCulture,
                $"the loop was late by up to {late.Worst.TotalMilliseconds:F0} ms, {late.Count} times since the start, "
                + $"last {(view.Now - at).TotalSeconds:F0} s ago: more than {view.Config.Timing.LatenessLimit.TotalMilliseconds:F0} ms eats into ")
                + "stall_tolerance_seconds and margin_seconds");
        }

        foreach (var record in view.State.Host.Database?.Unreadable ?? [])
        {
            warnings.Add(record.Class == "VM"
                ? $"VM {record.Name} is not covered: its record cannot be read: {record.Reason}"
                : $"{record.Class} {record.Name} cannot be read from the toolstack's database: {record.Reason}");
        }

        return warnings.ToImmutable();
    }

    private static ImmutableArray<string> Findings(View view)
    {
        var findings = ImmutableArray.CreateBuilder<string>();
        if (!view.State.Durable.Enabled)
        {
            findings.Add("HA is disabled");
        }
        else if (view.State.Status != HaStatus.Paired)
        {
            findings.Add($"this host is {view.State.Status}: {view.State.Life.Why}");
        }

        if (Fitness.WhyNot(view) is { } unfit && view.State.Durable.Enabled)
        {
            findings.Add($"this host could not take over: {unfit}");
        }

        if (SwitchDesk.LacksMaster(view))
        {
            findings.Add(Advices.NoMaster);
        }

        AddPeerFindings(view, findings);
        if (view.State.Host.Storage == Health.Doubtful)
        {
            findings.Add($"the storage of the protected VMs is doubtful: {view.State.Host.StorageDetail}");
        }

        if (view.Durable.Maintenance is not null && view.Status != HaStatus.Maintenance)
        {
            findings.Add(Procedures.Evacuation.Progress(view));
        }

        if (!view.ToolstackHealthy)
        {
            findings.Add("the toolstack does not answer");
        }

        return findings.ToImmutable();
    }

    /// <summary>What is wrong with the peer, or between the two.</summary>
    private static void AddPeerFindings(View view, ImmutableArray<string>.Builder findings)
    {
        if (view.State.Peer.Beat is { } beat && view.PeerHeard)
        {
            if (beat.ConfigFingerprint != view.Config.Fingerprint)
            {
                findings.Add($"the configuration of {view.Config.Peer.Name} differs"
                    + ConfigFingerprint.Where(view.Config.Fingerprint, beat.ConfigFingerprint));
            }

            if (view.State.Status == HaStatus.Paired && !beat.Has(HeartbeatFlags.Fit))
            {
                findings.Add($"{view.Config.Peer.Name} could not take over");
            }
        }

        for (var i = 0; i < view.State.Peer.LinkHeard.Length; i++)
        {
            if (view.State.Status == HaStatus.Paired && !(view.State.Peer.LinkHeard[i] is { } heard && view.Now - heard <= view.Config.Timing.Lease))
            {
                findings.Add($"link {view.Config.Config.LinkName(i)} is silent");
            }
        }
    }

    private static ImmutableSortedDictionary<string, long> Counters(PendingBook book) => book.Unknown == 0
        ? ImmutableSortedDictionary<string, long>.Empty
        : ImmutableSortedDictionary<string, long>.Empty.Add("loop.unknown_answer", book.Unknown);
    /// <summary>A failure is not covered while a protected VM runs nowhere, or would not come back.</summary>
    private static IEnumerable<string> VmFindings(View view, ImmutableArray<VmStatus> vms, ImmutableArray<FailureOutlook> outlooks)
    {
        if (!view.State.Durable.Enabled)
        {
            return [];
        }

        return Verdict.DownSentence(vms) is { } down ? OutlookComposer.Findings(view, outlooks).Prepend(down) : OutlookComposer.Findings(view, outlooks);
    }

    private static bool SwitchConfirmed(View view) => view.State.Durable.PeerSwitchGeneration == view.State.Durable.SwitchGeneration
        && view.State.Durable.PeerEnabled == view.State.Durable.Enabled;

    private static string Switch(View view)
    {
        var position = view.State.Durable.StateLost ? "unknown (durable state lost)" : view.State.Durable.Enabled ? "enabled" : "disabled";
        return SwitchConfirmed(view) || view.State.Durable.SwitchGeneration == 0 ? position : $"{position}, not confirmed by {view.Config.Peer.Name}";
    }

    private static string Toolstack(View view) => view.State.Host.Toolstack switch
    {
        null => "not observed yet",
        { Running: false } => "not running",
        { Answers: false } toolstack => $"does not answer ({toolstack.Trouble})",
        { TooNew: true } => "not started by XAPI: it is newer than the master",
        { Emergency: true } => "emergency mode",
        { InitComplete: false } => "starting",
        _ => "ready",
    };

    private static string Storage(View view) =>
        view.State.Host.StorageDetail.Length > 0 ? $"{view.State.Host.Storage}: {view.State.Host.StorageDetail}" : view.State.Host.Storage.ToString();

    private static LinkStatus Link(View view, LinkConfig link, int index)
    {
        var (own, other) = view.Config.SelfIndex == 0 ? (link.First, link.Second) : (link.Second, link.First);
        return new LinkStatus(link.Name, $"{own} - {other}", Age(view.State.Peer.LinkHeard[index], view.Now));
    }

    private static LinkStatus DiskLink(View view, DiskLinkConfig link, int index) =>
        new(link.Name, $"{link.Path} slot {view.Config.SelfIndex} - slot {1 - view.Config.SelfIndex}",
            Age(view.State.Peer.LinkHeard[view.Config.Config.Links.Length + index], view.Now));

    private static PeerStatus? Peer(View view) => view.State.Peer.Beat is not { } beat ? null
        : new PeerStatus
        {
            State = beat.Status.ToString(),
            HeardAgeSeconds = Age(view.State.Peer.LastHeard, view.Now),
            FreshAgeSeconds = Age(view.State.Peer.LastFresh, view.Now),
            AckedAgeSeconds = Age(view.State.Peer.LastAcked, view.Now),
            Bound = view.Durable.PeerBound,
            GatewayFresh = beat.Has(HeartbeatFlags.GatewayFresh),
            Fit = beat.Has(HeartbeatFlags.Fit),
            Role = beat.Has(HeartbeatFlags.IsMaster) ? "master" : "slave",
            Epoch = beat.Epoch,
            RunningCount = beat.RunningCount,
            ConfigAgrees = beat.ConfigFingerprint == view.Config.Fingerprint,
            ConfigDiffers = ConfigFingerprint.Differing(view.Config.Fingerprint, beat.ConfigFingerprint),
        };

    private static VmStatus Vm(View view, VmRecord vm)
    {
        var on = view.RunsHere(vm.Uuid) ? view.Config.Self.Name
            : view.RunsOnPeer(vm.Uuid) ? view.Config.Peer.Name : "";
        return new VmStatus(vm.Uuid, vm.Name, vm.Protected, vm.Wanted, on)
        {
            Priority = vm.Priority.ToString(),
            MemoryBytes = vm.MemoryBytes,
            Why = on.Length == 0 ? WhyDown(view, vm) : "",
        };
    }

    /// <summary>Why a protected VM that is wanted runs on no host that is heard.</summary>
    private static string WhyDown(View view, VmRecord vm)
    {
        if (vm is not { Protected: true, Wanted: true } || (view.Status is HaStatus.Paired && !view.PeerFresh))
        {
            return "";
        }

        if (view.State.Procedures.Starts.TryGetValue(vm.Uuid, out var attempt) && attempt.GivenUp.Length > 0)
        {
            var left = Math.Max(0, (attempt.RetryAt - view.Now).TotalSeconds);
            return string.Create(CultureInfo.InvariantCulture, $"{attempt.GivenUp}; tried again in {left:F0} s");
        }

        if (!view.Durable.Enabled)
        {
            return "HA is disabled";
        }

        return view.Status == HaStatus.Sole && Fitness.WhyNot(view) is { } unfit ? unfit
            : view.Status == HaStatus.Sole && !view.ToolstackReady ? "the toolstack is not ready" : "";
    }

    private static double? Age(Instant? at, Instant now) => at is { } instant ? Round((now - instant).TotalSeconds) : null;

    private static double Round(double seconds) => Math.Round(seconds, 2);
}
