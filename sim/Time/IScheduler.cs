using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Sim.Time;

/// <summary>
/// One thread and one clock. Everything the emulated pool does runs on it, one callback after the other, so toolstack
/// code needs no locks, and a virtual clock makes a run repeatable.
/// </summary>
public interface IScheduler
{
    Instant Now { get; }

    /// <summary>Runs the action at the given time (at once if that is past, but never inside the caller).</summary>
    IDisposable At(Instant due, Action action);

    IDisposable After(TimeSpan delay, Action action);

    /// <summary>Completes on the scheduler's thread; continuations run inline there.</summary>
    Task Delay(TimeSpan delay);

    /// <summary>
    /// As <see cref="Delay"/>, for what goes on beside the pattern of a quiet world: the pause of a slow loop, something that the
    /// story let begin. Where quiet time is left out it comes nearer by that time, and ends it; unless it is idle: then
    /// neither it nor its loop would do anything.
    /// </summary>
    /// <param name="delay">Time until it goes on.</param>
    /// <param name="idle">Asked while it waits.</param>
    Task Rest(TimeSpan delay, Func<bool> idle);

    /// <summary>As <see cref="After"/>, for the same.</summary>
    IDisposable Beside(TimeSpan delay, Action action, Func<bool> idle);
}
