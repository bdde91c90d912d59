using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Situation;

/// <summary>When periodic things are due, and what is under way.</summary>
public sealed record Schedule
{
    /// <summary>Next heartbeat.</summary>
    public Instant Heartbeat { get; init; }

    /// <summary>Next gateway probe.</summary>
    public Instant Gateway { get; init; }

    /// <summary>Next question to the peer's kernel.</summary>
    public Instant PeerProbe { get; init; }

    /// <summary>Next reading of the hypervisor.</summary>
    public Instant Domains { get; init; }

    /// <summary>Next reading of the toolstack.</summary>
    public Instant Toolstack { get; init; }

    /// <summary>Next reading of the toolstack with its database.</summary>
    public Instant Database { get; init; }

    /// <summary>Next request to the arbiter.</summary>
    public Instant Arbiter { get; init; }

    /// <summary>When the newest reading of the reservations on the storage was ordered.</summary>
    public Instant Reservations { get; init; }

    /// <summary>Next order to the fence agent, or reading by it.</summary>
    public Instant Agent { get; init; }

    /// <summary>Not before this time XAPI's database is copied to the peer again.</summary>
    public Instant Sync { get; init; }

    /// <summary>Next feeding of the watchdog.</summary>
    public Instant Watchdog { get; init; }

    /// <summary>When that reading was ordered.</summary>
    public Instant DomainsAskedAt { get; init; }

    /// <summary>When that reading was ordered.</summary>
    public Instant ToolstackAskedAt { get; init; }

    /// <summary>The VM records at the last order to copy XAPI's database to the peer.</summary>
    internal ImmutableArray<VmRecord> SyncedVms { get; init; } = [];

    /// <summary>Newest heartbeat number.</summary>
    public long Sequence { get; init; }

    /// <summary>Content of the last heartbeat without times and numbers; a change is sent at once.</summary>
    public Heartbeat? LastBeat { get; init; }
}
