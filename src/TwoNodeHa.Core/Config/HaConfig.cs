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

/// <summary>The timing rules of both hosts. All values are durations on a monotonic clock.</summary>
public sealed record TimingConfig
{
    /// <summary>Name of the profile the values started from: fast, balanced or patient.</summary>
    public required string Profile { get; init; }

    /// <summary>Time between two heartbeats on each link.</summary>
    public required TimeSpan HeartbeatInterval { get; init; }

    /// <summary>Heartbeats in a row that may be lost without any effect.</summary>
    public required int LossesTolerated { get; init; }

    /// <summary>Longest stall (scheduling, storage, round trip) of either host that must have no effect.</summary>
    public required TimeSpan StallTolerance { get; init; }

    /// <summary>K: from "decide to fence" to "verified that nothing runs and no back-end writes", else reset.</summary>
    public required TimeSpan KillBound { get; init; }

    /// <summary>A3: bound of the drift between the two monotonic clocks, parts per million.</summary>
    public required int ClockDriftPpm { get; init; }

    /// <summary>Added to the bound of the takeover delay for what the formula does not know.</summary>
    public required TimeSpan Margin { get; init; }

    /// <summary>Longest time by which loss of the gateway may trail loss of the links (reconvergence of switches).</summary>
    public required TimeSpan StaggerTolerance { get; init; }

    /// <summary>T: silence of the peer after which a takeover is due. Computed unless configured; never below its bound.</summary>
    public required TimeSpan TakeoverDelay { get; init; }

    /// <summary>Timeout of a watchdog that cannot take one per feeding; zero when it can.</summary>
    public required TimeSpan FixedWatchdog { get; init; }

    /// <summary>S: soft end of the lease, counted from the send time of the newest acknowledged heartbeat.</summary>
    public TimeSpan Lease => ((LossesTolerated + 1) * HeartbeatInterval) + StallTolerance;

    /// <summary>f: how fresh an attestation must be for T1: two intervals plus link delay.</summary>
    public TimeSpan AttestWindow => (2 * HeartbeatInterval) + TimeSpan.FromMilliseconds(200);

    /// <summary>How long something heard one way, or a sign of life, keeps a takeover by silence away.</summary>
    public TimeSpan QuietWindow => Lease + HeartbeatInterval;

    /// <summary>
    /// Lateness of the loop above which the host counts as starved. A late heartbeat eats the stall tolerance, a late
    /// fence eats the margin: half of the smaller one is left for everything else.
    /// </summary>
    public TimeSpan LatenessLimit => (StallTolerance <= Margin ? StallTolerance : Margin) / 2;

    /// <summary>What one fence costs the taker's wait: K, or the fixed watchdog where that is longer.</summary>
    public TimeSpan FenceBound => KillBound >= FixedWatchdog ? KillBound : FixedWatchdog;
}

/// <summary>What becomes of the VMs of a host that is shut down or rebooted in order.</summary>
public enum OnHostShutdown
{
    /// <summary>The peer starts them as soon as they have stopped.</summary>
    Failover,

    /// <summary>They wait for the host.</summary>
    Wait,
}

/// <summary>Reaction of a host that lost its gateway while its fit peer has one.</summary>
public enum OnGatewayLoss
{
    /// <summary>Fence attested, so that the peer takes over at once.</summary>
    Yield,

    /// <summary>Keep running and raise an alert.</summary>
    Stay,
}

/// <summary>Reaction to silence of a peer that may be alive.</summary>
public enum OnAmbiguous
{
    /// <summary>Keep what runs and ask the operator.</summary>
    Hold,

    /// <summary>Take over all the same; not safe, and said so by the check.</summary>
    Takeover,
}

/// <summary>The one choice that gateway pings force on a lone host (design, section 3).</summary>
public enum LoneStart
{
    /// <summary>A lone cold start takes over; then a sole host fences when it loses the gateway.</summary>
    Takeover,

    /// <summary>A lone cold start holds and asks; then a sole host lives through a gateway outage.</summary>
    Hold,
}

/// <summary>What a host does with itself once its VMs are verified dead.</summary>
public enum FenceAction
{
    /// <summary>Stay up with nothing running, and rejoin when the network is back.</summary>
    Kill,

    /// <summary>Reboot at once.</summary>
    Reboot,

    /// <summary>Power off.</summary>
    PowerOff,
}

/// <summary>Which VMs are protected.</summary>
public enum ProtectMode
{
    /// <summary>Every VM that is not a template, snapshot or control domain, unless marked <c>false</c>.</summary>
    All,

    /// <summary>VMs with ha_restart_priority set or with HA-Lizard's custom field <c>true</c>.</summary>
    Marked,
}

/// <summary>Choices of the site.</summary>
public sealed record PolicyConfig
{
    /// <summary>See <see cref="Config.OnHostShutdown"/>.</summary>
    public OnHostShutdown OnHostShutdown { get; init; } = OnHostShutdown.Failover;

    /// <summary>See <see cref="Config.OnGatewayLoss"/>.</summary>
    public OnGatewayLoss OnGatewayLoss { get; init; } = OnGatewayLoss.Yield;

    /// <summary>See <see cref="Config.OnAmbiguous"/>.</summary>
    public OnAmbiguous OnAmbiguous { get; init; } = OnAmbiguous.Hold;

    /// <summary>See <see cref="Config.LoneStart"/>.</summary>
    public LoneStart LoneStart { get; init; } = LoneStart.Takeover;

    /// <summary>See <see cref="Config.FenceAction"/>.</summary>
    public FenceAction FenceAction { get; init; } = FenceAction.Kill;

    /// <summary>See <see cref="ProtectMode"/>.</summary>
    public ProtectMode Protect { get; init; } = ProtectMode.All;

    /// <summary>
    /// Class A with a lease store: R2 no longer counts, and a takeover by silence needs the lease (R3, T4). There is no
    /// adapter and so no key for it yet.
    /// </summary>
    public bool UsesArbiter { get; init; }

    /// <summary>Class A with a fence agent: a silent peer is switched off, and its confirmation gives leave (T3). No key yet.</summary>
    public bool UsesFenceAgent { get; init; }

    /// <summary>Starts of one VM tried in a row before it is given up until something changes; 1 to 20.</summary>
    public int StartAttempts { get; init; } = 5;

    /// <summary>VMs started at the same time inside one level; 1 to 50.</summary>
    public int StartParallel { get; init; } = 4;
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

/// <summary>Where things are. Defaults are those of XenServer 8 / XCP-ng 8 dom0.</summary>
public sealed record PathsConfig
{
    /// <summary>The shared key, mode 0600, at least 32 bytes.</summary>
    public string KeyFile { get; init; } = "/etc/twonodeha/key";

    /// <summary>Directory of the durable state; survives reboots.</summary>
    public string StateDirectory { get; init; } = "/var/lib/twonodeha";

    /// <summary>Directory of the lease record; must not survive a reboot (tmpfs).</summary>
    public string RunDirectory { get; init; } = "/run/twonodeha";

    /// <summary>Control socket of the daemon.</summary>
    public string ControlSocket { get; init; } = "/run/twonodeha/control.sock";

    /// <summary>XAPI's local unix socket (constants.ml).</summary>
    public string XapiSocket { get; init; } = "/var/lib/xcp/xapi";

    /// <summary>XAPI's role file (pool_role.ml).</summary>
    public string PoolRoleFile { get; init; } = "/etc/xensource/pool.conf";

    /// <summary>Ready file of the toolstack, touched as its last start-up step.</summary>
    public string InitCompleteCookie { get; init; } = "/var/run/xapi_init_complete.cookie";

    /// <summary>Inventory file that holds INSTALLATION_UUID.</summary>
    public string InventoryFile { get; init; } = "/etc/xensource-inventory";
}

/// <summary>Commands of dom0 that the daemon runs; the first word is a path, the others are arguments.</summary>
public sealed record ToolsConfig
{
    /// <summary>Lists the domains by hypercall.</summary>
    public string ListDomains { get; init; } = "/usr/bin/list_domains";

    /// <summary>Destroys a domain directly; the domid is appended.</summary>
    public string DestroyDomain { get; init; } = "/usr/sbin/xl destroy";

    /// <summary>
    /// Stops the toolstack at once, without its orderly shutdown. The domain builder is a service of its own (xenopsd-xc) and
    /// would finish a domain after xapi is dead: it goes too.
    /// </summary>
    public string KillToolstack { get; init; } = "/usr/bin/systemctl kill -s KILL xapi xenopsd-xc";

    /// <summary>Stops the toolstack's units.</summary>
    public string StopToolstack { get; init; } = "/usr/bin/systemctl stop xapi xenopsd-xc";

    /// <summary>Starts the toolstack's units.</summary>
    public string StartToolstack { get; init; } = "/usr/bin/systemctl start xenopsd-xc xapi";

    /// <summary>Releases storage locks; host uuid, SR uuid and, for the old master, <c>master</c> are appended.</summary>
    public string ReleaseLocks { get; init; } = "/opt/xensource/sm/resetvdis.py";

    /// <summary>Rejects TCP to an address; <c>add|delete ADDRESS</c> is appended. Empty: not used.</summary>
    public string BlockPeer { get; init; } = "";

    /// <summary>Resets the host at once; empty: sysrq <c>b</c>.</summary>
    public string ResetHost { get; init; } = "";

    /// <summary>Powers the host off at once; empty: sysrq <c>o</c>.</summary>
    public string PowerOffHost { get; init; } = "";
}

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

    /// <summary>Watchdog.</summary>
    public required WatchdogConfig Watchdog { get; init; }

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

    /// <summary>Choices of the site.</summary>
    public PolicyConfig Policy { get; } = Config.Policy;

    /// <summary>Fingerprint of all shared values that both hosts must agree on; see <see cref="ConfigFingerprint"/>.</summary>
    public ulong Fingerprint { get; } = ConfigFingerprint.Of(Config);
}
