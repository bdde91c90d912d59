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
}
