using System.Collections.Immutable;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>A takeover under way; what must survive is in <see cref="Contract.TakeoverJournal"/>.</summary>
public sealed record TakeoverProgress
{
    /// <summary>When the leave was given, or the daemon continued it.</summary>
    public required Instant StartedAt { get; init; }

    /// <summary>When the present step was entered.</summary>
    public required Instant StepSince { get; init; }

    /// <summary>VMs done in this step.</summary>
    public ImmutableHashSet<Guid> DoneVms { get; init; } = [];

    /// <summary>Tries of this step so far.</summary>
    public int Tries { get; init; }

    /// <summary>Not before this time the step is tried again.</summary>
    public Instant RetryAt { get; init; }

    /// <summary>How far the step has come.</summary>
    public StepPhase Phase { get; init; }

    /// <summary>Power states of VMs of the dead host, as far as XAPI was asked to reset them; kept from step to step.</summary>
    public ImmutableSortedDictionary<Guid, ResetAttempt> PowerStates { get; init; } = ImmutableSortedDictionary<Guid, ResetAttempt>.Empty;

    /// <summary>When the newest question was put to the own toolstack that it answered in this step; null when it is to be asked.</summary>
    public Instant? ToolstackSaidAt { get; init; }

    /// <summary>The toolstack was seen ready without its database, which is read at once.</summary>
    public bool DatabaseAsked { get; init; }

    /// <summary>How often the step that resets power states was entered in this takeover: a reset that does not last is not tried for ever.</summary>
    public int Resets { get; init; }
}
