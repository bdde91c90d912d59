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
/// Follows the database by <c>event.from</c>: any change of what is read leads to one new picture of it, at most twice
/// a second or as often as was ordered. What is read here is fresh when the master dies, and that is when it is needed.
/// </summary>
internal sealed class DatabaseEvents(
    XapiSessions sessions, Func<TimeSpan, bool, Task<DatabaseFacts>> read, IObservationSink sink, BackOff backOff, ILogger logger,
    TableCache? cache = null, IMonotonicClock? clock = null) : IDisposable
{
    /// <summary>A call that waits this long and brings nothing is made anew.</summary>
    internal static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(35);

    /// <summary>A batch that came within this stands for a reading of the VMs: it is no older than its call.</summary>
    private static readonly TimeSpan New = TimeSpan.FromSeconds(1);
    private readonly IMonotonicClock _clock = clock ?? new BootClock();
    private readonly CancellationTokenSource _stop = new();

    /// <summary>At least so long from one picture to the next.</summary>
    public TimeSpan Spacing { get; set; } = Command.ReadToolstack.UsualSpacing;

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

    /// <summary>True when the events brought all that a reading of the VMs would.</summary>
    private bool Note(EventBatch batch, long sent)
    {
        if (!batch.IsComplete)
        {
            return cache?.Note(batch, sent, isNew: Stopwatch.GetElapsedTime(sent) < New) == true;
        }

        cache?.Forget(isFollowed: true);
        return false;
    }

    private async Task FollowAsync()
    {
        var session = await sessions.EventsAsync(TimeSpan.FromSeconds(5), _stop.Token);
        var events = session.NewEvent(TableCache.Followed);
        while (!_stop.IsCancellationRequested)
        {
            var (asked, sent) = (_clock.Now, Stopwatch.GetTimestamp());
            var batch = await events.FromAsync(Wait, Deadline, _stop.Token);
            var vmsAreNew = Note(batch, sent);
            if (!batch.Events.IsEmpty)
            {
                asked = vmsAreNew ? asked : _clock.Now;
                sink.Post(new Observation.DatabaseObserved(await read(TimeSpan.FromSeconds(5), vmsAreNew)) { AskedAt = asked });
                await Task.Delay(Spacing, _stop.Token);
            }
        }
    }
}
