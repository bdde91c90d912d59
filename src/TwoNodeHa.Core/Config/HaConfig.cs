using System.Collections.Immutable;
using System.Net;

namespace TwoNodeHa.Core.Config;

/// <summary>One of the two hosts of the pool, as both configuration files name it.</summary>
/// <param name="Name">Short name used in messages and as key inside <c>[link]</c> sections.</param>
/// <param name="Uuid">XAPI's uuid of the host (INSTALLATION_UUID of /etc/xensource-inventory).</param>
/// <param name="Address">Management address, as XAPI knows it (Host.address).</param>
public sealed record HostConfig(string Name, Guid Uuid, IPAddress Address);

/// <summary>One way on which the two daemons hear each other: a UDP path with an endpoint on each host.</summary>
/// <param name="Name">Name of the link in messages, for example <c>mgmt</c> or <c>crossover</c>.</param>
/// <param name="First">Endpoint of the first host of <see cref="HaConfig.Hosts"/>.</param>
/// <param name="Second">Endpoint of the second host.</param>
public sealed record LinkConfig(string Name, IPEndPoint First, IPEndPoint Second);

/// <summary>
/// A link over shared storage: one slot per host (<see cref="Protocol.DiskSlot"/>), in the order of
/// <see cref="HaConfig.Hosts"/>, from the start of a file or block device that both hosts reach.
/// </summary>
/// <param name="Name">Name of the link in messages.</param>
/// <param name="Path">Absolute path, the same on both hosts.</param>
public sealed record DiskLinkConfig(string Name, string Path);

/// <summary>The addresses outside the pool whose answer proves that this host still has a network.</summary>
public sealed record GatewayConfig
{
    /// <summary>Addresses probed with ICMP echo; one to eight.</summary>
    public required ImmutableArray<IPAddress> Addresses { get; init; }

    /// <summary>How many of <see cref="Addresses"/> must answer; 1 is "any", the count is "all".</summary>
    public required int Require { get; init; }

    /// <summary>Time between two probe rounds while all answer; 0.1 s to 5 s.</summary>
    public required TimeSpan ProbeInterval { get; init; }

    /// <summary>Soft end of the right that leans on the gateway, counted from the send time of the newest answered probe.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>
    /// How long the gateway must be away, with the peer heard all that time, before this host hands over to it; 1 s to 600 s.
    /// Not a matter of safety: both hosts hear each other meanwhile.
    /// </summary>
    public TimeSpan YieldAfter { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>Kind of watchdog.</summary>
public enum WatchdogKind
{
    /// <summary>None, written by the admin; the safety class shown says what that costs.</summary>
    None,

    /// <summary>A Linux watchdog device, driven by ioctl (linux/watchdog.h).</summary>
    Device,

    /// <summary>A watchdog multiplexer behind a unix datagram socket that takes a timeout with every feeding.</summary>
    Socket,
}

/// <summary>The watchdog of this host.</summary>
/// <param name="Kind">Kind of watchdog.</param>
/// <param name="Path">Device or socket path; empty for none.</param>
public sealed record WatchdogConfig(WatchdogKind Kind, string Path);

/// <summary>A validated configuration: the same text on both hosts.</summary>
public sealed record HaConfig
{
    /// <summary>The two hosts, ordered by name.</summary>
    public required ImmutableArray<HostConfig> Hosts { get; init; }

    /// <summary>The UDP links, in the order of the file; one to eight.</summary>
    public required ImmutableArray<LinkConfig> Links { get; init; }

    /// <summary>The disk links, in the order of the file. Their indexes follow those of <see cref="Links"/>.</summary>
    public ImmutableArray<DiskLinkConfig> DiskLinks { get; init; } = [];

    /// <summary>Number of links of both kinds; at most eight.</summary>
    public int LinkCount => Links.Length + DiskLinks.Length;

    /// <summary>Name of a link by its index: UDP links first, then disk links.</summary>
    public string LinkName(int index) => index < Links.Length ? Links[index].Name : DiskLinks[index - Links.Length].Name;

    /// <summary>Gateway probing.</summary>
    public required GatewayConfig Gateway { get; init; }

    /// <summary>Timing rules.</summary>
    public required TimingConfig Timing { get; init; }

    /// <summary>Choices of the site.</summary>
    public required PolicyConfig Policy { get; init; }

    /// <summary>Probing of the storage of the protected VMs.</summary>
    public StorageConfig Storage { get; init; } = new();

    /// <summary>Fence agents, in the order of the file; empty for none. Both hosts have one, or none has.</summary>
    public ImmutableArray<FenceConfig> Fences { get; init; } = [];

    /// <summary>The arbiter; null for none.</summary>
    public ArbiterConfig? Arbiter { get; init; }

    /// <summary>Watchdog.</summary>
    public required WatchdogConfig Watchdog { get; init; }

    /// <summary>Where events go besides the journal.</summary>
    public AlertsConfig Alerts { get; init; } = new();

    /// <summary>Paths.</summary>
    public required PathsConfig Paths { get; init; }

    /// <summary>Tools of dom0.</summary>
    public required ToolsConfig Tools { get; init; }
}

/// <summary>A configuration seen from one of its two hosts.</summary>
/// <param name="Config">The shared configuration.</param>
/// <param name="SelfIndex">0 or 1: which of <see cref="HaConfig.Hosts"/> this host is.</param>
public sealed record LocalConfig(HaConfig Config, int SelfIndex)
{
    /// <summary>This host.</summary>
    public HostConfig Self { get; } = Config.Hosts[SelfIndex];

    /// <summary>The other host.</summary>
    public HostConfig Peer { get; } = Config.Hosts[1 - SelfIndex];

    /// <summary>Timing rules.</summary>
    public TimingConfig Timing { get; } = Config.Timing;

    /// <summary>What follows from them.</summary>
    public TimingRules Rules { get; } = TimingRules.Of(Config);

    /// <summary>Choices of the site.</summary>
    public PolicyConfig Policy { get; } = Config.Policy;

    /// <summary>Longest time that an order to switch the peer off may take: its agents are tried one behind the other.</summary>
    public TimeSpan FenceDeadline { get; } = Config.Fences.Where(fence => fence.Host != SelfIndex)
        .Aggregate(TimeSpan.Zero, (sum, fence) => sum + fence.Timeout) is { Ticks: > 0 } sum ? sum : FenceConfig.DefaultOrder;

    /// <summary>Fingerprint of all shared values that both hosts must agree on; see <see cref="ConfigFingerprint"/>.</summary>
    public ulong Fingerprint { get; } = ConfigFingerprint.Of(Config);
}
