using System.Collections.Immutable;

namespace TwoNodeHa.Core.Setup;

/// <summary>One host, as the toolstack's database names it.</summary>
/// <param name="Uuid">host.uuid, the INSTALLATION_UUID of its inventory.</param>
/// <param name="Name">Its name in its network, else its label.</param>
/// <param name="Address">Management address, in the notation of the database.</param>
/// <param name="IsMaster">The pool's master.</param>
public sealed record HostInPool(Guid Uuid, string Name, string Address, bool IsMaster);

/// <summary>An address of dom0 on a network.</summary>
/// <param name="Host">The host.</param>
/// <param name="Network">What names the network: equal on two hosts for the same wire.</param>
/// <param name="Device">Name in dom0, for example <c>eth1</c>.</param>
/// <param name="Address">IPv4 address.</param>
/// <param name="Gateway">Default gateway; empty for none.</param>
/// <param name="IsManagement">The toolstack listens on it.</param>
public sealed record NetworkAddress(Guid Host, string Network, string Device, string Address, string Gateway, bool IsManagement);

/// <summary>A storage repository.</summary>
/// <param name="Uuid">SR.uuid.</param>
/// <param name="Name">SR.name_label.</param>
/// <param name="Type">Driver.</param>
/// <param name="IsForDisks">Holds disks of VMs, not images of CDs.</param>
/// <param name="IsShared">Marked as shared.</param>
/// <param name="Hosts">Hosts on which it is plugged.</param>
public sealed record Repository(string Uuid, string Name, string Type, bool IsForDisks, bool IsShared, ImmutableArray<Guid> Hosts);

/// <summary>What <c>ha-ctl init</c> read of the pool and of this host.</summary>
public sealed record PoolFacts
{
    /// <summary>This host.</summary>
    public required Guid Self { get; init; }

    /// <summary>All hosts of the pool.</summary>
    public required ImmutableArray<HostInPool> Hosts { get; init; }

    /// <summary>The platform's own HA is on.</summary>
    public required bool NativeHa { get; init; }

    /// <summary>pool.other_config, where HA-Lizard keeps its settings.</summary>
    public ImmutableSortedDictionary<string, string> OtherConfig { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Addresses of dom0 on both hosts.</summary>
    public ImmutableArray<NetworkAddress> Addresses { get; init; } = [];

    /// <summary>Storage repositories.</summary>
    public ImmutableArray<Repository> Repositories { get; init; } = [];

    /// <summary>Programs of another HA solution that run on this host.</summary>
    public ImmutableArray<string> OtherHa { get; init; } = [];
}
