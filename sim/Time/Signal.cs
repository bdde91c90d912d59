namespace TwoNodeHa.Sim.Time;

/// <summary>
/// Something that several wait for. Each gets a task of its own: where one task has many waiters, the runtime may hand
/// some of them to the thread pool, and virtual time has one thread only.
/// </summary>
internal sealed class Signal
{
    private List<TaskCompletionSource>? _waiting = [];

    /// <summary>Completes when the signal is set; at once if it is.</summary>
    public Task Wait()
    {
        if (_waiting is null)
        {
            return Task.CompletedTask;
        }

        var source = new TaskCompletionSource();
        _waiting.Add(source);
        return source.Task;
    }

    /// <summary>Lets everybody go on, in the order in which they came.</summary>
    public void Set()
    {
        var waiting = _waiting;
        _waiting = null;
        foreach (var source in waiting ?? [])
        {
            source.TrySetResult();
        }
    }
}
