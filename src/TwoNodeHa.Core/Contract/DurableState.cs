using System.Collections.Immutable;
using System.Text.Json.Serialization;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Contract;

/// <summary>The host's own record of a VM: what to restart, when XAPI's database is stale or silent.</summary>
public sealed record VmRecord
{
    /// <summary>VM.uuid.</summary>
    public required Guid Uuid { get; init; }

    /// <summary>VM.name_label.</summary>
    public required string Name { get; init; }

    /// <summary>Protected by the policy of the site.</summary>
    public required bool Protected { get; init; }

    /// <summary>It ran, and nobody stopped it through XAPI: it is to be kept running.</summary>
    public required bool Wanted { get; init; }

    /// <summary>An administrator's stop was under way when it was last seen; if it is found halted then, it stays down.</summary>
    public bool StopSeen { get; init; }

    /// <summary>Host on which it was last known to run; empty when never.</summary>
    public Guid LastOn { get; init; }

    /// <summary>VM.ha_restart_priority.</summary>
    public RestartPriority Priority { get; init; }

    /// <summary>VM.order.</summary>
    public int Order { get; init; }

    /// <summary>VM.start_delay.</summary>
    public TimeSpan StartDelay { get; init; }

    /// <summary>Memory a start needs, bytes.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>Class of its start.</summary>
    public VmClass Class { get; init; }

    /// <summary>Uuid of its vApp; empty when it is in none.</summary>
    public Guid Appliance { get; init; }

    /// <summary>The copy of XAPI's database on the peer's disk has it: it was read while the peer was master, or copied there since.</summary>
    [JsonPropertyName("PH")] // 3,000 records are to fit a slot of the state file.
    public bool PeerHas { get; init; }
}

/// <summary>A VM that an administrator deleted: an older copy of XAPI's database, which still has it, is no reason to start it.</summary>
/// <param name="Uuid">VM.uuid.</param>
/// <param name="AtUnixMs">When it was missed, Unix milliseconds of the wall clock; 0 until the next look at that clock.</param>
public sealed record DeletedVm(Guid Uuid, long AtUnixMs);

/// <summary>The memory of handovers for the gateway's sake, as it outlives the daemon.</summary>
/// <param name="Count">How many; at least 1.</param>
/// <param name="NewestUnixMs">When the newest one began here, Unix milliseconds of the wall clock.</param>
public sealed record YieldJournal(int Count, long NewestUnixMs);

/// <summary>By which rule a takeover was decided (protocol.md, "Permit to take over").</summary>
public enum TakeoverRule
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>T1: the peer's own attestation.</summary>
    Attested = 1,

    /// <summary>T2: silence of a bound peer.</summary>
    Silence = 2,

    /// <summary>T3: a fence agent confirmed the peer's power off.</summary>
    PowerOff = 3,

    /// <summary>T4: the arbiter's lease was acquired.</summary>
    Arbiter = 4,

    /// <summary>T5: the operator's word.</summary>
    Operator = 5,

    /// <summary>T6: the peer's promise, and that it runs nothing.</summary>
    Promised = 6,
}

/// <summary>Steps of a takeover, in order. The numbers are on disk and never change.</summary>
public enum TakeoverStep
{
    /// <summary>No takeover under way.</summary>
    None = 0,

    /// <summary>Epoch and intent are being made durable.</summary>
    Intent = 1,

    /// <summary>Watchdog armed, peer's toolstack port rejected.</summary>
    Prepare = 2,

    /// <summary>Becoming master.</summary>
    Promote = 3,

    /// <summary>Waiting until this host's toolstack can start VMs.</summary>
    AwaitToolstack = 4,

    /// <summary>Resetting the power state of the VMs that the peer held.</summary>
    ResetPowerStates = 5,

    /// <summary>Releasing the storage locks of the peer.</summary>
    ReleaseLocks = 6,

    /// <summary>Starting protected VMs.</summary>
    StartVms = 7,

    /// <summary>Telling other hosts who is master.</summary>
    RecoverSlaves = 8,

    /// <summary>Finished.</summary>
    Done = 9,
}

/// <summary>Journal of a takeover: enough to continue or abandon it after a crash of the daemon.</summary>
public sealed record TakeoverJournal
{
    /// <summary>Epoch of this takeover.</summary>
    public required long Epoch { get; init; }

    /// <summary>Rule that gave leave.</summary>
    public required TakeoverRule Rule { get; init; }

    /// <summary>Step that was reached; every step is idempotent.</summary>
    public required TakeoverStep Step { get; init; }

    /// <summary>This host was master already, so nothing is promoted.</summary>
    public required bool WasMaster { get; init; }

    /// <summary>VMs that the peer held when the decision was taken.</summary>
    public required ImmutableArray<Guid> PeerHeld { get; init; }
}

/// <summary>
/// Everything that must survive a crash or a reboot. It is written as a whole, atomically; a safety-relevant
/// field counts only once <see cref="Version"/> was confirmed as durable.
/// </summary>
public sealed record DurableState
{
    /// <summary>Raised with every write.</summary>
    public long Version { get; init; }

    /// <summary>Counter of <see cref="Protocol.Incarnation"/>.</summary>
    public long Incarnation { get; init; }

    /// <summary>The state before this one was lost: whether HA is enabled must first be learned from the peer or the operator.</summary>
    public bool StateLost { get; init; }

    /// <summary>
    /// The record of VMs was begun anew and no pairing has followed: an empty peer may know VMs to be wanted that this host
    /// never saw run, and its word on them is taken.
    /// </summary>
    public bool RecordYoung { get; init; }

    /// <summary>The host is going down in order; true for the rest of this boot.</summary>
    public bool Departing { get; init; }

    /// <summary>It goes down emptied, and keeps the mastership: the peer waits for it. True until the daemon that said so ends.</summary>
    public bool KeepsMastership { get; init; }

    /// <summary>Epoch.</summary>
    public long Epoch { get; init; }

    /// <summary>Master of <see cref="Epoch"/>; empty before the first pairing.</summary>
    public Guid Master { get; init; }

    /// <summary>Counter of attestations, 0 before the first.</summary>
    public long Attestation { get; init; }

    /// <summary>The newest attestation stands: this host starts nothing.</summary>
    public bool Committed { get; init; }

    /// <summary>Highest attestation of the peer declined for good.</summary>
    public long Declined { get; init; }

    /// <summary>Generation of the HA switch; 0 when HA was never enabled here.</summary>
    public long SwitchGeneration { get; init; }

    /// <summary>HA is enabled.</summary>
    public bool Enabled { get; init; }

    /// <summary>Why HA was disabled, in the operator's words.</summary>
    public string DisabledReason { get; init; } = "";

    /// <summary>When HA is to be enabled again, Unix milliseconds of the wall clock; 0 for never.</summary>
    public long ReenableAtUnixMs { get; init; }

    /// <summary>Generation of the switch that the peer was last heard to have adopted.</summary>
    public long PeerSwitchGeneration { get; init; }

    /// <summary>Its position at <see cref="PeerSwitchGeneration"/>.</summary>
    public bool PeerEnabled { get; init; }

    /// <summary>
    /// The generation from which on HA has been disabled here without a break, where a later order gave the disablement another
    /// end; 0 when none did. A peer that adopted any of them knows that this host is not bound.
    /// </summary>
    public long DisabledFrom { get; init; }

    /// <summary>Counter of own promises.</summary>
    public long Promise { get; init; }

    /// <summary>The newest own promise stands.</summary>
    public bool PromiseStands { get; init; }

    /// <summary>The operator ended the maintenance; waiting for readmission.</summary>
    public bool WantsReadmission { get; init; }

    /// <summary>The peer's promise that this host leans on (R4); 0 when none.</summary>
    public long PeerPromise { get; init; }

    /// <summary>Highest promise of the peer that was given up.</summary>
    public long Readmitted { get; init; }

    /// <summary>Number of the own pause, 0 without one; <see cref="DisarmAcknowledged"/> says whether the peer holds for it.</summary>
    public long Disarm { get; init; }

    /// <summary>Highest number of an own pause: none is given out twice, or the acknowledgement of one could be taken for the next's.</summary>
    public long LastPause { get; init; }

    /// <summary>The newest pause was acknowledged: the peer holds until it hears this host armed again.</summary>
    public bool DisarmAcknowledged { get; init; }

    /// <summary>The peer is not bound: it paused, and this host acknowledged that; 0 when it is bound.</summary>
    public long PeerDisarm { get; init; }

    /// <summary>Highest pause of the peer that was acknowledged.</summary>
    public long PeerDisarmAck { get; init; }

    /// <summary>
    /// Host uuid of the peer that the fields below and above speak of; empty before the first start. What is known of one peer
    /// is never held against another.
    /// </summary>
    public Guid PeerUuid { get; init; }

    /// <summary>
    /// The peer is bound: by its newest word it runs on finite rights only and fences in time, or it gave its word that it runs
    /// nothing. False when it is not, and when nothing is known.
    /// </summary>
    public bool PeerBound { get; init; }

    /// <summary>The peer went down as the master that it stays, and was not heard as a member since.</summary>
    public bool PeerReturns { get; init; }

    /// <summary>Highest attestation of the peer that was heard; 0 before the first.</summary>
    public long PeerAttestation { get; init; }

    /// <summary>Incarnation counter of the peer, so that a recording of a dead daemon is never taken for it.</summary>
    public long PeerIncarnation { get; init; }

    /// <summary>A fence was decided and is not verified yet; a restarted daemon continues it.</summary>
    public bool FencePending { get; init; }

    /// <summary>Why the last fence was decided; empty when never.</summary>
    public string FenceReason { get; init; } = "";

    /// <summary>This daemon killed its toolstack and has not seen it run since: it is started again, whatever comes between.</summary>
    public bool ToolstackOwed { get; init; }

    /// <summary>Takeover under way; null when none.</summary>
    public TakeoverJournal? Takeover { get; init; }

    /// <summary>
    /// What the last takeover took from the peer, ordered by uuid: a database that lost its newest changes may show it there again.
    /// Empty once the peer showed any sign of life since: from then on its toolstack may run a VM that the database shows there.
    /// </summary>
    public ImmutableArray<Guid> TakenOver { get; init; } = [];

    /// <summary>An operator's maintenance of this host; null when none is.</summary>
    public MaintenanceJournal? Maintenance { get; init; }

    /// <summary>The VM records, ordered by uuid.</summary>
    public ImmutableArray<VmRecord> Vms { get; init; } = [];

    /// <summary>VMs that were in the record until XAPI's database had them no more, the newest last.</summary>
    public ImmutableArray<DeletedVm> Deleted { get; init; } = [];

    /// <summary>Handovers for the gateway's sake: what <see cref="Situation.YieldRecord"/> begins with after a restart; null when none is known.</summary>
    public YieldJournal? Yields { get; init; }
}
