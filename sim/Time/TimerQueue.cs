using System.Diagnostics.CodeAnalysis;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Sim.Time;

/// <summary>Pending callbacks by due time; ties run in the order in which they were scheduled.</summary>
internal sealed class TimerQueue
{
    private readonly PriorityQueue<Ticket, (long Due, long Order)> _queue = new();
    private readonly List<long> _dues = [];
    private long _nextOrder;

    public int Count => _queue.Count;

    /// <param name="due">When it runs.</param>
    /// <param name="action">What runs.</param>
    /// <param name="idle">See <see cref="IScheduler.Rest"/>; null for a callback that is part of the pattern.</param>
    public IDisposable Add(Instant due, Action action, Func<bool>? idle = null)
    {
        var entry = new Entry(due, action, idle);
        _queue.Enqueue(new Ticket(entry, due), (due.Ticks, _nextOrder++));
        return entry;
    }

    /// <summary>The earliest live callback, cancelled and moved ones are dropped on the way.</summary>
    public bool TryPeek([NotNullWhen(true)] out Entry? entry)
    {
        while (_queue.TryPeek(out var ticket, out _))
        {
            if (ticket.IsLive)
            {
                entry = ticket.Entry;
                return true;
            }

            _queue.Dequeue();
        }

        entry = null;
        return false;
    }

    public void Drop() => _queue.Dequeue();

    /// <summary>Due times of the pattern, ascending.</summary>
    public List<long> Pattern()
    {
        _dues.Clear();
        foreach (var (ticket, _) in _queue.UnorderedItems)
        {
            if (ticket.IsLive && ticket.Entry.Idle is null)
            {
                _dues.Add(ticket.Due.Ticks);
            }
        }

        _dues.Sort();
        return _dues;
    }

    /// <summary>The earliest callback beside the pattern that would do something; null when there is none.</summary>
    public Instant? FirstBeside()
    {
        Instant? first = null;
        foreach (var (ticket, _) in _queue.UnorderedItems)
        {
            if (ticket.IsLive && ticket.Entry.Idle is { } idle && !idle() && !(first <= ticket.Due))
            {
                first = ticket.Due;
            }
        }

        return first;
    }

    /// <summary>Brings every callback beside the pattern that would do something nearer by a time.</summary>
    public void Hasten(TimeSpan by)
    {
        var moved = _queue.UnorderedItems.Where(item => item.Element.IsLive && item.Element.Entry.Idle is { } idle && !idle())
            .OrderBy(item => item.Priority).Select(item => item.Element.Entry).ToList();
        foreach (var entry in moved)
        {
            entry.Due -= by;
            _queue.Enqueue(new Ticket(entry, entry.Due), (entry.Due.Ticks, _nextOrder++));
        }
    }

    /// <summary>A place in the queue; void once the callback was cancelled, or moved to another place.</summary>
    private readonly record struct Ticket(Entry Entry, Instant Due)
    {
        public bool IsLive => Entry.Action is not null && Entry.Due == Due;
    }

    internal sealed class Entry(Instant due, Action action, Func<bool>? idle) : IDisposable
    {
        public Instant Due { get; set; } = due;

        /// <summary>Null once cancelled; a cancelled entry must not keep what it captured alive.</summary>
        public Action? Action { get; private set; } = action;

        public Func<bool>? Idle { get; } = idle;

        public void Dispose() => Action = null;
    }
}
