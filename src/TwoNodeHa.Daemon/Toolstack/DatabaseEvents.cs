using System.Diagnostics;
using Microsoft.Extensions.Logging;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Host;
using TwoNodeHa.XenApi;

namespace TwoNodeHa.Daemon.Toolstack;

/// <summary>
/// Follows the database by <c>event.from</c>: any change of what is read leads to one new reading, at most twice
/// a second. What is read here is fresh when the master dies, and that is when it is needed.
/// </summary>
internal sealed class DatabaseEvents(
    XapiSessions sessions, Func<TimeSpan, Task<DatabaseFacts>> read, IObservationSink sink, BackOff backOff, ILogger logger,
    TableCache? cache = null, IMonotonicClock? clock = null) : IDisposable
{
    /// <summary>A call that waits this long and brings nothing is made anew.</summary>
    internal static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(35);
    private static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(500);
    private readonly IMonotonicClock _clock = clock ?? new BootClock();
    private readonly CancellationTokenSource _stop = new();

    public void Start() => _ = Task.Run(RunAsync);

    public void Dispose() => _stop.Cancel();

    /// <summary>Ends with <see cref="Dispose"/> alone: whatever fails is said, and tried again with growing pauses.</summary>
    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var started = Stopwatch.GetTimestamp();
            try
            {
                await FollowAsync();
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                var pause = backOff.After(Stopwatch.GetElapsedTime(started));
                cache?.Forget();
                Say(error, pause);
                sessions.ForgetPool();
                await Task.Delay(pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Say(Exception error, TimeSpan pause)
    {
        if (ToolstackPort.IsExpected(error))
        {
            DaemonLog.EventsInterrupted(logger, pause, error.Message);
        }
        else
        {
            DaemonLog.EventsFailed(logger, pause, error);
        }
    }

    private void Note(EventBatch batch)
    {
        if (batch.IsComplete)
        {
            cache?.Forget(isFollowed: true);
            return;
        }

        foreach (var change in batch.Events)
        {
            cache?.Changed(change.Class);
        }
    }

    private async Task FollowAsync()
    {
        var session = await sessions.EventsAsync(TimeSpan.FromSeconds(5), _stop.Token);
        var events = session.NewEvent(TableCache.Followed);
        while (!_stop.IsCancellationRequested)
        {
            var batch = await events.FromAsync(Wait, Deadline, _stop.Token);
            Note(batch);
            if (!batch.Events.IsEmpty)
            {
                var asked = _clock.Now;
                sink.Post(new Observation.DatabaseObserved(await read(TimeSpan.FromSeconds(5))) { AskedAt = asked });
                await Task.Delay(Spacing, _stop.Token);
            }
        }
    }
}
