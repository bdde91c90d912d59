using System.Collections.Immutable;
using System.Collections.ObjectModel;

namespace TwoNodeHa.XenApi;

/// <summary>A record that could not be read.</summary>
/// <param name="Ref">Its reference; the null reference if that is not readable either.</param>
/// <param name="Uuid">Its uuid as written; empty if not readable.</param>
/// <param name="Name">Its name; empty if not readable.</param>
/// <param name="Reason">Which field, and what is wrong with it.</param>
public sealed record UnreadableRecord<T>(XenRef<T> Ref, string Uuid, string Name, string Reason);

/// <summary>The answer of <c>get_all_records</c>: what could be read, and the names of what could not.</summary>
/// <typeparam name="T">Class of the references.</typeparam>
/// <typeparam name="TRecord">Record of that class.</typeparam>
public sealed class RecordTable<T, TRecord> : ReadOnlyDictionary<XenRef<T>, TRecord>
{
    internal RecordTable(IDictionary<XenRef<T>, TRecord> records, ImmutableArray<UnreadableRecord<T>> unreadable)
        : base(records) => Unreadable = unreadable;

    /// <summary>Records left out, in the order of the answer.</summary>
    public ImmutableArray<UnreadableRecord<T>> Unreadable { get; }

    /// <summary>The table behind changes of this class, in their order.</summary>
    /// <param name="changes">Events of this class alone.</param>
    /// <param name="read">Reads the snapshot of one.</param>
    /// <exception cref="XenApiProtocolException">One of them cannot be read.</exception>
    public RecordTable<T, TRecord> With(IEnumerable<EventRecord> changes, Func<EventRecord, TRecord> read)
    {
        ArgumentNullException.ThrowIfNull(changes);
        ArgumentNullException.ThrowIfNull(read);
        var records = new Dictionary<XenRef<T>, TRecord>(this);
        foreach (EventRecord change in changes)
        {
            var reference = new XenRef<T>(change.Ref);
            if (change.Operation == EventOperation.Del)
            {
                records.Remove(reference);
            }
            else
            {
                records[reference] = read(change);
            }
        }

        return new RecordTable<T, TRecord>(records, Unreadable);
    }
}
