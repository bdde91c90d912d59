using System.Collections.Concurrent;

namespace TwoNodeHa.Daemon.Toolstack;

/// <summary>
/// Tables of XAPI's database as they were read last. A table is believed while the events of the pool are followed and none
/// was about it, at most <see cref="BelievedFor"/>. Thread-safe: events come while a reading is under way.
/// </summary>
internal sealed class TableCache(TimeProvider? time = null)
{
    /// <summary>Longest time that a table is believed without a word about it.</summary>
    internal static readonly TimeSpan BelievedFor = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Classes whose changes are told. host_metrics is not among them: it changes with each heartbeat of a host, and what is
    /// read of it never does. VDIs are read with the drives that refer to them.
    /// </summary>
    internal static readonly string[] Followed = ["vm", "host", "pool", "pbd", "sr", "vbd", "vif", "network", "pif", "vm_appliance"];

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ConcurrentDictionary<string, (object Table, long At)> _known = new(StringComparer.Ordinal);
    private volatile bool _isFollowed;
    private int _version;

    /// <summary>The events are lost, or begin anew: nothing is believed.</summary>
    public void Forget(bool isFollowed = false)
    {
        Interlocked.Increment(ref _version);
        _isFollowed = isFollowed;
        _known.Clear();
    }

    /// <summary>Something of a class changed; an empty name may be anything.</summary>
    public void Changed(string @class)
    {
        Interlocked.Increment(ref _version);
        if (@class.Length == 0)
        {
            _known.Clear();
            return;
        }

        _known.TryRemove(@class, out _);
        if (@class is "vbd" or "host")
        {
            _known.TryRemove(@class == "vbd" ? "vdi" : "host_metrics", out _);
        }
    }

    /// <summary>The table, read only if it must be.</summary>
    public async Task<T> GetAsync<T>(string @class, Func<Task<T>> read)
        where T : class
    {
        if (_isFollowed && _known.TryGetValue(@class, out var known) && _time.GetElapsedTime(known.At) < BelievedFor)
        {
            return (T)known.Table;
        }

        // What was read while something changed may be older than that.
        var version = Volatile.Read(ref _version);
        var at = _time.GetTimestamp();
        var table = await read();
        if (version == Volatile.Read(ref _version))
        {
            _known[@class] = (table, at);
        }

        return table;
    }
}
