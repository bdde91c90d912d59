using System.Diagnostics;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Sim.Time;

/// <summary>
/// Real time on one dedicated thread. Other threads come in through <see cref="Post"/> and <see cref="InvokeAsync{T}"/>;
/// the members of <see cref="IScheduler"/> may be called from any thread too, their callbacks run on the dedicated one.
/// </summary>
public sealed class RealScheduler : IScheduler, IDisposable
{
    private readonly Lock _gate = new();
    private readonly TimerQueue _timers = new();
    private readonly AutoResetEvent _changed = new(initialState: false);
    private readonly Action<Exception> _onError;
    private readonly Thread _thread;
    private volatile bool _stopped;

    /// <param name="onError">Told of an exception no toolstack code caught: a bug of the emulator.</param>
    public RealScheduler(Action<Exception> onError)
    {
        _onError = onError;
        _thread = new Thread(Loop) { IsBackground = true, Name = "toolstack" };
        _thread.Start();
    }

    public Instant Now => new(Stopwatch.GetElapsedTime(0).Ticks);

    public IDisposable At(Instant due, Action action)
    {
        IDisposable entry;
        lock (_gate)
        {
            entry = _timers.Add(due, action);
        }

        _changed.Set();
        return entry;
    }

    public IDisposable After(TimeSpan delay, Action action) => At(Now + delay, action);

    public Task Delay(TimeSpan delay)
    {
        var source = new TaskCompletionSource();
        After(delay, source.SetResult);
        return source.Task;
    }

    public Task Rest(TimeSpan delay, Func<bool> idle) => Delay(delay);

    public IDisposable Beside(TimeSpan delay, Action action, Func<bool> idle) => After(delay, action);

    public void Post(Action action) => At(Instant.Zero, action);

    /// <summary>Starts work on the scheduler's thread; the returned task completes on the thread pool.</summary>
    public Task<T> InvokeAsync<T>(Func<Task<T>> work)
    {
        var source = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() => _ = ForwardAsync(work, source));
        return source.Task;
    }

    public Task<T> InvokeAsync<T>(Func<T> work) => InvokeAsync(() => Task.FromResult(work()));

    public Task InvokeAsync(Action work) => InvokeAsync(() =>
    {
        work();
        return true;
    });

    public void Dispose()
    {
        _stopped = true;
        _changed.Set();
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }

    private static async Task ForwardAsync<T>(Func<Task<T>> work, TaskCompletionSource<T> source)
    {
        try
        {
            source.TrySetResult(await work().ConfigureAwait(false));
        }
        catch (Exception error)
        {
            source.TrySetException(error);
        }
    }

    private void Loop()
    {
        while (!_stopped)
        {
            (Action? action, TimeSpan wait) = Next();
            if (action is null)
            {
                _changed.WaitOne(wait);
                continue;
            }

            try
            {
                action();
            }
            catch (Exception error)
            {
                _onError(error);
            }
        }
    }

    private (Action? Action, TimeSpan Wait) Next()
    {
        lock (_gate)
        {
            if (!_timers.TryPeek(out TimerQueue.Entry? entry))
            {
                return (null, TimeSpan.FromSeconds(60));
            }

            TimeSpan wait = entry.Due - Now;
            if (wait > TimeSpan.Zero)
            {
                return (null, wait < TimeSpan.FromSeconds(60) ? wait : TimeSpan.FromSeconds(60));
            }

            _timers.Drop();
            return (entry.Action, TimeSpan.Zero);
        }
    }
}
