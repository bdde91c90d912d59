using System.Collections.Immutable;

namespace TwoNodeHa.Core.Control;

/// <summary>Everything <c>ha-ctl status</c> shows; published by the loop after each turn, serialised by the control socket.</summary>
public sealed record StatusReport
{
    /// <summary>Layout of this record; raised when a field changes its meaning.</summary>
    public int Format { get; init; } = 1;

    /// <summary>Name of this host.</summary>
    public required string Host { get; init; }

    /// <summary>Name of the other host.</summary>
    public required string PeerHost { get; init; }

    /// <summary>HA state.</summary>
    public required string State { get; init; }

    /// <summary>Seconds since the state was entered.</summary>
    public required double StateAgeSeconds { get; init; }

    /// <summary>Why the state was entered.</summary>
    public required string Why { get; init; }

    /// <summary>HA is enabled.</summary>
    public required bool Enabled { get; init; }

    /// <summary>enabled, disabled, or what is pending and on whom.</summary>
    public required string Switch { get; init; }

    /// <summary>The other host has adopted the switch as it is here.</summary>
    public bool SwitchConfirmed { get; init; }

    /// <summary>Why HA was disabled.</summary>
    public string DisabledReason { get; init; } = "";

    /// <summary>When HA is enabled again, Unix milliseconds; 0 for never.</summary>
    public long ReenableAtUnixMs { get; init; }

    /// <summary>A, B or C.</summary>
    public required string SafetyClass { get; init; }

    /// <summary>The one sentence of what breaks it.</summary>
    public required string SafetySentence { get; init; }

    /// <summary>Both hosts are paired, bound and healthy: a failure of either is covered now.</summary>
    public required bool Protected { get; init; }

    /// <summary>What keeps <see cref="Protected"/> from being true.</summary>
    public ImmutableArray<string> Findings { get; init; } = [];

    /// <summary>Epoch.</summary>
    public required long Epoch { get; init; }

    /// <summary>Incarnation counter.</summary>
    public required long Incarnation { get; init; }

    /// <summary>XAPI's role of this host: master, slave or unknown.</summary>
    public required string Role { get; init; }

    /// <summary>Toolstack in a few words.</summary>
    public required string Toolstack { get; init; }

    /// <summary>Right to run: the rules that hold now (R1…R5) and for how long.</summary>
    public required ImmutableArray<string> Rights { get; init; }

    /// <summary>Leave to take over: granted rule, or the reasons against it.</summary>
    public required ImmutableArray<string> TakeoverRefusals { get; init; }

    /// <summary>Seconds until a takeover by silence is due; null when none is counted.</summary>
    public double? TakeoverInSeconds { get; init; }

    /// <summary>Watchdog in a few words.</summary>
    public required string Watchdog { get; init; }

    /// <summary>Storage of the protected VMs, verdict and reason; null when it is not probed.</summary>
    public string? Storage { get; init; }

    /// <summary>Gateway verdict.</summary>
    public required string Gateway { get; init; }

    /// <summary>Age of the newest answered probe, seconds; null when none.</summary>
    public double? GatewayAgeSeconds { get; init; }

    /// <summary>Links, in the order of the configuration.</summary>
    public required ImmutableArray<LinkStatus> Links { get; init; }

    /// <summary>The peer as last heard; null when never.</summary>
    public PeerStatus? Peer { get; init; }

    /// <summary>VMs of the own record.</summary>
    public required ImmutableArray<VmStatus> Vms { get; init; }

    /// <summary>What would happen if a host failed now, one for each host; none while the pool's records were not read.</summary>
    public ImmutableArray<FailureOutlook> Outlooks { get; init; } = [];

    /// <summary>Takeover step under way; empty when none.</summary>
    public string TakeoverStep { get; init; } = "";

    /// <summary>Datagrams and other input refused since the start, by reason.</summary>
    public ImmutableSortedDictionary<string, long> Counters { get; init; } = ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>Longest time the loop was late since the start, milliseconds.</summary>
    public double LoopLatenessMaxMs { get; init; }

    /// <summary>Lateness of the loop over the last hour; null when no turn was due in it.</summary>
    public LoopLateness? LoopLateness { get; init; }

    /// <summary>Scheduling, locked memory and OOM protection that the daemon got, and what it was refused.</summary>
    public string RealTime { get; init; } = "";

    /// <summary>Fence agents and the arbiter, as they were last tested.</summary>
    public ImmutableArray<ThirdPartyStatus> ThirdParties { get; init; } = [];

    /// <summary>What is wrong and should be looked at, although a failure is covered all the same.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];
}

/// <summary>How late the loop's due turns were over the last hour, milliseconds. Percentiles are rounded up.</summary>
public sealed record LoopLateness
{
    /// <summary>Turns that were due.</summary>
    public required long Turns { get; init; }

    /// <summary>Half of the turns were not later than this.</summary>
    public required double P50Ms { get; init; }

    /// <summary>99 % of the turns were not later than this.</summary>
    public required double P99Ms { get; init; }

    /// <summary>99.9 % of the turns were not later than this.</summary>
    public required double P999Ms { get; init; }

    /// <summary>The latest turn.</summary>
    public required double MaxMs { get; init; }

    /// <summary>What is later than this counts as a fault of the host.</summary>
    public required double LimitMs { get; init; }

    /// <summary>The histogram itself, ascending, empty buckets left out: for monitoring, and for differences.</summary>
    public ImmutableArray<LatenessBucket> Buckets { get; init; } = [];
}

/// <summary>One bucket of <see cref="LoopLateness"/>; it begins where the one before ends.</summary>
/// <param name="EndMs">Upper end, milliseconds.</param>
/// <param name="Turns">Turns in it.</param>
public sealed record LatenessBucket(double EndMs, long Turns);

/// <summary>One link.</summary>
/// <param name="Name">Name.</param>
/// <param name="Endpoints">Own and peer's endpoint.</param>
/// <param name="HeardAgeSeconds">Age of the newest heartbeat heard on it; null when never.</param>
public sealed record LinkStatus(string Name, string Endpoints, double? HeardAgeSeconds)
{
    /// <summary>What keeps the link's own input and output from working, by its adapter; null when nothing does.</summary>
    public string? Trouble { get; init; }
}

/// <summary>A fence agent or the arbiter.</summary>
/// <param name="Name">Name of the agent, or <c>arbiter</c>.</param>
/// <param name="Works">The newest test went well; null before the first.</param>
/// <param name="Detail">What it said, or what is wrong.</param>
/// <param name="WorkedAgeSeconds">Seconds since it last worked; null when it did not since the daemon started.</param>
public sealed record ThirdPartyStatus(string Name, bool? Works, string Detail, double? WorkedAgeSeconds);

/// <summary>The peer as last heard.</summary>
public sealed record PeerStatus
{
    /// <summary>HA state it said.</summary>
    public required string State { get; init; }

    /// <summary>Age of the newest heartbeat, one way or not, seconds.</summary>
    public double? HeardAgeSeconds { get; init; }

    /// <summary>Age of the newest heartbeat that proved a round trip, seconds.</summary>
    public double? FreshAgeSeconds { get; init; }

    /// <summary>Age of the newest own heartbeat that the peer acknowledged, seconds.</summary>
    public double? AckedAgeSeconds { get; init; }

    /// <summary>The peer is known to be bound.</summary>
    public required bool Bound { get; init; }

    /// <summary>Its gateway verdict is fresh.</summary>
    public required bool GatewayFresh { get; init; }

    /// <summary>It could take over.</summary>
    public required bool Fit { get; init; }

    /// <summary>XAPI's role: master or slave.</summary>
    public required string Role { get; init; }

    /// <summary>Epoch.</summary>
    public required long Epoch { get; init; }

    /// <summary>Guests that run on it; -1 when unknown.</summary>
    public required int RunningCount { get; init; }

    /// <summary>Configuration agrees.</summary>
    public required bool ConfigAgrees { get; init; }

    /// <summary>Sections of the configuration that differ, as far as that can be told; empty when it agrees.</summary>
    public ImmutableArray<string> ConfigDiffers { get; init; } = [];
}

/// <summary>One VM.</summary>
/// <param name="Uuid">VM.uuid.</param>
/// <param name="Name">VM.name_label.</param>
/// <param name="Protected">Protected by the policy.</param>
/// <param name="Wanted">To be kept running.</param>
/// <param name="On">Name of the host it runs on, by the hypervisors' own lists; empty when on none.</param>
public sealed record VmStatus(Guid Uuid, string Name, bool Protected, bool Wanted, string On)
{
    /// <summary>VM.ha_restart_priority, in words; empty when not known.</summary>
    public string Priority { get; init; } = "";

    /// <summary>Memory that a start needs, bytes; 0 when not known.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>Why a protected VM that is wanted stays down; empty when it runs, or is being started.</summary>
    public string Why { get; init; } = "";
}
