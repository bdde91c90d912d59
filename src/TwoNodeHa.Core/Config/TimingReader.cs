using System.Globalization;

namespace TwoNodeHa.Core.Config;

/// <summary>Reads <c>[timing]</c> over a profile and checks its relations.</summary>
internal sealed class TimingReader(IniDocument document, FindingList findings)
{
    private const string DelayKey = "takeover_delay_seconds";

    private readonly SectionReader _reader = new(document.Find("timing"), findings);

    /// <summary>The profile named at the top of the file.</summary>
    public static TimingProfile ReadProfile(IniDocument document, FindingList findings)
    {
        var top = new SectionReader(document.Sections[0], findings);
        return TimingProfile.Of(top.Word(
            "profile", TimingProfile.Default, ("fast", "fast"), ("balanced", "balanced"), ("patient", "patient")));
    }

    /// <summary>The timing values; relations are checked only when <paramref name="gatewaySound"/> and all were readable.</summary>
    public TimingConfig Read(TimingConfig profile, GatewayConfig gateway, WatchdogConfig watchdog, bool gatewaySound)
    {
        var errors = findings.Errors;
        var timing = ReadValues(profile);
        var configured = _reader.Seconds(DelayKey, TimeSpan.Zero, 1, 3600);
        if (findings.Errors != errors || !gatewaySound)
        {
            return timing with { TakeoverDelay = configured };
        }

        CheckWatchdog(timing, watchdog);
        timing = timing with { TakeoverDelay = configured };
        var rules = TimingRules.Of(timing, gateway.Timeout);
        if (!_reader.Has(DelayKey))
        {
            return timing with { TakeoverDelay = rules.ComputedTakeoverDelay };
        }

        CheckDelay(rules);
        return timing;
    }

    private TimingConfig ReadValues(TimingConfig profile) => profile with
    {
        HeartbeatInterval = _reader.Seconds("heartbeat_interval_seconds", profile.HeartbeatInterval, 0.05, 10),
        LossesTolerated = _reader.Number("losses_tolerated", profile.LossesTolerated, 1, 20),
        StallTolerance = _reader.Seconds("stall_tolerance_seconds", profile.StallTolerance, 0.1, 120),
        KillBound = _reader.Seconds("kill_bound_seconds", profile.KillBound, 0.5, 300),
        ClockDriftPpm = _reader.Number("clock_drift_ppm", profile.ClockDriftPpm, 1, 20_000),
        Margin = _reader.Seconds("margin_seconds", profile.Margin, 0.1, 60),
        StaggerTolerance = _reader.Seconds("stagger_tolerance_seconds", profile.StaggerTolerance, 0, 300),
        FixedWatchdog = _reader.Seconds("fixed_watchdog_seconds", profile.FixedWatchdog, 0, 600),
    };

    private void CheckWatchdog(TimingConfig timing, WatchdogConfig watchdog)
    {
        // A device is armed in whole seconds, rounded down: with K below 2 s the reset could come before the kill.
        if (watchdog.Kind == WatchdogKind.Device && timing.KillBound < TimeSpan.FromSeconds(2))
        {
            _reader.Error(
                "kill_bound_seconds",
                $"{TimingRules.Text(timing.KillBound)} is too short for {watchdog.Path}, which is armed in whole seconds rounded down: write at least 2");
        }

        if (watchdog.Kind == WatchdogKind.Device && timing.FixedWatchdog.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            var whole = Math.Ceiling(timing.FixedWatchdog.TotalSeconds).ToString("0", CultureInfo.InvariantCulture);
            _reader.Error("fixed_watchdog_seconds", $"a watchdog device counts in whole seconds: write {whole}");
        }

        if (watchdog.Kind == WatchdogKind.None && timing.FixedWatchdog > TimeSpan.Zero)
        {
            _reader.Warning("fixed_watchdog_seconds", "lengthens the takeover without use, as there is no watchdog: write 0 or set [watchdog] device");
        }
    }

    private void CheckDelay(TimingRules rules)
    {
        var written = TimingRules.Text(rules.Timing.TakeoverDelay);
        if (rules.Timing.TakeoverDelay < rules.TakeoverBound)
        {
            _reader.Error(
                DelayKey,
                $"{written} is below its bound, the peer could still run a VM when it is started here: {rules.BoundLine()}; "
                + $"write at least {TimingRules.Text(rules.ComputedTakeoverDelay)}, or remove the line and it is computed");
        }
        else if (rules.Timing.TakeoverDelay <= rules.AttestFloor)
        {
            _reader.Error(
                DelayKey,
                $"{written} is not above the window of an attestation: {rules.FloorLine()}; "
                + $"write at least {TimingRules.Text(rules.ComputedTakeoverDelay)}, or remove the line and it is computed");
        }
    }
}
