using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Daemon.Host;

namespace TwoNodeHa.Daemon.Alerts;

/// <summary>
/// Writes the metrics every ten seconds, beside the loop: a new file that is renamed over the old one, so that a reader never sees half of it. A
/// directory that hangs costs this thread of the pool and no other.
/// </summary>
internal sealed class MetricsFile : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<int, long> _events = new();
    private readonly string _path;
    private readonly Func<StatusReport> _status;
    private readonly TimeProvider _wall;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private int _writing;
    private bool _failed;

    public MetricsFile(string path, Func<StatusReport> status, TimeProvider wall, ILogger logger)
    {
        (_path, _status, _wall, _logger) = (path, status, wall, logger);
        _timer = wall.CreateTimer(_ => Write(), null, Every, Every);
    }

    /// <summary>Counts an event; never waits.</summary>
    public void Count(HaEvent entry) => _events.AddOrUpdate((int)entry.Id, 1, static (_, old) => old + 1);

    public void Dispose() => _timer.Dispose();

    internal void Write()
    {
        if (Interlocked.Exchange(ref _writing, 1) != 0)
        {
            return;
        }

        try
        {
            var seconds = _wall.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

            // Not .prom: node_exporter must not read it before it is whole.
            var temporary = _path + ".new";
            File.WriteAllText(temporary, MetricsText.Render(_status(), _events, Startup.Version, seconds));
            File.SetUnixFileMode(temporary, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            File.Move(temporary, _path, overwrite: true);
            _failed = false;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            // Said once, until it works again.
            if (!_failed)
            {
                _failed = true;
                DaemonLog.AlertTrouble(_logger, $"the metrics were not written: {error.Message}");
            }
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }
}
