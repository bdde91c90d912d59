using System.Collections.Immutable;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>What is under way here, and since when something waits to be begun.</summary>
public sealed record ProceduresView
{
    /// <summary>Fence under way.</summary>
    public FenceProgress? Fence { get; init; }

    /// <summary>Takeover under way.</summary>
    public TakeoverProgress? Takeover { get; init; }

    /// <summary>The departure of this host; null while it is not going down.</summary>
    public DepartureProgress? Departure { get; init; }

    /// <summary>The boot guard's question; null when nobody asked in this incarnation.</summary>
    public GuardProgress? Guard { get; init; }

    /// <summary>Care for the own role.</summary>
    public RoleProgress Role { get; init; } = new();

    /// <summary>VM starts.</summary>
    public ImmutableSortedDictionary<Guid, StartAttempt> Starts { get; init; } =
        ImmutableSortedDictionary<Guid, StartAttempt>.Empty;

    /// <summary>Tries to plug paths to shared storage, by uuid of the PBD.</summary>
    public ImmutableSortedDictionary<Guid, PlugAttempt> Plugs { get; init; } =
        ImmutableSortedDictionary<Guid, PlugAttempt>.Empty;

    /// <summary>Tries to migrate VMs for a maintenance.</summary>
    public ImmutableSortedDictionary<Guid, MoveAttempt> Moves { get; init; } =
        ImmutableSortedDictionary<Guid, MoveAttempt>.Empty;

    /// <summary>Not before this time the host is enabled or disabled, or the mastership handed over, for a maintenance.</summary>
    public Instant MaintenanceStepAt { get; init; }

    /// <summary>What XAPI was last asked to make of this host for a maintenance; null when nothing since the daemon started.</summary>
    public HostSwitch? HostSwitch { get; init; }

    /// <summary>When what the site wants done with a fenced host (<c>fence_action</c>) was ordered last; null when never.</summary>
    public Instant? FenceActionAt { get; init; }

    /// <summary>Since when this host is disabled in XAPI and empty, by nobody's order to this daemon; null when not.</summary>
    public Instant? EmptiedSince { get; init; }

    /// <summary>Since when the empty peer says that it is too new to be this master's slave; null when it does not.</summary>
    public Instant? PeerTooNewSince { get; init; }

    /// <summary>Since when each protected VM runs nowhere.</summary>
    public ImmutableSortedDictionary<Guid, Instant> OrphanSince { get; init; } =
        ImmutableSortedDictionary<Guid, Instant>.Empty;

    /// <summary>Under what circumstances missing VMs were last looked at; null while nobody cares for them.</summary>
    public StartCircumstances? CaredUnder { get; init; }

    /// <summary>Since when the database shows a VM running here that the hypervisor does not; null when none.</summary>
    public Instant? GhostSince { get; init; }

    /// <summary>Since when both hosts say to be master while only the other may; null when not.</summary>
    public Instant? RoleConflictSince { get; init; }

    /// <summary>Since when a VM stands on both hosts' lists; null while none does.</summary>
    public Instant? DoubleSince { get; init; }

    /// <summary>Since when this host's role and the epoch's master differ without a conflict; null when not.</summary>
    public Instant? RoleChangeSince { get; init; }

    /// <summary>When the end of the daemon was asked for; null when not.</summary>
    public Instant? StopAskedAt { get; init; }

    /// <summary>Number of the pause that was asked for because this daemon is to end; 0 while none was.</summary>
    public long PauseForStop { get; init; }

    /// <summary>The end was ordered.</summary>
    public bool ExitOrdered { get; init; }

    /// <summary>Handovers for the gateway's sake; null when none.</summary>
    public YieldRecord? Yields { get; init; }

    /// <summary>What would not come back after a failure.</summary>
    public CoverageView Coverage { get; init; } = new();

    /// <summary>The wish that the emptier host be master.</summary>
    public PreferenceView Preference { get; init; } = new();

    /// <summary>Last reason that held a takeover back, so that it is reported once.</summary>
    public string LastRefusal { get; init; } = "";

    /// <summary>When the newest attestation was made.</summary>
    public Instant AttestedAt { get; init; }

    /// <summary>The newest attestation is true by a list of the hypervisor that was asked for at this time or later.</summary>
    public Instant AttestedBy { get; init; }
}
