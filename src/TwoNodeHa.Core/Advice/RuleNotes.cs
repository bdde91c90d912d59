using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Core.Advice;

/// <summary>Which rule an event rests on, by its id and its sentence.</summary>
public static class RuleNotes
{
    private static readonly ImmutableArray<RuleNote> s_takeovers =
    [
        new("T1", "t1", "the other host attested that nothing protected runs on it", "nothing had to: it had fenced or handed over, and said so"),
        new("T2", "t2", "a bound host was silent for the whole wait on every link, and so was its kernel; it has fenced by then",
            "one heartbeat on any link, or one sign of life of its kernel, within the wait. A second, independent link carries it where one wire is cut"),
        new("T3", "t3", "a fence agent confirmed that the other host is off", "a heartbeat after the agent was asked"),
        new("T4", "t4", "the arbiter's lease of the other host has ended, and it was silent", "a heartbeat, or a renewed lease, within the wait"),
        new("T5", "t5", "an operator gave the word that the other host is dead", "a heartbeat or a sign of life: the word is refused then"),
        new("T6", "t6", "the other host is in maintenance: it is heard, has promised not to take over, is no master and runs nothing",
            "nothing had to: it runs nothing, and this host, empty too, is the master by its record"),
    ];

    private static readonly RuleNote s_reset = new("the fence", "the-fence", "a fence is verified within its bound, or the host is reset",
        "a VM that could be destroyed in time: look for a hung disk back-end or a dead storage path");

    private static readonly RuleNote s_refused = new("permit to take over", "permit-to-take-over", "all of one rule must hold; the sentence names what did not",
        "what the sentence names. By hand, for a host that you saw without power: ha-ctl takeover --peer-is-dead");

    private static readonly RuleNote s_givenUp = new("which VMs run", "which-vms-run", "a start that fails again and again is given up for a while",
        "a remedy for what the sentence names: the start is then tried again by itself");

    private static readonly RuleNote s_conflict = new("epoch and rank", "epoch-and-rank", "two hosts that both claim are ranked, and the lower one fences",
        "look at what both did before: a conflict has a cause further up");

    /// <summary>The rule that an event rests on; null for one that decides nothing.</summary>
    public static RuleNote? Of(EventLine line) => (HaEventId)line.Id switch
    {
        HaEventId.TakeoverDecided => s_takeovers.FirstOrDefault(note => line.Sentence.Contains(note.Rule + ": ", StringComparison.Ordinal)) ?? s_refused with
        {
            Says = "all of one rule must have held; this version does not know the one that the sentence names", Otherwise = "see the page of that version",
        },
        HaEventId.FenceDecided => FenceNotes.Of(line.Sentence),
        HaEventId.FenceReset => s_reset,
        HaEventId.TakeoverRefused => s_refused,
        HaEventId.VmGivenUp => s_givenUp,
        HaEventId.Conflict => s_conflict,
        _ => null,
    };

    /// <summary>This version has such an event.</summary>
    public static bool IsKnown(int id) => Enum.IsDefined((HaEventId)id);
}
