namespace TwoNodeHa.Core.Config;

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

/// <summary>The one choice that gateway pings force on a lone host (protocol.md, "The one choice of a lone host").</summary>
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

/// <summary>On which host the pool's master should be.</summary>
public enum PreferMaster
{
    /// <summary>Where it is.</summary>
    None,

    /// <summary>Where fewer protected VMs of class restart run: the death of a master costs its VMs a promotion more.</summary>
    Emptier,
}

/// <summary>What becomes of the VMs that a maintenance moved away.</summary>
public enum Failback
{
    /// <summary>They stay where they are, and are named.</summary>
    Manual,

    /// <summary>They are migrated back, live, when the pair has been whole for a while.</summary>
    Auto,
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

    /// <summary>
    /// How long the toolstack of a booting host is held back while neither the peer nor the gateway was ever heard; 8 to 600 s.
    /// A switch port that spanning tree keeps closed takes 30 s and more.
    /// </summary>
    public TimeSpan BootGuardWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a master that was emptied, and goes down in order, is waited for as the master that it stays; 0 to 3600 s, 0 for not at all:
    /// it hands the mastership over then, as one that runs VMs does.
    /// </summary>
    public TimeSpan MasterReturn { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>See <see cref="ProtectMode"/>.</summary>
    public ProtectMode Protect { get; init; } = ProtectMode.All;

    /// <summary>
    /// A plan may count on ballooning: running VMs and those to be started count with their dynamic minimum, as XAPI counts
    /// them. Else with their dynamic maximum. Without a dynamic range it is the same.
    /// </summary>
    public bool ShrinkMemory { get; init; } = true;

    /// <summary>See <see cref="Config.PreferMaster"/>.</summary>
    public PreferMaster PreferMaster { get; init; } = PreferMaster.None;

    /// <summary>
    /// Class A with a lease store, from <see cref="HaConfig.Arbiter"/>: R2 no longer counts, and a takeover by silence needs
    /// the lease (R3, T4).
    /// </summary>
    public bool UsesArbiter { get; init; }

    /// <summary>
    /// The arbiter is the storage itself, from <see cref="StorageConfig.ReservedLuns"/>: persistent reservations take the place of
    /// the lease. Only with <see cref="UsesArbiter"/>.
    /// </summary>
    public bool UsesReservation { get; init; }

    /// <summary>Safety class A: an arbiter or a fence agent tells which host may go on.</summary>
    public bool HasThirdParty => UsesArbiter || UsesFenceAgent;

    /// <summary>
    /// A host that hears nobody may have the gateway in sight beside a peer that is master and goes on: with a third party, which needs no
    /// A1, and with <see cref="Config.LoneStart.Hold"/>, where a sole host lives without the gateway. Who is alone is no master before it takes over.
    /// </summary>
    public bool AloneMayMeetMaster => HasThirdParty || LoneStart == LoneStart.Hold;

    /// <summary>
    /// Class A with fence agents, from <see cref="HaConfig.Fences"/>: a silent peer is switched off, and its confirmation gives
    /// leave (T3).
    /// </summary>
    public bool UsesFenceAgent { get; init; }

    /// <summary>
    /// How much later the lower of the two hosts orders the fence of the other, 0 to 60 s: longer than an order takes, or two
    /// hosts that only cannot hear each other switch each other off.
    /// </summary>
    public TimeSpan FenceDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Starts of one VM tried in a row before it is given up until something changes; 1 to 20.</summary>
    public int StartAttempts { get; init; } = 5;

    /// <summary>VMs started at the same time inside one level; 1 to 50.</summary>
    public int StartParallel { get; init; } = 4;

    /// <summary>See <see cref="Config.Failback"/>.</summary>
    public Failback Failback { get; init; } = Failback.Manual;

    /// <summary>
    /// How long the next level waits at most for the guest agents of the VMs that were started before it; 0 to 600 s, 0 for not
    /// at all.
    /// </summary>
    public TimeSpan StartReady { get; init; } = TimeSpan.Zero;
}
