using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Operator;

namespace TwoNodeHa.Daemon.Telemetry;

/// <summary>Looks at the published status every two seconds, beside the loop, and tells what <see cref="StatusWatch"/> finds.</summary>
internal sealed class StatusWatcher : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    private readonly Func<StatusReport> _status;
    private readonly Action<HaEvent> _tell;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private StatusWatch _watch = new();

    public StatusWatcher(Func<StatusReport> status, Action<HaEvent> tell, TimeProvider time, ILogger logger)
    {
        (_status, _tell, _logger) = (status, tell, logger);
        _timer = time.CreateTimer(_ => Look(), null, Every, Every);
    }

    /// <summary>Sentences for the status.</summary>
    public ImmutableArray<string> Warnings => Volatile.Read(ref _watch).Warnings;

    public void Dispose() => _timer.Dispose();

    internal void Look()
    {
        // A look that takes longer than the interval is not started twice.
        if (!_gate.TryEnter())
        {
            return;
        }

        try
        {
            var next = _watch.Look(_status(), Environment.TickCount64, out var events);
            Volatile.Write(ref _watch, next);
            foreach (var entry in events)
            {
                _tell(entry);
            }
        }
        catch (InvalidOperationException error)
        {
            DaemonLog.StatusWatchFailed(_logger, error.Message);
        }
        finally
        {
            _gate.Exit();
        }
    }
}
