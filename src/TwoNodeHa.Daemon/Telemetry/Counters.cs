using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace TwoNodeHa.Daemon.Telemetry;

/// <summary>Named counters of what was refused or failed since the start; any thread may count.</summary>
internal sealed class Counters
{
    private readonly ConcurrentDictionary<string, long> _counts = new(StringComparer.Ordinal);

    public long Add(string name) => _counts.AddOrUpdate(name, 1, static (_, old) => old + 1);

    public ImmutableSortedDictionary<string, long> Snapshot() =>
        _counts.ToImmutableSortedDictionary(StringComparer.Ordinal);
}
