using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace TwoNodeHa.Daemon.Telemetry;

/// <summary>One line per reason and ten seconds, with the number of those left out: a flood cannot fill the journal.</summary>
internal sealed class RateLimitedLog(ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<string, (long Since, long Left)> _reasons = new(StringComparer.Ordinal);

    public void Warn(string reason, string detail)
    {
        var now = time.GetTimestamp();
        var fresh = _reasons.AddOrUpdate(
            reason,
            static (_, at) => (at, 0),
            (_, old, at) => time.GetElapsedTime(old.Since, at) >= Window ? (at, -1 - old.Left) : (old.Since, Math.Max(0, old.Left) + 1),
            now);
        if (fresh.Since == now && fresh.Left <= 0)
        {
            var left = fresh.Left < 0 ? -1 - fresh.Left : 0;
            DaemonLog.InputRefused(logger, reason, detail, left);
            _reasons.TryUpdate(reason, (now, 0), fresh);
        }
    }
}
