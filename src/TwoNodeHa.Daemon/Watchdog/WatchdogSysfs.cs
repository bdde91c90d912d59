using System.Diagnostics;
using System.Globalization;
using TwoNodeHa.Core.Model;

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

    /// <summary>The device takes a timeout with every feeding; taken for granted while nothing is known.</summary>
    public bool Settable => Options is not { } options || (options & OptionSetTimeout) != 0;

    /// <summary>What it does not guard against, or what it does besides; empty when there is nothing known.</summary>
    public string Weakness =>
        NoWayOut == true ? "it cannot be stopped (nowayout): when the daemon ends and no other feeds it, this host is reset"
        : Options is { } options && (options & OptionMagicClose) == 0
            ? "it has no magic close: it guards against a host that hangs, not against a daemon that dies, whose end stops it"
            : "";

    /// <summary>The facts for the decision code.</summary>
    /// <param name="devicePath">Path of the device.</param>
    /// <param name="real">Timeout that it takes in place of the one asked for, seconds; null when it takes that.</param>
    /// <param name="note">Added to the description.</param>
    public WatchdogFacts Facts(string devicePath, int? real, string note = "")
    {
        var fixedAt = Settable ? real : real ?? TimeoutSeconds;
        var isFixed = !Settable || real is not null;
        var name = IsXen ? $"Xen's watchdog{(Identity.Length > 0 ? $", {Identity}" : "")}"
            : Identity.Length > 0 ? Identity : "driver not known before it is armed";
        var timeout = !isFixed ? "" : fixedAt is { } own ? $", fixed at {own} s" : ", fixed at a timeout it does not tell";
        return new WatchdogFacts(true, !isFixed, $"{devicePath} ({name}{timeout}{note})")
        {
            FixedTimeout = isFixed && fixedAt is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Weakness = Weakness,
            Running = Active != false,
            SaysRunning = Active == true,
        };
    }

    /// <summary>The facts of a device that another process holds.</summary>
    /// <param name="devicePath">Path of the device.</param>
    /// <param name="holder">Who, as <see cref="Holder"/> says.</param>
    public WatchdogFacts HeldBy(string devicePath, string holder) => new(false, Settable,
        $"{devicePath} is held by {holder}, and only one program can feed it: stop that, or use another device");

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
