namespace TwoNodeHa.Sim.Time;

/// <summary>Waiting with a limit.</summary>
internal static class Limits
{
    /// <summary>
    /// Waits for work, at most for a time; tells whether it ended. The limit is forgotten with the end of the work: a limit
    /// that outlives it is no part of what decides the future.
    /// </summary>
    /// <param name="scheduler">Clock of the limit.</param>
    /// <param name="work">What is waited for.</param>
    /// <param name="limit">At most so long.</param>
    /// <param name="idle">See <see cref="IScheduler.Rest"/>; null for a wait that is part of the pattern.</param>
    public static async Task<bool> WithinAsync(this IScheduler scheduler, Task work, TimeSpan limit, Func<bool>? idle = null)
    {
        if (work.IsCompleted)
        {
            return true;
        }

        var expired = new TaskCompletionSource();
        var timer = idle is null ? scheduler.After(limit, expired.SetResult) : scheduler.Beside(limit, expired.SetResult, idle);
        var first = await Task.WhenAny(work, expired.Task).ConfigureAwait(false);
        if (first == work)
        {
            timer.Dispose();
        }

        return work.IsCompleted;
    }
}
