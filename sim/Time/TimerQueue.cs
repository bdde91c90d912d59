using System.Diagnostics.CodeAnalysis;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Sim.Time;

/// <summary>Pending callbacks by due time; ties run in the order in which they were scheduled.</summary>
internal sealed class TimerQueue
{
    private readonly PriorityQueue<Entry, (long Due, long Order)> _queue = new();
    private long _nextOrder;

    public int Count => _queue.Count;

    public IDisposable Add(Instant due, Action action)
    {
        var entry = new Entry(due, action);
        _queue.Enqueue(entry, (due.Ticks, _nextOrder++));
        return entry;
    }

    /// <summary>The earliest live callback, cancelled ones are dropped on the way.</summary>
    public bool TryPeek([NotNullWhen(true)] out Entry? entry)
    {
        while (_queue.TryPeek(out entry, out _))
        {
            if (entry.Action is not null)
            {
                return true;
            }

            _queue.Dequeue();
        }

        return false;
    }

    public void Drop() => _queue.Dequeue();

    internal sealed class Entry(Instant due, Action action) : IDisposable
    {
        public Instant Due { get; } = due;

        /// <summary>Null once cancelled; a cancelled entry must not keep what it captured alive.</summary>
        public Action? Action { get; private set; } = action;

        public void Dispose() => Action = null;
    }
}
