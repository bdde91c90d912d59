using Microsoft.Extensions.Logging;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Toolstack;

/// <summary>
/// Follows the database by <c>event.from</c>: any change of a VM, host or the pool leads to one new reading, at most twice
/// a second. What is read here is fresh when the master dies, and that is when it is needed.
/// </summary>
internal sealed class DatabaseEvents(
    XapiSessions sessions, Func<TimeSpan, Task<DatabaseFacts>> read, IObservationSink sink, ILogger logger) : IDisposable
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);
    private readonly CancellationTokenSource _stop = new();

    public void Start() => _ = Task.Run(RunAsync);

    public void Dispose() => _stop.Cancel();

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await FollowAsync();
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (ToolstackPort.IsExpected(error))
            {
                DaemonLog.EventsInterrupted(logger, error.Message);
                sessions.ForgetPool();
            }

            await Task.Delay(Retry, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FollowAsync()
    {
        var session = await sessions.EventsAsync(TimeSpan.FromSeconds(5), _stop.Token);
        var events = session.NewEvent("vm", "host", "pool");
        while (!_stop.IsCancellationRequested)
        {
            var batch = await events.FromAsync(Wait, Deadline, _stop.Token);
            if (!batch.Events.IsEmpty)
            {
                sink.Post(new Observation.DatabaseObserved(await read(TimeSpan.FromSeconds(5))));
                await Task.Delay(Spacing, _stop.Token);
            }
        }
    }
}
