using Microsoft.Extensions.Logging;

namespace TwoNodeHa.Daemon.Watchdog;

/// <summary>
/// The timeout of a watchdog device: what was asked for, and what the device made of it. One that refuses, or takes a longer
/// one than asked for, is a fixed one. Guarded by the lock of its owner.
/// </summary>
internal sealed class WatchdogTimeout(string path, IWatchdogDevice device, ILogger logger)
{
    private const int Invalid = 22;
    private const int Tries = 12;
    private int _longest = int.MaxValue;

    /// <summary>What is known of the device.</summary>
    public WatchdogSysfs Device { get; set; } = new();

    /// <summary>Last timeout asked for, seconds; 0 before the first.</summary>
    public int Asked { get; private set; }

    /// <summary>Timeout of a fixed device, seconds; null while it takes what it is asked for.</summary>
    public int? Real { get; set; }

    /// <summary>Something was learnt about the device that may not have been told yet.</summary>
    public bool HasNews { get; set; }

    /// <summary>True once for each time that something was learnt.</summary>
    public bool TakeNews()
    {
        var news = HasNews;
        HasNews = false;
        return news;
    }

    /// <summary>Sets a timeout on a device that was just opened.</summary>
    public void SetAnew(int seconds)
    {
        Set(seconds);
        HasNews = true;
    }

    /// <summary>Sets the longest timeout that the device takes and that is not above what was asked for.</summary>
    public void Set(int seconds)
    {
        Asked = seconds;
        if (!Device.Settable)
        {
            Real = device.GetTimeout(out var own) == 0 ? own : Device.TimeoutSeconds;
            return;
        }

        var ask = Math.Min(seconds, _longest);
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            var taken = ask;
            var error = device.SetTimeout(ref taken);
            if (error == Invalid && ask > 1)
            {
                // Too long for it: a shorter one is the safe side.
                ask = _longest = ask / 2;
                continue;
            }

            if (error != 0)
            {
                Fixed(device.GetTimeout(out var own) == 0 ? own : null, seconds, $"refused a timeout of {seconds} s, errno {error}");
                return;
            }

            var real = device.GetTimeout(out var read) == 0 ? read : taken;
            if (real <= seconds)
            {
                // A device that once took too long a one stays a fixed one: its shortest timeout counts.
                return;
            }

            var less = ask - (real - seconds);
            if (less < 1 || attempt == Tries - 1)
            {
                Fixed(real, seconds, $"took {real} s where {seconds} s were asked");
                return;
            }

            ask = less;
        }
    }

    private void Fixed(int? real, int asked, string trouble)
    {
        if (real is { } seconds && seconds <= asked)
        {
            // Refused, but what it is set to is short enough for now.
            return;
        }

        if (real is null || !(Real >= real))
        {
            DaemonLog.WatchdogTrouble(logger, $"{path} {trouble}");
            Real = real;
            HasNews = true;
            Device = real is null ? Device with { Options = (Device.Options ?? 0) & ~WatchdogSysfs.OptionSetTimeout } : Device;
        }
    }
}
