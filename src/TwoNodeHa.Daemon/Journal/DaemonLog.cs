using Microsoft.Extensions.Logging;

namespace TwoNodeHa.Daemon;

/// <summary>All messages of the daemon that do not come from the decision code, with stable ids from 100.</summary>
internal static partial class DaemonLog
{
    [LoggerMessage(100, LogLevel.Information, "twonodehad {Version} on {Host}, peer {Peer}, configuration {File}")]
    public static partial void Starting(ILogger logger, string version, string host, string peer, string file);

    [LoggerMessage(101, LogLevel.Critical, "a turn of the loop failed; the daemon ends without feeding or disarming the watchdog: {Bug}")]
    public static partial void LoopFailed(ILogger logger, string bug);

    [LoggerMessage(102, LogLevel.Critical, "durable state: {Trouble}")]
    public static partial void StateDamaged(ILogger logger, string trouble);

    [LoggerMessage(103, LogLevel.Warning, "control socket: accept failed ({Error})")]
    public static partial void ControlAcceptFailed(ILogger logger, string error);

    [LoggerMessage(105, LogLevel.Warning, "refused: {Reason} ({Detail}); {Left} more of this kind since the last line")]
    public static partial void InputRefused(ILogger logger, string reason, string detail, long left);

    [LoggerMessage(106, LogLevel.Error, "watchdog: {Trouble}")]
    public static partial void WatchdogTrouble(ILogger logger, string trouble);

    [LoggerMessage(107, LogLevel.Debug, "events of the toolstack interrupted, again in {Pause}: {Error}")]
    public static partial void EventsInterrupted(ILogger logger, TimeSpan pause, string error);

    [LoggerMessage(108, LogLevel.Error, "events of the toolstack failed in a way nobody foresaw, again in {Pause}")]
    public static partial void EventsFailed(ILogger logger, TimeSpan pause, Exception error);

    [LoggerMessage(109, LogLevel.Warning, "the status could not be watched: {Error}")]
    public static partial void StatusWatchFailed(ILogger logger, string error);

    [LoggerMessage(110, LogLevel.Warning, "alerts: {Trouble}")]
    public static partial void AlertTrouble(ILogger logger, string trouble);

    [LoggerMessage(120, LogLevel.Warning, "disk link {Link}: the file system of {Path} refuses O_DIRECT; its cache is used, writes are synchronous all the same")]
    public static partial void DiskCached(ILogger logger, string link, string path);

    [LoggerMessage(104, LogLevel.Warning, "event log: {Error}")]
    public static partial void EventLogFailed(ILogger logger, string error);
}
