namespace TwoNodeHa.Core.Control;

/// <summary>What an operator can ask the loop for. Reading the status needs no request: it is published each turn.</summary>
public abstract record OperatorRequest
{
    private OperatorRequest()
    {
    }

    /// <summary>Enable HA on both hosts.</summary>
    public sealed record Enable : OperatorRequest;

    /// <summary>Disable HA on both hosts.</summary>
    /// <param name="UntilUnixMs">When to enable again, Unix milliseconds; 0 for never.</param>
    /// <param name="Reason">Shown in status.</param>
    public sealed record Disable(long UntilUnixMs, string Reason) : OperatorRequest;

    /// <summary>Put this host under a promise (on), or ask for readmission (off).</summary>
    public sealed record Maintenance(bool On) : OperatorRequest;

    /// <summary>T5: the operator says that the peer is dead and runs nothing.</summary>
    /// <param name="DespiteSignsOfLife">Something else answers for the dead host; still refused while a heartbeat is heard.</param>
    /// <param name="AskedBy">Who says so, for the record: user, terminal, origin.</param>
    public sealed record Takeover(bool DespiteSignsOfLife = false, string AskedBy = "") : OperatorRequest;

    /// <summary>Fence this host now.</summary>
    public sealed record FenceSelf : OperatorRequest;

    /// <summary>The host is shutting down. Pending while the mastership is handed over; asked again.</summary>
    public sealed record Depart : OperatorRequest;

    /// <summary>
    /// The boot guard, before the toolstack starts: settle its role. Pending until the peer was heard, or waited for; asked again.
    /// </summary>
    public sealed record BootGuard : OperatorRequest;
}

/// <summary>Answer to an operator.</summary>
/// <param name="Accepted">The request is carried out, or pending where <paramref name="Text"/> says so.</param>
/// <param name="Pending">Accepted, but the other host has not confirmed yet: what still holds is in <paramref name="Text"/>.</param>
/// <param name="Text">One or more sentences; a refusal names its reason and what to do.</param>
public sealed record OperatorReply(bool Accepted, bool Pending, string Text);
