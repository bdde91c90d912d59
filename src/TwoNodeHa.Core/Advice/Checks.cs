using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Advice;

/// <summary>Judges configuration, host and the daemon's word. Pure: the facts are arguments.</summary>
public static class Checks
{
    private const int KeyBytesMin = 32;
    private const uint NobodyUid = 65_534;
    private const int GroupAndOthers = 0b000_111_111;

    /// <summary>All checks.</summary>
    /// <param name="config">What the parser said about the file.</param>
    /// <param name="host">What was found on this host; null when the configuration could not be read.</param>
    /// <param name="status">The daemon's status; null when it did not answer.</param>
    /// <param name="silence">Why the daemon did not answer; unused when it did; null when it was not asked.</param>
    /// <param name="events">The daemon's events; null when they were not asked for.</param>
    public static CheckReport Run(ConfigResult config, HostFacts? host, StatusReport? status, string? silence, IEnumerable<EventLine>? events = null)
    {
        var items = ImmutableArray.CreateBuilder<CheckItem>();
        AddConfig(items, config);
        if (config.Config is { } valid)
        {
            SiteChecks.Add(items, valid);
            AddTiming(items, valid);
            if (host is not null)
            {
                AddHost(items, valid, host);
            }

            AddSafety(items, valid, host);
        }

        if (status is not null)
        {
            StatusChecks.Add(items, status, config.Config);
            if (events is not null && config.Config is { } guarded)
            {
                items.Add(KillBoundAdvice.Of(guarded, events));
            }
        }
        else if (silence is null)
        {
            items.Add(new CheckItem("daemon", CheckGrade.Note, "not asked, nor the pool and the peer",
                "Start the daemons, then run: ha-ctl check && ha-ctl enable"));
        }
        else
        {
            AddSilence(items, silence);
        }

        return new CheckReport(items.ToImmutable());
    }

    private static void AddConfig(ImmutableArray<CheckItem>.Builder items, ConfigResult config)
    {
        foreach (var finding in config.Findings)
        {
            items.Add(new CheckItem(
                "configuration",
                finding.Severity == ConfigSeverity.Error ? CheckGrade.Problem : CheckGrade.Warning,
                finding.ToString()));
        }

        if (config.Findings.IsEmpty)
        {
            items.Add(new CheckItem("configuration", CheckGrade.Ok, "the file has no findings"));
        }
    }

    private static void AddTiming(ImmutableArray<CheckItem>.Builder items, HaConfig config)
    {
        var rules = TimingRules.Of(config);
        items.Add(rules.Holds
            ? new CheckItem("timing", CheckGrade.Ok, $"T is {TimingRules.Text(config.Timing.TakeoverDelay)} s and "
                + $"holds all rules; the binding one: {rules.BindingLine()}")
            : new CheckItem("timing", CheckGrade.Problem, rules.BindingLine(), "Remove takeover_delay_seconds: it is "
                + "computed then."));
        if (SafetyClass.HasIndependentLinks(config))
        {
            return;
        }

        // Reconvergence of common switches takes from one to fifty seconds, so this tolerance deserves to be known.
        items.Add(new CheckItem(
            "staggered loss",
            CheckGrade.Ok,
            $"safe while a host loses the gateway at most {TimingRules.Text(rules.StaggerMax)} s after "
            + "the newest heartbeat, "
            + $"in the worst case {TimingRules.Text(rules.StaggerAfterLink)} s after the link",
            "Raise stagger_tolerance_seconds if your switches reconverge more slowly; it lengthens T by as much."));
    }

    private static void AddSafety(ImmutableArray<CheckItem>.Builder items, HaConfig config, HostFacts? host)
    {
        var unsound = host is { WatchdogExists: false }
            || (host?.Watchdog is { } watchdog && WatchdogRules.Trouble(config.Timing, watchdog) is not null);
        var verdict = SafetyClass.Of(config, unsound);

        // A class is a choice of the site, not a defect; what makes it worse than its letter is one.
        var grade = verdict.HasReservation ? CheckGrade.Warning : CheckGrade.Ok;
        items.Add(new CheckItem("safety class " + verdict.Letter, grade, verdict.Sentence, verdict.StepUp));
    }

    private static void AddHost(ImmutableArray<CheckItem>.Builder items, HaConfig config, HostFacts host)
    {
        items.Add(Self(config, host));
        items.Add(Key(config, host));
        items.Add(Watchdog(config, host));
        items.Add(host.XapiAccepts
            ? new CheckItem("toolstack", CheckGrade.Ok, $"XAPI accepts connections on {config.Paths.XapiSocket}")
            : new CheckItem(
                "toolstack",
                CheckGrade.Problem,
                $"XAPI does not accept a connection on {config.Paths.XapiSocket}",
                "Look at: systemctl status xapi; this host cannot take over until it answers."));
        if (!host.OtherHa.IsEmpty)
        {
            items.Add(new CheckItem("other HA", CheckGrade.Problem, $"{string.Join(", ", host.OtherHa)} runs on this host: two HA managers at once corrupt disks",
                "Stop and disable it on both hosts: docs/from-ha-lizard.md"));
        }

        foreach (var disk in host.Disks)
        {
            items.Add(Disk(disk));
        }

        AddAlerts(items, config.Alerts, host);
    }

    private static void AddAlerts(ImmutableArray<CheckItem>.Builder items, AlertsConfig alerts, HostFacts host)
    {
        if (alerts.Hook.Length > 0)
        {
            items.Add(host.HookTrouble.Length == 0 ? new CheckItem("alert hook", CheckGrade.Ok, $"{alerts.Hook} can be run")
                : new CheckItem("alert hook", CheckGrade.Problem, $"{alerts.Hook}: {host.HookTrouble}: nobody is told by it", "Correct [alerts] hook, or install it with mode 0755, owned by root."));
        }

        if (alerts.MetricsFile.Length > 0)
        {
            items.Add(host.MetricsTrouble.Length == 0 ? new CheckItem("metrics", CheckGrade.Ok, $"{alerts.MetricsFile} can be written")
                : new CheckItem("metrics", CheckGrade.Warning, $"{alerts.MetricsFile}: {host.MetricsTrouble}: monitoring sees nothing", "Make the directory that node_exporter reads (--collector.textfile.directory), or correct [alerts] metrics_file."));
        }
    }

    private static CheckItem Disk(DiskFacts disk)
    {
        var name = "disk " + disk.Path;
        if (disk.Trouble.Length > 0)
        {
            return new CheckItem(name, CheckGrade.Problem, disk.Trouble, $"Make it once, from one host: "
                + $"truncate -s {DiskSlot.DiskBytes} {disk.Path}, and see that both hosts reach the same file.");
        }

        if (disk.Bytes < DiskSlot.DiskBytes)
        {
            return new CheckItem(name, CheckGrade.Problem, $"has only {disk.Bytes} of {DiskSlot.DiskBytes} bytes",
                $"Run truncate -s {DiskSlot.DiskBytes} {disk.Path} on one host.");
        }

        if (disk.IsForeign)
        {
            return new CheckItem(name, CheckGrade.Problem, "holds something other than heartbeat slots: the daemon does "
                + "not write to it", "Name another file or device, or clear it if nothing of it is needed: dd if=/dev/zero "
                    + $"of={disk.Path} bs=4096 count=2 conv=notrunc,fsync");
        }

        if (disk.OthersWrite)
        {
            return new CheckItem(name, CheckGrade.Warning, "anyone on this host may write to it and so silence this link",
                $"Run chmod 600 {disk.Path}.");
        }

        // Root, or nobody where an NFS server squashes root.
        return disk.Owner is null or 0 or NobodyUid
            ? new CheckItem(name, CheckGrade.Ok, "can be read and written, holds slots of heartbeats or nothing")
            : new CheckItem(name, CheckGrade.Warning, string.Create(CultureInfo.InvariantCulture,
                $"belongs to user {disk.Owner}, who may write to it and so silence this link"),
                $"Run chown root {disk.Path}.");
    }

    private static CheckItem Self(HaConfig config, HostFacts host)
    {
        if (host.InstallationUuid is not { } uuid)
        {
            return new CheckItem(
                "this host",
                CheckGrade.Problem,
                $"INSTALLATION_UUID could not be read from {config.Paths.InventoryFile}",
                "Run this on a host of the pool, or correct [paths] inventory_file.");
        }

        foreach (var known in config.Hosts)
        {
            if (known.Uuid == uuid)
            {
                return new CheckItem("this host", CheckGrade.Ok, $"this is {known.Name} ({uuid})");
            }
        }

        return new CheckItem(
            "this host",
            CheckGrade.Problem,
            $"{uuid} of {config.Paths.InventoryFile} is neither {config.Hosts[0].Name} nor {config.Hosts[1].Name}",
            "Write INSTALLATION_UUID of each host into its [host] section.");
    }

    private static CheckItem Key(HaConfig config, HostFacts host)
    {
        var file = config.Paths.KeyFile;
        if (!host.KeyExists)
        {
            return new CheckItem(
                "key file", CheckGrade.Problem, $"{file} is not there", "Run ha-ctl keygen on one host and copy the "
                    + "file to the other.");
        }

        if ((host.KeyMode & GroupAndOthers) != 0)
        {
            var mode = Convert.ToString(host.KeyMode, 8).PadLeft(4, '0');
            return new CheckItem(
                "key file", CheckGrade.Problem, $"{file} has mode {mode}: others can read or "
                    + $"change it", $"Run chmod 600 {file}.");
        }

        return host.KeyBytes >= KeyBytesMin
            ? new CheckItem("key file", CheckGrade.Ok, $"{file} is there, private, "
                + $"{host.KeyBytes.ToString(CultureInfo.InvariantCulture)} bytes")
            : new CheckItem(
                "key file",
                CheckGrade.Problem,
                $"{file} has only {host.KeyBytes.ToString(CultureInfo.InvariantCulture)} bytes",
                $"At least {KeyBytesMin} are needed: run ha-ctl keygen --force and copy the file to the other host.");
    }

    private static CheckItem Watchdog(HaConfig config, HostFacts host)
    {
        if (config.Watchdog.Kind == WatchdogKind.None)
        {
            return new CheckItem(
                "watchdog",
                CheckGrade.Warning,
                "none is configured: a host that hangs is not reset",
                "Set [watchdog] device where there is one.");
        }

        if (host.Watchdog is { } found)
        {
            if (WatchdogRules.Trouble(config.Timing, found) is { } trouble)
            {
                return new CheckItem("watchdog", CheckGrade.Problem, trouble, "HA does not arm with it.");
            }

            return WatchdogRules.Reservation(config.Timing, found) is { Length: > 0 } reservation
                ? new CheckItem("watchdog", CheckGrade.Warning, reservation)
                : new CheckItem("watchdog", CheckGrade.Ok, $"{found.Description}, {(found.TimeoutPerFeeding
                    ? "takes the remaining time" : "its fixed timeout is part of the takeover delay")} (not opened: opening starts it)");
        }

        return host.WatchdogExists
            ? new CheckItem("watchdog", CheckGrade.Ok, $"{config.Watchdog.Path} is there (not opened: opening "
                + "starts it)")
            : new CheckItem(
                "watchdog",
                CheckGrade.Problem,
                $"{config.Watchdog.Path} is not there",
                "Load its driver (modprobe xen_wdt on any host, ipmi_watchdog or wdat_wdt where the board has one), correct "
                    + "[watchdog] device, or write none and accept what the class then says.");
    }

    private static void AddSilence(ImmutableArray<CheckItem>.Builder items, string silence)
    {
        items.Add(new CheckItem("daemon", CheckGrade.Problem, silence, "Look at: systemctl status twonodeha; before it is started at all: ha-ctl check --offline"));
        items.Add(new CheckItem(
            "pool", CheckGrade.Unknown, "not checked without the daemon: exactly two hosts in the pool, native HA "
                + "off, toolstack role"));
        items.Add(new CheckItem(
            "peer", CheckGrade.Unknown, "not checked without the daemon: links, key and configuration agree with "
                + "the other host"));
    }
}
