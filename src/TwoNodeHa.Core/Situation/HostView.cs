using System.Collections.Immutable;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>This host by its own hypervisor, toolstack and storage.</summary>
public sealed record HostView
{
    /// <summary>What runs here; null while the list could not be read in this incarnation.</summary>
    public HypervisorFacts? Domains { get; init; }

    /// <summary>The list that <see cref="RunningIds"/> was made of.</summary>
    internal HypervisorFacts? RunningIdsOf { get; init; }

    /// <summary>Short ids of the guests that run here, ascending.</summary>
    internal ImmutableArray<ulong> RunningIds { get; init; } = [];

    /// <summary>When the reading behind <see cref="Domains"/> was ordered.</summary>
    public Instant DomainsAskedAt { get; init; }

    /// <summary>Why the list could not be read; empty when it was. Reported when it changes.</summary>
    public string ListTrouble { get; init; } = "";

    /// <summary>Toolstack as last observed.</summary>
    public ToolstackFacts? Toolstack { get; init; }

    /// <summary>When that observation was ordered: it shows nothing older.</summary>
    public Instant ToolstackAt { get; init; }

    /// <summary>
    /// Since when this host's toolstack can start no VM of its own accord: it was killed, or is the slave of another master.
    /// Null while it may.
    /// </summary>
    public Instant? StandsDownSince { get; init; }

    /// <summary>Database as last read.</summary>
    public DatabaseFacts? Database { get; init; }

    /// <summary>When that reading began: it shows nothing that happened later. Null when it was never read.</summary>
    public Instant? DatabaseAt { get; init; }

    /// <summary>Storage of the protected VMs.</summary>
    public Health Storage { get; init; }

    /// <summary>Which storage, and what is wrong with it.</summary>
    public string StorageDetail { get; init; } = "";

    /// <summary>The storage was healthy once in this incarnation: a path that never was may be a mistake of the configuration.</summary>
    public bool StorageProven { get; init; }

    /// <summary>The replication below the storage, as last read; empty where there is none, or it was never read.</summary>
    public ImmutableArray<ReplicaFact> Replicas { get; init; } = [];

    /// <summary>Why lost storage does not fence this host, as it was reported; empty when nothing was.</summary>
    public string StorageRefusal { get; init; } = "";
}
