using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>Attempts to have XAPI call one VM of the dead host stopped (VM.power_state_reset).</summary>
public sealed record ResetAttempt
{
    /// <summary>Failures in a row.</summary>
    public int Tries { get; init; }

    /// <summary>Not before this time it is tried again.</summary>
    public Instant RetryAt { get; init; }

    /// <summary>When XAPI said that it is reset; null while it has not. A reading that began later and shows otherwise means that XAPI lost it.</summary>
    public Instant? DoneAt { get; init; }

    /// <summary>Since when the outcome of the newest try is not known; null when it is. It is looked for before the next one.</summary>
    public Instant? UnknownSince { get; init; }

    /// <summary>Why the newest try failed.</summary>
    public string Trouble { get; init; } = "";

    /// <summary>Not tried any more, until the start of the VM is tried anew.</summary>
    public bool GivenUp { get; init; }
}
