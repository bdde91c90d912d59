using System.Runtime.CompilerServices;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Sim.Explore;

/// <summary>What is due in the small world.</summary>
internal enum WorldEventKind : byte
{
    Heartbeat,
    GatewayAnswer,
    PeerAnswer,
    DiskWrite,
    DomainList,
    ToolstackRead,
    Action,
    ToolstackFuse,
    DaemonStart,
    Boot,
}

/// <summary>Something due. Plain data: <see cref="Subject"/> is an immutable record of the decision code.</summary>
/// <param name="Due">When.</param>
/// <param name="Kind">What.</param>
/// <param name="Host">On which host, or for which.</param>
/// <param name="Link">Link, or a flag.</param>
/// <param name="Life">Life of the daemon, toolstack or host that it belongs to; a later life does not see it.</param>
/// <param name="Id">Id of the command, or send time.</param>
/// <param name="Subject">Heartbeat, durable state or action.</param>
internal readonly record struct WorldEvent(
    long Due, WorldEventKind Kind, byte Host, byte Link, int Life, long Id, object? Subject);

/// <summary>The least that a toolstack is: process, role, belief.</summary>
internal struct SmallToolstack
{
    /// <summary>The file that the process reads at its start.</summary>
    public PoolRole RoleFile;

    /// <summary>Role that the process read.</summary>
    public PoolRole Role;

    public bool Running;

    /// <summary>A slave has found its master in this life, a master is up.</summary>
    public bool Complete;

    /// <summary>This life started a VM as master.</summary>
    public bool Started;

    /// <summary>Counts process starts and ends.</summary>
    public int Life;

    public long StartedAt;

    /// <summary>Where this copy of the database has each VM: base 3, 0 for halted, else 1 + host.</summary>
    public byte Belief;

    public readonly int Place(int vm) => vm == 0 ? Belief % 3 : Belief / 3;

    public void SetPlace(int vm, int place) => Belief = (byte)(vm == 0 ? (Belief / 3 * 3) + place : (Belief % 3) + (3 * place));
}

/// <summary>One host of the small world; copied field by field, everything behind a reference is immutable.</summary>
internal sealed class SmallHost
{
    public const long Never = long.MaxValue;

    /// <summary>State of the running daemon; null while none runs.</summary>
    public HaState? State;

    /// <summary>Next turn by time.</summary>
    public long Wake = Never;

    /// <summary>Counts daemons.</summary>
    public int Life;

    public bool Frozen;

    /// <summary>What waits for a frozen daemon; replaced, never changed.</summary>
    public Observation[] Waiting = [];

    public bool On;

    /// <summary>Counts power cycles; a boot under way belongs to one.</summary>
    public int PowerLife;

    public bool Booting;

    public long WatchdogAt = Never;

    public DurableState File = new();

    public Instant? LeaseFile;

    /// <summary>VMs with a domain, one bit each.</summary>
    public byte Running;

    /// <summary>VMs whose back-ends may write until <see cref="DrainedAt"/>, without a domain.</summary>
    public byte Draining;

    public long DrainedAt;

    /// <summary>Destroying a domain hangs.</summary>
    public bool KillsHang;

    /// <summary>Its firewall drops heartbeats; its kernel answers.</summary>
    public bool Filtered;

    /// <summary>A write of the state takes longer than a step.</summary>
    public bool DiskIsSlow;

    /// <summary>The state file is gone; the next daemon writes a new one.</summary>
    public bool StateLost;

    /// <summary>The path to the gateway.</summary>
    public bool GatewayPath = true;

    /// <summary>When the gateway was last within reach, while it is not.</summary>
    public long GatewaySeen;

    /// <summary>The path to the third party.</summary>
    public bool ThirdPartyPath = true;

    /// <summary>None, <see cref="FaultKind.Lose"/> or <see cref="FaultKind.Delay"/>.</summary>
    public FaultKind NextBeat;

    /// <summary>VMs were stopped here by a fence, and have not run anywhere since.</summary>
    public bool FencedVms;

    public SmallToolstack Toolstack;

    /// <summary>Incarnation and number of the newest heartbeat sent.</summary>
    public long SentIncarnation;

    public long SentSequence;

    /// <summary>Whoever may write to a VM's disk from here.</summary>
    public int Writing(long now) => Running | (DrainedAt > now ? Draining : 0);

    public bool DaemonWorks => On && State is not null && !Frozen;

    public SmallHost Copy() => (SmallHost)MemberwiseClone();
}

/// <summary>A time for each direction of each of two links.</summary>
[InlineArray(4)]
internal struct DirectionTimes
{
    private long _first;
}

/// <summary>How often the things happened that a search is about: a search that never met them proves nothing.</summary>
internal sealed class Coverage
{
    /// <summary>Takeovers decided, by rule.</summary>
    public long[] Takeovers { get; } = new long[7];

    /// <summary>Fences decided.</summary>
    public long Fences { get; set; }

    /// <summary>Fences verified.</summary>
    public long Fenced { get; set; }

    /// <summary>Resets by the watchdog.</summary>
    public long WatchdogResets { get; set; }

    /// <summary>VM starts done.</summary>
    public long Starts { get; set; }

    /// <summary>Hosts that became a pair again.</summary>
    public long Paired { get; set; }

    public void Add(Coverage other)
    {
        for (var rule = 0; rule < Takeovers.Length; rule++)
        {
            Takeovers[rule] += other.Takeovers[rule];
        }

        Fences += other.Fences;
        Fenced += other.Fenced;
        WatchdogResets += other.WatchdogResets;
        Starts += other.Starts;
        Paired += other.Paired;
    }

    /// <inheritdoc/>
    public override string ToString() => $"takeovers T1 {Takeovers[1]}, T2 {Takeovers[2]}, T3 {Takeovers[3]}, T4 {Takeovers[4]}; fences "
        + $"{Fences}, verified {Fenced}; watchdog resets {WatchdogResets}; VM starts {Starts}; paired again {Paired}";
}
