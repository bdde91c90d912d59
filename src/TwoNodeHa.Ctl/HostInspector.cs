using System.Collections.Immutable;
using System.Net.Sockets;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Watchdog;

namespace TwoNodeHa.Ctl;

/// <summary>Gathers facts of this host that need no daemon. Nothing here changes anything.</summary>
internal static class HostInspector
{
    private const string InstallationKey = "INSTALLATION_UUID=";

    public static HostFacts Facts(HaConfig config, TimeSpan timeout)
    {
        var key = new FileInfo(config.Paths.KeyFile);
        return new HostFacts
        {
            KeyExists = key.Exists,
            KeyBytes = key.Exists ? key.Length : 0,
            KeyMode = key.Exists ? (int)key.UnixFileMode : 0,

            // Present, not opened: opening a watchdog device starts it.
            WatchdogExists = config.Watchdog.Kind == WatchdogKind.None || File.Exists(config.Watchdog.Path),
            Watchdog = Watchdog(config.Watchdog),
            XapiAccepts = Accepts(config.Paths.XapiSocket, timeout),
            InstallationUuid = InstallationUuid(config.Paths.InventoryFile),
            OtherHa = OtherHaPrograms.Running("/proc"),
            HookTrouble = AlertPaths.OfHook(config.Alerts.Hook),
            MetricsTrouble = AlertPaths.OfMetrics(config.Alerts.MetricsFile),
            Disks = [.. config.DiskLinks.Select(link => DiskInspector.Facts(link.Path, timeout))],
        };
    }

    /// <summary>What can be said about this host while the daemon is dead.</summary>
    public static ImmutableArray<string> WithoutDaemon(GlobalOptions options)
    {
        var lines = ImmutableArray.CreateBuilder<string>();
        var parsed = LocalConfigFile.Parse(options.ConfigFile);
        if (parsed.Config is not { } config)
        {
            lines.Add($"The configuration cannot be used, so the daemon does not start: {parsed.Findings[0]}");
            return lines.ToImmutable();
        }

        var facts = Facts(config, options.Timeout);
        lines.Add(facts.InstallationUuid is { } uuid
            ? $"This host is {NameOf(config, uuid)}."
            : $"Which host this is cannot be read from {config.Paths.InventoryFile}.");
        lines.Add($"Its role file says: {FirstLine(config.Paths.PoolRoleFile) ?? "(cannot be read)"}.");
        lines.Add(facts.XapiAccepts ? "XAPI accepts connections." : "XAPI does not accept connections.");
        lines.Add(facts.WatchdogExists && config.Watchdog.Kind != WatchdogKind.None
            ? $"If the daemon held a right to run when it died, {config.Watchdog.Path} resets this host within "
                + $"{TimingRules.Text(TimingRules.Of(config).LoserEnd)} s of its last feeding."
            : "No watchdog was found: this host is not reset, whatever the daemon left undone.");
        lines.Add("The hypervisor keeps running the VMs that run; nobody protects them while the daemon "
            + "is dead.");
        return lines.ToImmutable();
    }

    private static WatchdogFacts? Watchdog(WatchdogConfig config)
    {
        if (config.Kind != WatchdogKind.Device || !File.Exists(config.Path))
        {
            return null;
        }

        var known = WatchdogSysfs.Read(config.Path);
        var holder = WatchdogSysfs.Holder(config.Path);

        // The daemon that is to feed it is no stranger.
        return holder.Length > 0 && !holder.StartsWith("twonodehad ", StringComparison.Ordinal)
            ? known.HeldBy(config.Path, holder)
            : known.Facts(config.Path, real: null);
    }

    private static string NameOf(HaConfig config, Guid uuid)
    {
        foreach (var host in config.Hosts)
        {
            if (host.Uuid == uuid)
            {
                return host.Name;
            }
        }

        return $"{uuid}, which the configuration does not name";
    }

    private static bool Accepts(string socketPath, TimeSpan timeout)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.SendTimeout = Math.Max(1, (int)timeout.TotalMilliseconds);
            socket.Connect(new UnixDomainSocketEndPoint(socketPath));
            return true;
        }
        catch (Exception failure) when (failure is SocketException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Which host this is; null when the inventory cannot be read, or names none.</summary>
    public static Guid? InstallationUuid(string inventoryFile)
    {
        try
        {
            foreach (var line in File.ReadLines(inventoryFile))
            {
                if (line.StartsWith(InstallationKey, StringComparison.Ordinal)
                    && Guid.TryParse(line[InstallationKey.Length..].Trim('\'', '"', ' '), out var uuid))
                {
                    return uuid;
                }
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        return null;
    }

    private static string? FirstLine(string file)
    {
        try
        {
            foreach (var line in File.ReadLines(file))
            {
                return line;
            }

            return "";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
