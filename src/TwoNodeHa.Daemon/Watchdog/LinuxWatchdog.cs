using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Watchdog;

/// <summary>
/// A Linux watchdog device (linux/watchdog.h, Documentation/watchdog/watchdog-api.rst). Opening it arms it, so it is
/// opened by the first feeding; before that only sysfs is read. Timeouts are whole seconds, rounded down.
/// </summary>
internal sealed partial class LinuxWatchdog(string path, ILogger logger) : IWatchdog
{
    private const int WriteOnly = 1;
    private const int CloseOnExec = 0x80000;
    private const uint KeepAlive = 0x80045705;
    private const uint SetTimeout = 0xC0045706;
    private int _descriptor = -1;
    private int _timeout;

    public WatchdogFacts Open()
    {
        if (!File.Exists(path))
        {
            return new WatchdogFacts(false, false, $"{path} does not exist; load its driver (on Xen: modprobe xen_wdt)");
        }

        var driver = Sysfs("identity");
        var state = Sysfs("state");
        var holder = state == "active" && _descriptor < 0 ? ", active already: somebody else may hold it" : "";

        // WDIOF_SETTIMEOUT of the options: the device takes a timeout with every call.
        var settable = !int.TryParse(Sysfs("options").Replace("0x", "", StringComparison.Ordinal),
            System.Globalization.NumberStyles.HexNumber, null, out var options) || (options & 0x80) != 0;
        return new WatchdogFacts(true, settable, $"{path} ({(driver.Length > 0 ? driver : "driver unknown")}{holder})");
    }

    public void Feed(TimeSpan timeout)
    {
        if (_descriptor < 0 && !Arm())
        {
            return;
        }

        var seconds = Math.Max(1, (int)timeout.TotalSeconds);
        if (seconds != _timeout)
        {
            var asked = seconds;
            if (Ioctl(_descriptor, SetTimeout, ref asked) != 0)
            {
                DaemonLog.WatchdogTrouble(logger, $"{path}: timeout {seconds} s was refused, errno {Marshal.GetLastPInvokeError()}");
            }
            else if (asked > seconds)
            {
                // Read back: a longer one than asked for would let this host live past the peer's wait.
                DaemonLog.WatchdogTrouble(logger, $"{path}: {seconds} s were asked, the device took {asked}; set fixed_watchdog_seconds = {asked}");
            }

            _timeout = seconds;
        }

        var none = 0;
        if (Ioctl(_descriptor, KeepAlive, ref none) != 0)
        {
            DaemonLog.WatchdogTrouble(logger, $"{path}: feeding failed, errno {Marshal.GetLastPInvokeError()}");
        }
    }

    public void Disarm()
    {
        if (_descriptor < 0)
        {
            return;
        }

        // The magic close: 'V' before the close disarms, a close without it does not.
        _ = Write(_descriptor, Encoding.ASCII.GetBytes("V"), 1);
        Close();
    }

    /// <summary>Closed without the magic character: the watchdog stays armed and fires unless the next daemon feeds it.</summary>
    public void Dispose() => Close();

    private bool Arm()
    {
        _descriptor = OpenFile(path, WriteOnly | CloseOnExec);
        _timeout = 0;
        if (_descriptor < 0)
        {
            DaemonLog.WatchdogTrouble(logger, $"{path} cannot be opened, errno {Marshal.GetLastPInvokeError()}"
                + (Marshal.GetLastPInvokeError() == 16 ? " (busy: another program holds it)" : ""));
        }

        return _descriptor >= 0;
    }

    private void Close()
    {
        if (_descriptor >= 0)
        {
            _ = CloseFile(_descriptor);
            _descriptor = -1;
        }
    }

    private string Sysfs(string attribute)
    {
        var device = Path.GetFileName(path) is "watchdog" ? "watchdog0" : Path.GetFileName(path);
        try
        {
            return File.ReadAllText($"/sys/class/watchdog/{device}/{attribute}").Trim();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(int descriptor, nuint request, ref int value);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, byte[] bytes, nint count);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseFile(int descriptor);
}
