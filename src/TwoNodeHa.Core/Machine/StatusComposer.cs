using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Machine;

/// <summary>What <c>ha-ctl status</c> shows, from the state.</summary>
internal static class StatusComposer
{
    /// <summary>As long as the histogram of the loop looks back.</summary>
    private static readonly TimeSpan LatenessShown = TimeSpan.FromHours(1);

    public static StatusReport Compose(LocalConfig config, HaState state, Instant now)
    {
        var right = Rights.Evaluate(config, state, now);
        var leave = Leave.Evaluate(config, state, now);
        var findings = Findings(config, state, now);
        var safety = Advice.SafetyClass.Of(config.Config, watchdogMissing: !Knowledge.WatchdogUsable(config, state));
        return new StatusReport
        {
            Host = config.Self.Name,
            PeerHost = config.Peer.Name,
            State = state.Status.ToString(),
            StateAgeSeconds = Round((now - state.StatusSince).TotalSeconds),
            Why = state.Why,
            Enabled = state.Durable.Enabled,
            Switch = Switch(config, state),
            SwitchConfirmed = SwitchConfirmed(state),
            DisabledReason = state.Durable.DisabledReason,
            ReenableAtUnixMs = state.Durable.ReenableAtUnixMs,
            SafetyClass = safety.Letter,
            SafetySentence = safety.Sentence,
            Protected = findings.IsEmpty,
            Findings = findings,
            Epoch = state.Durable.Epoch,
            Incarnation = state.Incarnation.Counter,
            Role = state.Toolstack?.RoleFile.ToString().ToLowerInvariant() ?? "unknown",
            Toolstack = Toolstack(state),
            Rights = Rights.Describe(right, now),
            TakeoverRefusals = leave.Refusal.Length > 0 ? [leave.Refusal] : [],
            TakeoverInSeconds = leave.DueAt is { } due && due > now ? Round((due - now).TotalSeconds) : null,
            Watchdog = $"{state.Watchdog.Description}{(state.WatchdogArmed ? ", armed" : ", not armed")}",
            Storage = config.Config.Storage.Probes.IsEmpty ? null : Storage(state),
            Gateway = Knowledge.GatewayHealth(config, state, now).ToString(),
            GatewayAgeSeconds = Age(Knowledge.GatewayAnsweredAt(config, state), now),
            Links =
            [
                .. config.Config.Links.Select((link, index) => Link(config, state, link, index, now)),
                .. config.Config.DiskLinks.Select((link, index) => DiskLink(config, state, link, index, now)),
            ],
            Peer = Peer(config, state, now),
            Vms = [.. state.Durable.Vms.Select(vm => Vm(config, state, vm))],
            TakeoverStep = state.Durable.Takeover?.Step.ToString() ?? "",
            Warnings = Warnings(config, state, now),
        };
    }

    private static ImmutableArray<string> Warnings(LocalConfig config, HaState state, Instant now)
    {
        var warnings = ImmutableArray.CreateBuilder<string>();
        if (config.Config.Watchdog.Kind == WatchdogKind.None)
        {
            warnings.Add("no watchdog is configured: a host that hangs is not reset");
        }
        else if (WatchdogRules.Reservation(config.Timing, state.Watchdog) is { Length: > 0 } reservation)
        {
            warnings.Add(reservation);
        }

        if (state.Lateness is { At: { } at } late && now - at < LatenessShown)
        {
            warnings.Add(string.Create(CultureInfo.InvariantCulture,
                $"the loop was late by up to {late.Worst.TotalMilliseconds:F0} ms, {late.Count} times since the start, "
                + $"last {(now - at).TotalSeconds:F0} s ago: more than {config.Timing.LatenessLimit.TotalMilliseconds:F0} ms eats into ")
                + "stall_tolerance_seconds and margin_seconds");
        }

        return warnings.ToImmutable();
    }

    private static ImmutableArray<string> Findings(LocalConfig config, HaState state, Instant now)
    {
        var findings = ImmutableArray.CreateBuilder<string>();
        if (!state.Durable.Enabled)
        {
            findings.Add("HA is disabled");
        }
        else if (state.Status != HaStatus.Paired)
        {
            findings.Add($"this host is {state.Status}: {state.Why}");
        }

        if (Knowledge.Unfit(config, state, now) is { } unfit && state.Durable.Enabled)
        {
            findings.Add($"this host could not take over: {unfit}");
        }

        if (state.Peer.Beat is { } beat && Knowledge.PeerHeard(config, state, now))
        {
            if (beat.ConfigFingerprint != config.Fingerprint)
            {
                findings.Add($"the configuration of {config.Peer.Name} differs"
                    + ConfigFingerprint.Where(config.Fingerprint, beat.ConfigFingerprint));
            }

            if (state.Status == HaStatus.Paired && !beat.Has(HeartbeatFlags.Fit))
            {
                findings.Add($"{config.Peer.Name} could not take over");
            }
        }

        for (var i = 0; i < state.LinkHeard.Length; i++)
        {
            if (state.Status == HaStatus.Paired && !(state.LinkHeard[i] is { } heard && now - heard <= config.Timing.Lease))
            {
                findings.Add($"link {config.Config.LinkName(i)} is silent");
            }
        }

        if (state.Storage == Health.Doubtful)
        {
            findings.Add($"the storage of the protected VMs is doubtful: {state.StorageDetail}");
        }

        if (!Knowledge.ToolstackHealthy(state))
        {
            findings.Add("the toolstack does not answer");
        }

        return findings.ToImmutable();
    }

    private static string Switch(LocalConfig config, HaState state)
    {
        var position = state.Durable.StateLost ? "unknown (durable state lost)" : state.Durable.Enabled ? "enabled" : "disabled";
        return SwitchConfirmed(state) || state.Durable.SwitchGeneration == 0 ? position : $"{position}, not confirmed by {config.Peer.Name}";
    }

    private static bool SwitchConfirmed(HaState state) => state.Durable.PeerSwitchGeneration == state.Durable.SwitchGeneration
        && state.Durable.PeerEnabled == state.Durable.Enabled;

    private static string Toolstack(HaState state) => state.Toolstack switch
    {
        null => "not observed yet",
        { Running: false } => "not running",
        { Answers: false } toolstack => $"does not answer ({toolstack.Trouble})",
        { Emergency: true } => "emergency mode",
        { InitComplete: false } => "starting",
        _ => "ready",
    };

    private static string Storage(HaState state) =>
        state.StorageDetail.Length > 0 ? $"{state.Storage}: {state.StorageDetail}" : state.Storage.ToString();

    private static LinkStatus Link(LocalConfig config, HaState state, LinkConfig link, int index, Instant now)
    {
        var (own, other) = config.SelfIndex == 0 ? (link.First, link.Second) : (link.Second, link.First);
        return new LinkStatus(link.Name, $"{own} - {other}", Age(state.LinkHeard[index], now));
    }

    private static LinkStatus DiskLink(LocalConfig config, HaState state, DiskLinkConfig link, int index, Instant now) =>
        new(link.Name, $"{link.Path} slot {config.SelfIndex} - slot {1 - config.SelfIndex}",
            Age(state.LinkHeard[config.Config.Links.Length + index], now));

    private static PeerStatus? Peer(LocalConfig config, HaState state, Instant now) => state.Peer.Beat is not { } beat ? null
        : new PeerStatus
        {
            State = beat.Status.ToString(),
            HeardAgeSeconds = Age(state.Peer.LastHeard, now),
            FreshAgeSeconds = Age(state.Peer.LastFresh, now),
            AckedAgeSeconds = Age(state.Peer.LastAcked, now),
            Bound = state.Peer.Bound == true,
            GatewayFresh = beat.Has(HeartbeatFlags.GatewayFresh),
            Fit = beat.Has(HeartbeatFlags.Fit),
            Role = beat.Has(HeartbeatFlags.IsMaster) ? "master" : "slave",
            Epoch = beat.Epoch,
            RunningCount = beat.RunningCount,
            ConfigAgrees = beat.ConfigFingerprint == config.Fingerprint,
            ConfigDiffers = ConfigFingerprint.Differing(config.Fingerprint, beat.ConfigFingerprint),
        };

    private static VmStatus Vm(LocalConfig config, HaState state, VmRecord vm)
    {
        var on = Knowledge.RunsHere(state, vm.Uuid) ? config.Self.Name
            : Knowledge.RunsOnPeer(state, vm.Uuid) ? config.Peer.Name : "";
        return new VmStatus(vm.Uuid, vm.Name, vm.Protected, vm.Wanted, on)
        {
            Priority = vm.Priority.ToString(),
            MemoryBytes = vm.MemoryBytes,
        };
    }

    private static double? Age(Instant? at, Instant now) => at is { } instant ? Round((now - instant).TotalSeconds) : null;

    private static double Round(double seconds) => Math.Round(seconds, 2);
}
