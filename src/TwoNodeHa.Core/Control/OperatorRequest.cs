using System.Text.Json.Serialization;

namespace TwoNodeHa.Core.Control;

/// <summary>What an operator can ask the loop for. Reading the status needs no turn: it is published each turn.</summary>
public abstract record OperatorRequest : ControlRequest
{
    private OperatorRequest()
    {
    }

    /// <summary>Who asked, in words, for the event log; null when not told. Never a permission: the socket's mode is that.</summary>
    public string? By { get; init; }

    /// <summary>What makes the request deliberate and is missing from it, as a sentence; null when nothing is.</summary>
    [JsonIgnore]
    public virtual string? Lacks => null;

    /// <summary>Enable HA on both hosts.</summary>
    public sealed record Enable : OperatorRequest;

    /// <summary>Disable HA on both hosts.</summary>
    /// <param name="UntilUnixMs">When to enable again, Unix milliseconds; 0 for never.</param>
    /// <param name="Reason">Shown in status.</param>
    public sealed record Disable(long UntilUnixMs = 0, string Reason = "") : OperatorRequest;

    /// <summary>Empty this host and put it under a promise (on), or cancel that or ask for readmission (off).</summary>
    /// <param name="On">Begin or end it.</param>
    /// <param name="UntilUnixMs">When it ends by itself, Unix milliseconds; 0 for never.</param>
    /// <param name="Reason">Shown in status.</param>
    /// <param name="KeepMaster">A master stays master, also through reboots: for an update of the platform.</param>
    public sealed record Maintenance([property: JsonRequired] bool On, long UntilUnixMs = 0, string Reason = "", bool KeepMaster = false) : OperatorRequest;

    /// <summary>T5: the operator says that the peer is dead and runs nothing.</summary>
    public sealed record Takeover : OperatorRequest
    {
        /// <summary>Must be true on the control socket: the operator's word.</summary>
        public bool PeerIsDead { get; init; }

        /// <summary>Something else answers for the dead host; still refused while a heartbeat is heard.</summary>
        public bool DespiteSignsOfLife { get; init; }

        /// <inheritdoc/>
        public override string? Lacks => PeerIsDead ? null
            : "a takeover by hand needs your word that the other host is off: peer_is_dead = true (ha-ctl takeover --peer-is-dead)";
    }

    /// <summary>Protect a VM, or no longer: the mark is written into XAPI's own fields.</summary>
    /// <param name="Vm">Its name or its uuid.</param>
    /// <param name="On">Protect it, as restart; else take it out.</param>
    public sealed record Protect([property: JsonRequired] string Vm, [property: JsonRequired] bool On) : OperatorRequest;

    /// <summary>Fence this host now.</summary>
    public sealed record FenceSelf : OperatorRequest;

    /// <summary>Have the fence agent switch the other host off now.</summary>
    public sealed record FencePeer : OperatorRequest;

    /// <summary>The host is shutting down. Pending while the mastership is handed over; asked again.</summary>
    /// <param name="PowersOff">Nothing starts it again by itself: it is switched off, or halted. False also where that is not known.</param>
    public sealed record Depart(bool PowersOff = false) : OperatorRequest;

    /// <summary>
    /// The boot guard, before the toolstack starts: settle its role. Pending until the peer was heard, or waited for; asked again.
    /// </summary>
    public sealed record BootGuard : OperatorRequest;
}

/// <summary>Answer to an operator.</summary>
/// <param name="Accepted">The request is carried out, or pending where <paramref name="Text"/> says so.</param>
/// <param name="Pending">Accepted, but the other host has not confirmed yet: what still holds is in <paramref name="Text"/>.</param>
/// <param name="Text">One or more sentences; a refusal names its reason and what to do.</param>
public sealed record OperatorReply(bool Accepted, bool Pending, string Text)
{
    /// <summary>The request is not carried out.</summary>
    /// <param name="why">The reason, and what to do.</param>
    public static OperatorReply Refused(string why) => new(false, false, $"Refused: {why}");
}
