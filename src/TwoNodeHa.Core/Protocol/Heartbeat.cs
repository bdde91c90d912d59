using System.Collections.Immutable;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Protocol;

/// <summary>One start of a daemon: a persisted, rising counter and a nonce. A lower counter is a dead daemon's.</summary>
/// <param name="Counter">Raised and persisted at every start, before the first heartbeat.</param>
/// <param name="Nonce">Random value of this start; echoed by the peer, so that an old recording can never prove a round trip.</param>
public readonly record struct Incarnation(long Counter, ulong Nonce)
{
    /// <summary>No incarnation known.</summary>
    public static readonly Incarnation None;

    /// <summary>True when no incarnation is known.</summary>
    public bool IsNone => Counter == 0;
}

/// <summary>Yes/no facts and requests of a heartbeat.</summary>
[Flags]
public enum HeartbeatFlags : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The sender is bound: armed, watchdog fed by its lease. Only then may the peer count on its fence.</summary>
    Armed = 1 << 0,

    /// <summary>The sender's gateway verdict is fresh.</summary>
    GatewayFresh = 1 << 1,

    /// <summary>No fresh heartbeat of the receiver within the lease: "I do not hear you".</summary>
    Deaf = 1 << 2,

    /// <summary>A heartbeat of the receiver proved a round trip within the attest window: "I hear you, now".</summary>
    Near = 1 << 3,

    /// <summary>The sender could take over now: gateway, toolstack, storage, watchdog, no promise.</summary>
    Fit = 1 << 4,

    /// <summary>The sender's toolstack answers.</summary>
    ToolstackHealthy = 1 << 5,

    /// <summary>The sender reaches the storage of the protected VMs.</summary>
    StorageHealthy = 1 << 6,

    /// <summary>HA is enabled as the sender knows it (at <see cref="Heartbeat.SwitchGeneration"/>).</summary>
    Enabled = 1 << 7,

    /// <summary>The sender's promise stands, and it asks to be readmitted.</summary>
    WantsReadmission = 1 << 8,

    /// <summary>Everything protected and wanted runs on the sender.</summary>
    RunsEverything = 1 << 9,

    /// <summary>The sender intends to take over, not before <see cref="Heartbeat.TakeoverInMs"/>; also said while it holds.</summary>
    IntendsTakeover = 1 << 10,

    /// <summary>More VMs run on the sender than <see cref="Heartbeat.Running"/> can list.</summary>
    RunningTruncated = 1 << 11,

    /// <summary>The sender's toolstack believes to be master (role file and, where it answers, the process).</summary>
    IsMaster = 1 << 12,

    /// <summary>
    /// The sender's toolstack may have started a VM since the hypervisor's list that this heartbeat speaks from: it was up as a
    /// master then, or later. An attestation under this flag gives leave, but no VM is touched before the flag is gone.
    /// </summary>
    MayStart = 1 << 13,

    /// <summary>The sender's host is going down in order: what stops there was not stopped to stay down.</summary>
    Departing = 1 << 14,

    /// <summary>The sender goes down emptied and in order, and stays master: it asks to be waited for.</summary>
    Returns = 1 << 15,

    /// <summary>The sender's toolstack is newer than its master's, and so does not start: the mastership has to come to it.</summary>
    TooNew = 1 << 16,
}

/// <summary>
/// What the sender holds of the receiver, from its own disk: each word of the receiver that it leans on or obeys, and the
/// numbers that the receiver must stay above. The receiver sees a stale word within one heartbeat, and heals from it what
/// its own disk lost.
/// </summary>
public sealed record Mirror
{
    /// <summary>The receiver's promise that the sender leans on (R4); 0 when none.</summary>
    public long Promise { get; init; }

    /// <summary>The receiver's pause that the sender holds for; 0 when none.</summary>
    public long Pause { get; init; }

    /// <summary>The sender counts the receiver as bound: it may take over by silence (T2).</summary>
    public bool Bound { get; init; }

    /// <summary>Highest attestation of the receiver that the sender heard; 0 when none.</summary>
    public long Attestation { get; init; }

    /// <summary>Generation of the HA switch that the sender last heard of the receiver.</summary>
    public long SwitchGeneration { get; init; }

    /// <summary>The receiver's position at <see cref="SwitchGeneration"/>.</summary>
    public bool Enabled { get; init; }

    /// <summary>Lowest incarnation counter of the receiver that the sender accepts; what is below it is rejected.</summary>
    public long LowestIncarnation { get; init; }
}

/// <summary>
/// One heartbeat: everything the peer must know. All ids are persisted by the sender before they are sent.
/// </summary>
public sealed record Heartbeat
{
    /// <summary>Highest number of entries of <see cref="Running"/> that fit a datagram of 1,200 bytes.</summary>
    public const int RunningMax = 100;

    /// <summary>Highest number of entries of <see cref="Stopped"/>, for which each datagram has room: what is left over follows when the first are heard.</summary>
    public const int StoppedMax = 12;

    /// <summary>Host uuid of the sender.</summary>
    public required Guid Sender { get; init; }

    /// <summary>Incarnation of the sender.</summary>
    public required Incarnation Incarnation { get; init; }

    /// <summary>Rising number inside the incarnation; the same on all links.</summary>
    public required long Sequence { get; init; }

    /// <summary>Send time on the sender's clock; meaningless to the receiver, which only echoes it.</summary>
    public required Instant SentAt { get; init; }

    /// <summary>The receiver's incarnation that the sender heard last, echoed with its nonce.</summary>
    public required Incarnation AckIncarnation { get; init; }

    /// <summary>Echo of <see cref="SentAt"/> of the newest heartbeat heard from <see cref="AckIncarnation"/>; null when none was.</summary>
    public required Instant? AckSentAt { get; init; }

    /// <summary>HA state of the sender.</summary>
    public required HaStatus Status { get; init; }

    /// <summary>Flags.</summary>
    public required HeartbeatFlags Flags { get; init; }

    /// <summary>Epoch of the sender: raised at every takeover.</summary>
    public required long Epoch { get; init; }

    /// <summary>Host uuid of the master, as the sender's epoch has it.</summary>
    public required Guid Master { get; init; }

    /// <summary>Id of the sender's standing attestation "nothing protected runs here"; 0 when none.</summary>
    public long Attestation { get; init; }

    /// <summary>Highest attestation of the receiver that the sender declined for good.</summary>
    public long Declined { get; init; }

    /// <summary>Id of the sender's standing promise "I will not take over until readmitted"; 0 when none.</summary>
    public long Promise { get; init; }

    /// <summary>Highest promise of the receiver that the sender has given up leaning on.</summary>
    public long Readmitted { get; init; }

    /// <summary>Id of the sender's request to be released from being bound (pause); 0 when none.</summary>
    public long Disarm { get; init; }

    /// <summary>Highest <see cref="Disarm"/> of the receiver that the sender has persisted.</summary>
    public long DisarmAck { get; init; }

    /// <summary>Generation of the pool's HA switch that the sender has adopted and persisted.</summary>
    public long SwitchGeneration { get; init; }

    /// <summary>
    /// Milliseconds from <see cref="SentAt"/> within which the sender takes over by silence in no case, whatever it hears; within
    /// one incarnation that time never moves to an earlier one. 0 when it says nothing about it.
    /// </summary>
    public int TakeoverInMs { get; init; }

    /// <summary>Fingerprint of the shared configuration values.</summary>
    public required ulong ConfigFingerprint { get; init; }

    /// <summary>Number of guest domains that run on the sender by its hypervisor's own list; -1 when it could not be read.</summary>
    public int RunningCount { get; init; }

    /// <summary>Short ids (<see cref="VmShortId"/>) of the guests that run on the sender, ascending.</summary>
    public ImmutableArray<ulong> Running { get; init; } = [];

    /// <summary>
    /// Short ids, ascending, of protected VMs that the sender's record wants to run and that it sees on neither host; as many
    /// as the datagram has room for beside <see cref="Running"/>.
    /// </summary>
    public ImmutableArray<ulong> Missing { get; init; } = [];

    /// <summary>What the sender holds of the receiver; null when the sender, a daemon of wire version 1, does not say.</summary>
    public Mirror? Mirror { get; init; }

    /// <summary>End of a timed disablement of HA on the sender's wall clock, Unix milliseconds; 0 when there is none.</summary>
    public long ReenableAtUnixMs { get; init; }

    /// <summary>Milliseconds from <see cref="SentAt"/> until that end, by the sender's monotonic clock; 0 when there is none.</summary>
    public long ReenableInMs { get; init; }

    /// <summary>
    /// Short ids, ascending, of VMs that the receiver misses and that were stopped or deleted through XAPI by the sender's record; at
    /// most <see cref="StoppedMax"/>. Empty from a daemon of wire version 1 or 2.
    /// </summary>
    public ImmutableArray<ulong> Stopped { get; init; } = [];

    /// <summary>True when a flag is set.</summary>
    public bool Has(HeartbeatFlags flag) => (Flags & flag) == flag;
}

/// <summary>Eight-byte ids of VMs, short enough for a hundred of them in one datagram.</summary>
public static class VmShortId
{
    /// <summary>First eight bytes of the uuid in network order. Random uuids of one pool do not collide in practice.</summary>
    public static ulong Of(Guid uuid)
    {
        Span<byte> bytes = stackalloc byte[16];
        uuid.TryWriteBytes(bytes, bigEndian: true, out _);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }
}
