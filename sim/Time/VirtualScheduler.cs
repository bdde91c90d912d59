using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Sim.Time;

/// <summary>
/// Virtual time: moves only inside <see cref="RunUntil"/>, earliest callback first, ties by scheduling order. While it
/// runs no synchronization context is installed, so continuations of awaited tasks run inline on this thread and the
/// same seed gives the same run.
/// </summary>
public sealed class VirtualScheduler : IScheduler
{
    private readonly TimerQueue _timers = new();
    private bool _running;

    /// <param name="stepsMax">Upper bound on callbacks in one run; a livelock fails instead of hanging the tests.</param>
    public VirtualScheduler(long stepsMax = 50_000_000) => StepsMax = stepsMax;

    /// <summary>Upper bound on callbacks; a run of weeks without quiet raises it.</summary>
    public long StepsMax { get; set; }

    public Instant Now { get; private set; } = Instant.Zero;

    /// <summary>Callbacks run so far.</summary>
    public long Steps { get; private set; }

    public IDisposable At(Instant due, Action action) => _timers.Add(Instant.Max(due, Now), action);

    public IDisposable After(TimeSpan delay, Action action) => At(Now + delay, action);

    public Task Delay(TimeSpan delay)
    {
        var source = new TaskCompletionSource();
        After(delay, source.SetResult);
        return source.Task;
    }

    public Task Rest(TimeSpan delay, Func<bool> idle)
    {
        var source = new TaskCompletionSource();
        Beside(delay, source.SetResult, idle);
        return source.Task;
    }

    public IDisposable Beside(TimeSpan delay, Action action, Func<bool> idle) => _timers.Add(Instant.Max(Now + delay, Now), action, idle);

    /// <summary>Due times of all callbacks of the pattern, ascending.</summary>
    internal List<long> Pattern() => _timers.Pattern();

    /// <summary>Time until the first callback beside the pattern that would do something; null when there is none.</summary>
    internal TimeSpan? UntilFirstBeside() => _timers.FirstBeside() - Now;

    /// <summary>That time passes for what is beside the pattern, and for nothing else.</summary>
    internal void Hasten(TimeSpan by) => _timers.Hasten(by);

    public void RunFor(TimeSpan duration) => RunUntil(Now + duration);

    /// <summary>Runs every callback due up to and including <paramref name="end"/>, then stands at that time.</summary>
    public void RunUntil(Instant end)
    {
        Run(end, static () => false);
        Now = Instant.Max(Now, end);
    }

    /// <summary>Runs until the condition holds after a callback, or time is up; tells whether it held.</summary>
    public bool RunUntil(Func<bool> condition, TimeSpan limit)
    {
        Instant end = Now + limit;
        if (condition() || Run(end, condition))
        {
            return true;
        }

        Now = Instant.Max(Now, end);
        return false;
    }

    private bool Run(Instant end, Func<bool> condition)
    {
        if (_running)
        {
            throw new InvalidOperationException("the scheduler is already running: callbacks must not run it again");
        }

        SynchronizationContext? outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        _running = true;
        try
        {
            while (_timers.TryPeek(out TimerQueue.Entry? entry) && entry.Due <= end)
            {
                Step(entry);
                if (condition())
                {
                    return true;
                }
            }

            return false;
        }
        finally
        {
            _running = false;
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    private void Step(TimerQueue.Entry entry)
    {
        if (++Steps > StepsMax)
        {
            throw new InvalidOperationException($"more than {StepsMax} callbacks: the run does not end");
        }

        _timers.Drop();
        Now = entry.Due;
        entry.Action!();
    }
}
