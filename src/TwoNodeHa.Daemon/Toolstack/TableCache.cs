using TwoNodeHa.XenApi;

namespace TwoNodeHa.Daemon.Toolstack;

/// <summary>
/// Tables of XAPI's database as they were read last. A table is believed while the events of the pool are followed and none
/// was about it, at most <see cref="BelievedFor"/>; what the events say of VMs and drives is put into their tables. Thread-safe: events come
/// while a reading is under way.
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
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (object Table, long At)> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _changes = new(StringComparer.Ordinal);
    private bool _isFollowed;
    private int _beginnings;

    /// <summary>The events are lost, or begin anew: nothing is believed.</summary>
    public void Forget(bool isFollowed = false)
    {
        lock (_gate)
        {
            _beginnings++;
            _isFollowed = isFollowed;
            _known.Clear();
        }
    }

    /// <summary>Something of a class changed; an empty name may be anything.</summary>
    public void Changed(string @class)
    {
        lock (_gate)
        {
            if (@class.Length == 0)
            {
                _beginnings++;
                _known.Clear();
                return;
            }

            Drop(@class);
            if (@class is "vbd" or "host")
            {
                Drop(@class == "vbd" ? "vdi" : "host_metrics");
            }
        }
    }

    /// <summary>Takes changes in.</summary>
    /// <param name="batch">Not a complete picture.</param>
    /// <param name="sentAt">Timestamp of the call that brought it: it shows all that happened before.</param>
    /// <param name="isNew">It came so soon behind that call that it may stand for a reading of the VMs.</param>
    /// <returns>True when the table of VMs is what a reading begun then would show.</returns>
    public bool Note(EventBatch batch, long sentAt, bool isNew)
    {
        foreach (var change in batch.Events.GroupBy(static change => change.Class, StringComparer.Ordinal))
        {
            var folded = change.Key switch
            {
                "vm" => isNew && Fold<VM, VMRecord>(change, batch, static event_ => event_.ReadVM(), sentAt),
                "vbd" => Fold<VBD, VBDRecord>(change, batch, static event_ => event_.ReadVBD(), sentAt) && KnowsImages(),
                _ => false,
            };
            if (!folded)
            {
                Changed(change.Key);
            }
        }

        lock (_gate)
        {
            return isNew && _isFollowed && _known.TryGetValue("vm", out var vms) && vms.At < sentAt;
        }
    }

    /// <summary>The table, read only if it must be.</summary>
    public Task<T> GetAsync<T>(string @class, Func<Task<T>> read)
        where T : class
    {
        lock (_gate)
        {
            if (_isFollowed && _known.TryGetValue(@class, out var known) && _time.GetElapsedTime(known.At) < BelievedFor)
            {
                return Task.FromResult((T)known.Table);
            }
        }

        return ReadAsync(@class, read);
    }

    /// <summary>The table, read in any case.</summary>
    public async Task<T> ReadAsync<T>(string @class, Func<Task<T>> read)
        where T : class
    {
        var (version, at) = (VersionOf(@class), _time.GetTimestamp());
        var table = await read();
        lock (_gate)
        {
            // What was read while something changed may be older than that, and what was known before is older in any case.
            if (version == VersionOf(@class))
            {
                _known[@class] = (table, at);
            }
            else
            {
                _known.Remove(@class);
            }
        }

        return table;
    }

    private (int Beginnings, int Changes) VersionOf(string @class)
    {
        lock (_gate)
        {
            return (_beginnings, _changes.GetValueOrDefault(@class));
        }
    }

    /// <summary>
    /// Only a table that was read before the call was sent: of one that was read meanwhile nobody knows which of the two is newer. And only one
    /// that then counts as many records as XAPI does: deletions are not remembered for ever (xapi.md 10.1).
    /// </summary>
    private bool Fold<T, TRecord>(IGrouping<string, EventRecord> changes, EventBatch batch, Func<EventRecord, TRecord> read, long sentAt)
    {
        lock (_gate)
        {
            if (!_known.TryGetValue(changes.Key, out var known) || known.At >= sentAt || known.Table is not RecordTable<T, TRecord> { Unreadable.IsEmpty: true } table)
            {
                return false;
            }

            try
            {
                table = table.With(changes, read);
            }
            catch (XenApiProtocolException)
            {
                return false;
            }

            if (batch.ValidRefCounts.TryGetValue(changes.Key, out var count) && count != table.Count)
            {
                return false;
            }

            _changes[changes.Key] = _changes.GetValueOrDefault(changes.Key) + 1;
            _known[changes.Key] = (table, known.At);
            return true;
        }
    }

    /// <summary>Each drive refers to an image that is known, or to none.</summary>
    private bool KnowsImages()
    {
        lock (_gate)
        {
            return _known.TryGetValue("vdi", out var vdis) && vdis.Table is RecordTable<VDI, VDIRecord> images
                && _known.TryGetValue("vbd", out var vbds) && vbds.Table is RecordTable<VBD, VBDRecord> drives
                && drives.Values.All(drive => drive.Empty || drive.VDI.IsNull || images.ContainsKey(drive.VDI));
        }
    }

    private void Drop(string @class)
    {
        _changes[@class] = _changes.GetValueOrDefault(@class) + 1;
        _known.Remove(@class);
    }
}
