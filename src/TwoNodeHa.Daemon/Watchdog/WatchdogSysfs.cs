using System.Diagnostics;
using System.Globalization;

namespace TwoNodeHa.Daemon.Watchdog;

/// <summary>
/// What can be known of a watchdog device without opening it, which would start it: its attributes in sysfs
/// (Documentation/ABI/testing/sysfs-class-watchdog, CONFIG_WATCHDOG_SYSFS) and who holds it open.
/// </summary>
internal sealed record WatchdogSysfs
{
    /// <summary>WDIOF_SETTIMEOUT (linux/watchdog.h).</summary>
    public const int OptionSetTimeout = 0x80;

    /// <summary>WDIOF_MAGICCLOSE: only a written 'V' before the close stops it.</summary>
    public const int OptionMagicClose = 0x100;

    private const int LinksMax = 50_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>Name of the driver, or of the module where sysfs has none; empty when not known.</summary>
    public string Identity { get; init; } = "";

    /// <summary>WDIOF_ flags; null when not known.</summary>
    public int? Options { get; init; }

    /// <summary>It cannot be stopped once started; null when not known.</summary>
    public bool? NoWayOut { get; init; }

    /// <summary>It runs now; null when not known.</summary>
    public bool? Active { get; init; }

    /// <summary>Timeout it is set to, seconds; null when not known.</summary>
    public int? TimeoutSeconds { get; init; }

    /// <summary>The watchdog of the hypervisor: it covers a dom0 whose kernel is frozen.</summary>
    public bool IsXen { get; init; }

    /// <summary>Reads the attributes of a device.</summary>
    /// <param name="devicePath">Path of the device, such as /dev/watchdog.</param>
    /// <param name="sysfs">Where sysfs is mounted.</param>
    public static WatchdogSysfs Read(string devicePath, string sysfs = "/sys")
    {
        // /dev/watchdog is the first device; its attributes are those of watchdog0 (watchdog_dev.c).
        var name = Path.GetFileName(devicePath) is "watchdog" ? "watchdog0" : Path.GetFileName(devicePath);
        var identity = Text("identity");
        var xenLoaded = Directory.Exists(Path.Combine(sysfs, "module", "xen_wdt"));
        return new WatchdogSysfs
        {
            Identity = identity,
            Options = Number("options", NumberStyles.HexNumber),
            NoWayOut = Text("nowayout") switch { "1" => true, "0" => false, _ => null },
            Active = Text("state") switch { "active" => true, "inactive" => false, _ => null },
            TimeoutSeconds = Number("timeout", NumberStyles.None),

            // xen_wdt calls itself "xen_wdt", before Linux 4.17 "wdt".
            IsXen = IsXenName(identity) || (xenLoaded && identity is "wdt" or ""),
        };

        string Text(string attribute)
        {
            try
            {
                return File.ReadAllText(Path.Combine(sysfs, "class", "watchdog", name, attribute)).Trim();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return "";
            }
        }

        int? Number(string attribute, NumberStyles style)
        {
            var text = Text(attribute);
            return int.TryParse(text.StartsWith("0x", StringComparison.Ordinal) ? text[2..] : text, style, CultureInfo.InvariantCulture,
                out var value) ? value : null;
        }
    }

    /// <summary>The driver's name is that of Xen's watchdog.</summary>
    public static bool IsXenName(string identity) => identity.StartsWith("xen", StringComparison.OrdinalIgnoreCase);

    /// <summary>Another process that has the device open, as "NAME (pid N)"; empty when none was found in bounded time.</summary>
    /// <param name="devicePath">Path of the device.</param>
    /// <param name="proc">Where procfs is mounted.</param>
    public static string Holder(string devicePath, string proc = "/proc")
    {
        // The same device has two names.
        string[] names = Path.GetFileName(devicePath) is "watchdog" or "watchdog0"
            ? [devicePath, Path.Combine(Path.GetDirectoryName(devicePath) ?? "", "watchdog"), Path.Combine(Path.GetDirectoryName(devicePath) ?? "", "watchdog0")]
            : [devicePath];
        var started = Stopwatch.GetTimestamp();
        var seen = 0;
        foreach (var directory in Directory.EnumerateDirectories(proc))
        {
            if (!int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                || pid == Environment.ProcessId)
            {
                continue;
            }

            try
            {
                foreach (var link in Directory.EnumerateFileSystemEntries(Path.Combine(directory, "fd")))
                {
                    if (++seen > LinksMax || Stopwatch.GetElapsedTime(started) > Patience)
                    {
                        return "";
                    }

                    if (names.Contains(new FileInfo(link).LinkTarget))
                    {
                        return $"{File.ReadAllText(Path.Combine(directory, "comm")).Trim()} (pid {pid})";
                    }
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile, or it is not ours to look at.
            }
        }

        return "";
    }
}
