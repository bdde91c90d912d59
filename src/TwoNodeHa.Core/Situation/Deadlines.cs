using System.Collections.Immutable;

namespace TwoNodeHa.Core.Situation;

/// <summary>
/// The patience of the decision code where the site cannot configure it: bounds of commands, waits, spacings. What the site
/// configures is in <see cref="Config.TimingConfig"/>.
/// </summary>
public static partial class Deadlines
{
    /// <summary>VM.start and what it has to wait for; longer than this a start hangs.</summary>
    public static readonly TimeSpan VmStart = TimeSpan.FromSeconds(120);

    /// <summary>A start that lasts longer than this holds the next level back no more.</summary>
    public static readonly TimeSpan StartHoldsLevel = TimeSpan.FromSeconds(60);

    /// <summary>A VM on which XAPI has an operation in progress that ends with it running is looked at again after this.</summary>
    public static readonly TimeSpan BusyVm = TimeSpan.FromSeconds(10);

    /// <summary>VM.pool_migrate: a large guest that writes much takes long; XAPI bounds the pause itself.</summary>
    public static readonly TimeSpan Move = TimeSpan.FromMinutes(30);

    /// <summary>host.enable and host.disable.</summary>
    public static readonly TimeSpan SwitchHost = TimeSpan.FromSeconds(20);

    /// <summary>After host.enable the database shows it within this.</summary>
    public static readonly TimeSpan HostEnabled = TimeSpan.FromSeconds(10);

    /// <summary>Failed steps, restarts of the toolstack among them, after which a takeover goes on with its host disabled.</summary>
    public const int EnableTries = 4;

    /// <summary>A pair is whole for so long before VMs come back after a maintenance.</summary>
    public static readonly TimeSpan Homecoming = TimeSpan.FromSeconds(60);

    /// <summary>Migrations of one VM that fail before a maintenance is given up.</summary>
    public const int MoveTries = 3;

    /// <summary>A VM that runs nowhere is started after this long: a migration or an administrator's restart passes.</summary>
    public static readonly TimeSpan Orphan = TimeSpan.FromSeconds(8);

    /// <summary>A start that was given up is tried again after this long, then after twice that, and so on.</summary>
    public static readonly TimeSpan GivenUpStart = TimeSpan.FromSeconds(60);

    /// <summary>Longest rest of a start that was given up.</summary>
    public static readonly TimeSpan GivenUpStartMax = TimeSpan.FromMinutes(15);

    /// <summary>The hypervisor's list shows a VM that was started within this time.</summary>
    public static readonly TimeSpan StartIsShown = TimeSpan.FromSeconds(10);

    /// <summary>Longest wait between two tries to start a VM.</summary>
    public static readonly TimeSpan StartRetryMax = TimeSpan.FromSeconds(30);

    /// <summary>pool.designate_new_master: usable again after 15 to 60 s (xapi.md 4.5).</summary>
    public static readonly TimeSpan HandOver = TimeSpan.FromSeconds(60);

    /// <summary>The peer hears of a departure within this time, or cannot be told.</summary>
    public static readonly TimeSpan DepartureTold = TimeSpan.FromSeconds(5);

    /// <summary>A host that still runs VMs after this long is not going down.</summary>
    public static readonly TimeSpan Departure = TimeSpan.FromMinutes(15);

    /// <summary>How long the boot guard waits for the peer. A switch port may take seconds to forward.</summary>
    public static readonly TimeSpan BootGuard = TimeSpan.FromSeconds(8);

    /// <summary>
    /// How old a reading of the toolstack may be that a booting host's role is written by: less than the 3 s without an answer after
    /// which the guard gives up and the toolstack starts.
    /// </summary>
    public static readonly TimeSpan GuardReading = TimeSpan.FromSeconds(2);

    /// <summary>How long the end of the daemon waits for the peer's acknowledgement.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(2.5);

    /// <summary>How long a new daemon waits for the first list of its hypervisor before it assumes that VMs run.</summary>
    public static readonly TimeSpan FirstList = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a write of the state may take before a new daemon whose peer says "disabled" fences all the same, and before a
    /// fenced host that cannot attest is reset.
    /// </summary>
    public static readonly TimeSpan SlowDisk = TimeSpan.FromSeconds(30);

    /// <summary>A write of the state that is not answered for this long is trouble; a disk that is merely busy answers sooner.</summary>
    public static readonly TimeSpan DiskLate = TimeSpan.FromSeconds(5);

    /// <summary>A failed write of the state is tried again after this long.</summary>
    public static readonly TimeSpan DiskRetry = TimeSpan.FromSeconds(1);

    /// <summary>A call to the hypervisor or to systemd during a fence.</summary>
    public static readonly TimeSpan FenceTool = TimeSpan.FromSeconds(1);

    /// <summary>A local call of the toolstack, or a write of its role file.</summary>
    public static readonly TimeSpan RoleFile = TimeSpan.FromSeconds(5);

    /// <summary>Start, stop or restart of the toolstack's unit, and VM.power_state_reset.</summary>
    public static readonly TimeSpan ToolstackUnit = TimeSpan.FromSeconds(20);

    /// <summary>The toolstack comes up as master within this time from its start, or is restarted; doubled each time.</summary>
    public static readonly TimeSpan Promotion = TimeSpan.FromMinutes(4);

    /// <summary>Longest patience with a toolstack; a start-up that visibly goes on is given all of it.</summary>
    public static readonly TimeSpan PromotionMax = TimeSpan.FromMinutes(30);

    /// <summary>Blocking the peer's toolstack port.</summary>
    public static readonly TimeSpan BlockPeer = TimeSpan.FromSeconds(1);

    /// <summary>Unblocking it.</summary>
    public static readonly TimeSpan UnblockPeer = TimeSpan.FromSeconds(2);

    /// <summary>A failed step of a takeover is tried again after this long; a power state that was not reset too, then after twice that, and so on.</summary>
    public static readonly TimeSpan StepRetry = TimeSpan.FromSeconds(0.5);

    /// <summary>Release of a dead host's storage locks.</summary>
    public static readonly TimeSpan ReleaseLocks = TimeSpan.FromSeconds(60);

    /// <summary>PBD.plug: a backend that waits for a dead server takes minutes; its answer is not waited for.</summary>
    public static readonly TimeSpan PlugStorage = TimeSpan.FromSeconds(120);

    /// <summary>A path that could not be plugged is tried again after this long, then after twice that, and so on.</summary>
    public static readonly TimeSpan PlugRest = TimeSpan.FromSeconds(5);

    /// <summary>Longest rest between two tries.</summary>
    public static readonly TimeSpan PlugRestMax = TimeSpan.FromSeconds(60);

    /// <summary>pool.recover_slaves.</summary>
    public static readonly TimeSpan RecoverSlaves = TimeSpan.FromSeconds(30);

    /// <summary>A failed change of the own role is tried again after this long.</summary>
    public static readonly TimeSpan RoleRetry = TimeSpan.FromSeconds(2);

    /// <summary>A toolstack that was just started is left alone for this long.</summary>
    public static readonly TimeSpan RoleStarted = TimeSpan.FromSeconds(1);

    /// <summary>A toolstack that is down when a host begins to join is started after this long.</summary>
    public static readonly TimeSpan ToolstackIsDown = TimeSpan.FromSeconds(0.5);

    /// <summary>A VM that the database shows here and the hypervisor does not is a ghost after this long.</summary>
    public static readonly TimeSpan Ghost = TimeSpan.FromSeconds(90);

    /// <summary>A role that contradicts the epoch is believed after this long.</summary>
    public static readonly TimeSpan RoleConfusion = TimeSpan.FromSeconds(5);

    /// <summary>
    /// After this without a master on either host the epoch's one is promoted again. A handover leaves the pool without one for
    /// some seconds, and each host learns of it by a reading that is up to 7 s old.
    /// </summary>
    public static readonly TimeSpan MasterLost = TimeSpan.FromSeconds(15);

    /// <summary>One order to the arbiter.</summary>
    public static readonly TimeSpan Arbiter = Config.ArbiterConfig.CallBound;

    /// <summary>Between two orders to a third party.</summary>
    public static readonly TimeSpan ThirdPartySpacing = Config.ArbiterConfig.Spacing;

    /// <summary>
    /// How long a confirmed "off" counts. A host that is switched on needs longer than this until its toolstack could start a VM.
    /// </summary>
    public static readonly TimeSpan PowerOffCounts = TimeSpan.FromSeconds(20);

    /// <summary>Between two readings of the power of a peer that is not to be switched off.</summary>
    public static readonly TimeSpan PowerReading = TimeSpan.FromSeconds(10);

    /// <summary>The kernel of a host that is called off is asked through this time: it may be the board of another host.</summary>
    public static readonly TimeSpan PowerOffQuiet = Config.FenceConfig.Quiet;

    /// <summary>With the peer silent and the store unseen for longer, the store may have gone back unnoticed.</summary>
    public static readonly TimeSpan ArbiterSight = TimeSpan.FromSeconds(10);

    /// <summary>Between two probes or heartbeats in doubt.</summary>
    public static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(75);

    /// <summary>Between two readings while nothing happens: a process and a few calls each, and events tell sooner.</summary>
    public static readonly TimeSpan QuietReading = TimeSpan.FromSeconds(5);

    /// <summary>Between two questions to a peer whose kernel answers.</summary>
    public static readonly TimeSpan PeerProbeRest = Config.TimingRules.PeerProbeRest;

    /// <summary>A reading of the hypervisor or of the toolstack.</summary>
    public static readonly TimeSpan Reading = TimeSpan.FromSeconds(2);

    /// <summary>A reading of the toolstack's database.</summary>
    public static readonly TimeSpan DatabaseReading = TimeSpan.FromSeconds(5);

    /// <summary>What the database said is too old to say whether the VMs fit.</summary>
    public static readonly TimeSpan RecordsAreOld = TimeSpan.FromMinutes(2);

    /// <summary>A change of what is covered is told when it has lasted this long: VMs that start or move turn it for moments.</summary>
    public static readonly TimeSpan CoverageLasts = TimeSpan.FromSeconds(20);

    /// <summary>The other host must be the better master for this long before the mastership is handed over.</summary>
    public static readonly TimeSpan PreferenceLasts = TimeSpan.FromMinutes(10);

    /// <summary>Between two such offers.</summary>
    public static readonly TimeSpan PreferencePause = TimeSpan.FromHours(1);

    /// <summary>Between two copies of the toolstack's database to the peer, and the bound of one.</summary>
    public static readonly TimeSpan DatabaseSync = TimeSpan.FromSeconds(20);

    /// <summary>Between two copies while VMs move: a host that is evacuated moves many.</summary>
    public static readonly TimeSpan SyncAfterMove = TimeSpan.FromSeconds(2);

    /// <summary>Between two readings of the hypervisor while a VM stands on both hosts' lists.</summary>
    public static readonly TimeSpan DoubleReading = TimeSpan.FromSeconds(0.5);

    /// <summary>The watchdog's timeout while the right to run has no end.</summary>
    public static readonly TimeSpan EndlessFeeding = TimeSpan.FromSeconds(60);

    /// <summary>Longest time between two feedings of the watchdog.</summary>
    public static readonly TimeSpan Feeding = TimeSpan.FromSeconds(0.5);

    /// <summary>Between two readings of the hypervisor on a host that has given its word that nothing runs, and is heard.</summary>
    public static readonly TimeSpan WordReading = TimeSpan.FromSeconds(0.3);

    /// <summary>An attestation is spoken by a list that is not older than this: an unheard host reads every 2 s, and a reading may take 2 s.</summary>
    public static readonly TimeSpan WordListAge = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A list of the hypervisor that is older than this says nothing: two <see cref="QuietReading"/>s and the bound of a reading may
    /// lie between two lists of a machine that works.
    /// </summary>
    public static readonly TimeSpan ListAge = TimeSpan.FromSeconds(15);

    /// <summary>The longest sleep of the loop.</summary>
    public static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(1);

    /// <summary>Between two events about a late loop: a starved host has enough to do.</summary>
    public static readonly TimeSpan LatenessSpacing = TimeSpan.FromMinutes(1);

    /// <summary>Between two events about answers to commands that are not open.</summary>
    public static readonly TimeSpan UnknownAnswerSpacing = TimeSpan.FromMinutes(1);

    /// <summary>How long a late loop is shown: as long as the histogram of the loop looks back.</summary>
    public static readonly TimeSpan LatenessShown = TimeSpan.FromHours(1);

    /// <summary>Between two events about rejected heartbeats.</summary>
    public static readonly TimeSpan RejectedSpacing = TimeSpan.FromMinutes(1);

    /// <summary>Behind a mended path, probes have at least this long to be answered before a host yields.</summary>
    public static readonly TimeSpan MendedPath = TimeSpan.FromSeconds(1);

    /// <summary>For so long after a handover for the gateway's sake the next one needs more; doubled with each one.</summary>
    public static readonly TimeSpan YieldRest = TimeSpan.FromMinutes(10);

    /// <summary>No copy of XAPI's database that a member begins with is older: a VM that was deleted before is forgotten.</summary>
    public static readonly TimeSpan DeletedMemory = TimeSpan.FromDays(7);

    /// <summary>So many deleted VMs are remembered, the newest.</summary>
    public const int DeletedMax = 64;

    /// <summary>The wall clock was set by more than this: what is noted by it is noted anew.</summary>
    public static readonly TimeSpan WallClockSet = TimeSpan.FromMinutes(5);

    /// <summary>Handovers longer ago than this are forgotten.</summary>
    public static readonly TimeSpan YieldMemory = TimeSpan.FromHours(24);

    /// <summary>During the rest, a loss must last this many times longer, for each handover before it.</summary>
    public const int YieldRestFactor = 6;

    /// <summary>Handovers after which neither that time nor the rest grows.</summary>
    public const int YieldCountMax = 4;

    /// <summary>Probe rounds without an answer that make the gateway doubtful.</summary>
    public const int DoubtfulRounds = 2;

    /// <summary>Probe rounds without an answer after which a host yields: at 10 % loss each way about 1 in 10^8.</summary>
    public const int YieldRounds = 12;

    /// <summary>
    /// Rounds without an answer after which a host no longer says that it has the gateway. Sooner than it would yield: of
    /// two hosts that lose it together, each must hear that from the other before it could yield to it.
    /// </summary>
    public const int DenyRounds = YieldRounds / 2;

    /// <summary>Drift between the clocks of the arbiter's two holders, as a factor.</summary>
    internal const double ArbiterDrift = Config.ArbiterConfig.Drift;

    /// <summary>The waits that an operator may meet, as <c>ha-ctl timeline</c> prints them.</summary>
    public static ImmutableArray<(TimeSpan Span, string What)> Printed { get; } =
    [
        (VmStart, "a VM start that takes longer counts as hung; twice the VM's own start delay is added"),
        (Orphan, "a protected VM that runs nowhere is started after this"),
        (GivenUpStart, "a start that was given up is tried again after this, doubled each time"),
        (GivenUpStartMax, "and at the latest after this; at once when memory, storage, peer or toolstack got better"),
        (HandOver, "a departing master hands over within this, or its peer promotes itself"),
        (MasterLost, "a pool without a master, both hosts being up, gets the one of its epoch again after this"),
        (Departure, "a host that shuts down but still runs VMs counts as staying after this"),
        (BootGuard, "a booting host holds its toolstack back this long, waiting for the peer"),
        (Pause, "a stopping daemon waits this long for the peer's acknowledgement"),
        (Promotion, "a toolstack that does not come up as master is restarted after this, doubled each time"),
        (PromotionMax, "the same while its start-up visibly goes on"),
        (PlugRestMax, "shared storage that is not plugged is tried again after this at most"),
        (PowerOffCounts, "a fence agent's word that the peer is off counts this long"),
        (YieldRest, "after a handover for the gateway's sake the next one needs a longer loss for this, doubled"),
        (Ghost, "a VM that XAPI shows here and the hypervisor does not counts as gone after this"), .. OfUpdates,
    ];
}
