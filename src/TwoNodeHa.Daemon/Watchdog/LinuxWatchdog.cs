using Microsoft.Extensions.Logging;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Watchdog;

/// <summary>
/// A Linux watchdog device, fed with the remaining time of the lease in whole seconds, rounded down. What the device makes of
/// that is read back: one that takes no timeout, or a longer one than asked for, is a fixed one, and the decision code
/// judges whether the wait of the peer covers it.
/// </summary>
internal sealed class LinuxWatchdog : IWatchdog
{
    private const int Busy = 16;
    private const int IdleSeconds = 60;
    private static readonly TimeSpan IdleFeeding = TimeSpan.FromSeconds(2);

    private readonly string _path;
    private readonly int _shortest;
    private readonly IWatchdogDevice _device;
    private readonly ILogger _logger;
    private readonly Action<WatchdogFacts> _changed;
    private readonly Lock _gate = new();
    private readonly Timer _idle;
    private readonly WatchdogTimeout _timeout;
    private WatchdogFacts? _told;
    private int _openError;

    /// <param name="path">Path of the device, for messages.</param>
    /// <param name="shortest">Shortest timeout that it will be asked for: the kill bound.</param>
    /// <param name="device">Its calls.</param>
    /// <param name="logger">Log.</param>
    /// <param name="changed">Called, on any thread, when the device turns out to be other than <see cref="Open"/> said.</param>
    public LinuxWatchdog(string path, TimeSpan shortest, IWatchdogDevice device, ILogger logger, Action<WatchdogFacts> changed)
    {
        (_path, _device, _logger, _changed) = (path, device, logger, changed);
        _shortest = Math.Max(1, (int)shortest.TotalSeconds);
        _timeout = new WatchdogTimeout(path, device, logger);
        _idle = new Timer(_ => FeedIdle());
    }

    /// <summary>
    /// Looks at sysfs. Only a device that rests and can be stopped again is opened, asked and stopped: opening feeds, so one
    /// that an earlier daemon left running would be given time that the peer does not count with.
    /// </summary>
    public WatchdogFacts Open()
    {
        if (!_device.Exists)
        {
            return Tell(new WatchdogFacts(false, false, $"{_path} does not exist; load its driver (on Xen: modprobe xen_wdt)"));
        }

        _timeout.Device = _device.Attributes();
        if (_device.Holder() is { Length: > 0 } holder)
        {
            return Tell(_timeout.Device.HeldBy(_path, holder));
        }

        if (_timeout.Device is { Active: false, NoWayOut: false })
        {
            return Probe();
        }

        if (!_timeout.Device.Settable)
        {
            _timeout.Real = _timeout.Device.TimeoutSeconds;
        }

        return Tell(Facts(_timeout.Device.Active == true ? ", runs already" : ""));
    }

    public void Feed(TimeSpan timeout)
    {
        lock (_gate)
        {
            _idle.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            if (!_device.IsOpen && !Arm())
            {
                return;
            }

            var seconds = Math.Max(1, (int)timeout.TotalSeconds);
            if (seconds != _timeout.Asked)
            {
                _timeout.Set(seconds);
            }

            if (_device.KeepAlive() is not 0 and var error)
            {
                Lost($"{_path} cannot be fed, errno {error}");
            }
            else if (_timeout.TakeNews())
            {
                var facts = Facts("");
                if (_told != facts)
                {
                    _changed(Tell(facts));
                }
            }
        }
    }

    public void Disarm()
    {
        lock (_gate)
        {
            if (!_device.IsOpen)
            {
                return;
            }

            if (_timeout.Device.NoWayOut == true)
            {
                // It would fire: fed from beside the loop until it is armed again.
                _timeout.Set(IdleSeconds);
                _ = _device.KeepAlive();
                _idle.Change(IdleFeeding, IdleFeeding);
                return;
            }

            Stop();
        }
    }

    /// <summary>Closed without the magic character: the watchdog stays armed and fires unless the next daemon feeds it.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _idle.Dispose();
            _device.Close();
        }
    }

    private WatchdogFacts Probe()
    {
        lock (_gate)
        {
            if (_device.Open() is not 0 and var error)
            {
                return Tell(NotOpened(error, _device.Holder()));
            }

            AskWhatItIs();
            Stop();
            return Tell(Facts(""));
        }
    }

    private bool Arm()
    {
        if (_device.Open() is not 0 and var error)
        {
            if (error == _openError)
            {
                return false;
            }

            _openError = error;
            DaemonLog.WatchdogTrouble(_logger, NotOpened(error, "").Description);

            // Who holds it takes a while to find out, and the loop must not wait for it.
            _ = Task.Run(() => TellLater(error));
            return false;
        }

        _openError = 0;
        AskWhatItIs();
        return true;
    }

    private void TellLater(int error)
    {
        var facts = NotOpened(error, _device.Holder());
        lock (_gate)
        {
            if (!_device.IsOpen && _told != facts)
            {
                _changed(Tell(facts));
            }
        }
    }

    private void AskWhatItIs()
    {
        if (_device.GetSupport(out var identity, out var options) == 0)
        {
            _timeout.Device = _timeout.Device with
            {
                Identity = identity, Options = options, IsXen = _timeout.Device.IsXen || WatchdogSysfs.IsXenName(identity),
            };
        }

        // Before any right is taken: what it makes of the shortest timeout decides whether the peer's wait covers it.
        _timeout.SetAnew(_shortest);
    }

    private void FeedIdle()
    {
        lock (_gate)
        {
            if (_device.IsOpen)
            {
                _ = _device.KeepAlive();
            }
        }
    }

    private void Stop()
    {
        // Without WDIOF_MAGICCLOSE the close alone stops it.
        if ((_timeout.Device.Options & WatchdogSysfs.OptionMagicClose) != 0 && _device.WriteMagic() is not 0 and var error)
        {
            DaemonLog.WatchdogTrouble(_logger, $"{_path}: the magic character was not taken, errno {error}; it may fire");
        }

        _device.Close();
    }

    private void Lost(string trouble)
    {
        DaemonLog.WatchdogTrouble(_logger, trouble);
        _timeout.HasNews = true;
        var facts = new WatchdogFacts(false, _timeout.Device.Settable, trouble);
        if (_told != facts)
        {
            _changed(Tell(facts));
        }
    }

    private WatchdogFacts Tell(WatchdogFacts facts) => _told = facts;

    private WatchdogFacts NotOpened(int error, string holder) => holder.Length > 0 ? _timeout.Device.HeldBy(_path, holder)
        : new WatchdogFacts(false, _timeout.Device.Settable, $"{_path} cannot be opened, errno {error}"
            + (error == Busy ? " (busy: another program holds it, or a driver beneath)" : ""));

    private WatchdogFacts Facts(string note) => _timeout.Device.Facts(_path, _timeout.Real, note);
}
