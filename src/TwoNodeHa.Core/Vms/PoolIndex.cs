using System.Collections.Immutable;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Vms;

/// <summary>One reading of the database, to be looked things up in by uuid.</summary>
public sealed class PoolIndex
{
    private readonly Dictionary<Guid, VmFact> _vms;
    private readonly Dictionary<Guid, HostFact> _hosts;
    private readonly Dictionary<Guid, StorageFact> _storages;
    private readonly Dictionary<Guid, NetworkFact> _networks;

    /// <summary>Over one reading.</summary>
    public PoolIndex(DatabaseFacts facts)
    {
        Facts = facts;
        _vms = By(facts.Vms, static vm => vm.Uuid);
        _hosts = By(facts.HostFacts, static host => host.Uuid);
        _storages = By(facts.Storages, static storage => storage.Uuid);
        _networks = By(facts.Networks, static network => network.Uuid);
    }

    /// <summary>The reading.</summary>
    public DatabaseFacts Facts { get; }

    /// <summary>The VM; null when the database has none of that uuid.</summary>
    public VmFact? Vm(Guid uuid) => _vms.GetValueOrDefault(uuid);

    /// <summary>The host; null when nothing is known of it.</summary>
    public HostFact? Host(Guid uuid) => _hosts.GetValueOrDefault(uuid);

    /// <summary>The storage repository; null when nothing is known of it.</summary>
    public StorageFact? Storage(Guid uuid) => _storages.GetValueOrDefault(uuid);

    /// <summary>The network; null when nothing is known of it.</summary>
    public NetworkFact? Network(Guid uuid) => _networks.GetValueOrDefault(uuid);

    /// <summary>Name of a host as the database has it; its uuid when that is not known.</summary>
    public string NameOf(Guid host) => Host(host)?.Name ?? host.ToString();

    private static Dictionary<Guid, T> By<T>(ImmutableArray<T> items, Func<T, Guid> key)
    {
        var index = new Dictionary<Guid, T>(items.Length);
        foreach (var item in items)
        {
            index[key(item)] = item;
        }

        return index;
    }
}
