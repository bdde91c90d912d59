using Microsoft.Extensions.Logging;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Watchdog;

/// <summary>A watchdog: resets the host when it is not fed in time. Fed on the loop's thread, so that a stuck loop starves it.</summary>
internal interface IWatchdog : IDisposable
{
    /// <summary>Looks at the watchdog without arming it.</summary>
    WatchdogFacts Open();

    /// <summary>Arms it, or feeds it: it fires this long from now. Must not block.</summary>
    void Feed(TimeSpan timeout);

    /// <summary>Disarms it.</summary>
    void Disarm();
}

/// <summary>Makes the watchdog that the configuration names.</summary>
internal static class WatchdogFactory
{
    /// <param name="config">Which.</param>
    /// <param name="shortest">Shortest timeout that it will be asked for: the kill bound.</param>
    /// <param name="logger">Log.</param>
    /// <param name="changed">Called, on any thread, when it turns out to be other than it said when it was opened.</param>
    public static IWatchdog Create(
        WatchdogConfig config, TimeSpan shortest, ILogger logger, Action<WatchdogFacts> changed) => config.Kind switch
    {
        WatchdogKind.Device =>
            new LinuxWatchdog(config.Path, shortest, new KernelWatchdogDevice(config.Path), logger, changed),
        WatchdogKind.Socket => new SocketWatchdog(config.Path, logger),
        _ => new NullWatchdog(),
    };
}

/// <summary>No watchdog, written so by the admin.</summary>
internal sealed class NullWatchdog : IWatchdog
{
    public WatchdogFacts Open() => new(false, false, "none (configured): a hung daemon is not reset");

    public void Feed(TimeSpan timeout)
    {
        // There is nothing to feed; the safety class says what that costs.
    }

    public void Disarm()
    {
        // There is nothing to disarm.
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}
