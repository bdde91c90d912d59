using System.Collections.Immutable;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Core.Advice;

/// <summary>The rule behind an event, as docs/protocol.md has it.</summary>
/// <param name="Rule">Its name.</param>
/// <param name="Anchor">Its heading in docs/protocol.md.</param>
/// <param name="Says">What it says.</param>
/// <param name="Otherwise">What would have changed the outcome.</param>
public sealed record RuleNote(string Rule, string Anchor, string Says, string Otherwise)
{
    private const int FenceDecided = 10;
    private const int FenceReset = 12;
    private const int TakeoverDecided = 20;
    private const int TakeoverRefused = 24;
    private const int VmGivenUp = 33;
    private const int Conflict = 63;

    /// <summary>Ids of events up to this version.</summary>
    private static readonly ImmutableArray<int> s_known =
        [1, 2, 3, 10, 11, 12, 20, 21, 22, 23, 24, 30, 31, 32, 33, 40, 41, 42, 43, 44, 45, 46, 47, 50, 51, 52, 60, 61, 62, 63, 64, 65, 70];

    private static readonly ImmutableArray<RuleNote> s_takeovers =
    [
        new("T1", "t1", "the other host attested that nothing protected runs on it", "nothing had to: it had fenced or handed over, and said so"),
        new("T2", "t2", "a bound host was silent for the whole wait on every link, and so was its kernel; it has fenced by then",
            "one heartbeat on any link, or one sign of life of its kernel, within the wait. A second, independent link carries it where one wire is cut"),
        new("T3", "t3", "a fence agent confirmed that the other host is off", "a heartbeat after the agent was asked"),
        new("T4", "t4", "the arbiter's lease of the other host has ended, and it was silent", "a heartbeat, or a renewed lease, within the wait"),
        new("T5", "t5", "an operator gave the word that the other host is dead", "a heartbeat or a sign of life: the word is refused then"),
    ];

    private static readonly RuleNote s_fence = new("the right to run", "the-right-to-run",
        "a host may run VMs only while the other one acknowledges it (R1), its gateway answers (R2), or another right holds; none did",
        "an acknowledged heartbeat or an answered gateway ping before the right ended: a second link, or a second address in [gateway]");

    private static readonly RuleNote s_reset = new("the fence", "the-fence", "a fence is verified within its bound, or the host is reset",
        "a VM that could be destroyed in time: look for a hung disk back-end or a dead storage path");

    private static readonly RuleNote s_refused = new("permit to take over", "permit-to-take-over", "all of one rule must hold; the sentence names what did not",
        "what the sentence names. By hand, for a host that you saw without power: ha-ctl takeover --peer-is-dead");

    private static readonly RuleNote s_givenUp = new("which VMs run", "which-vms-run", "a start that fails again and again is given up for a while",
        "the trouble that the sentence names, mended: it is tried again by itself");

    private static readonly RuleNote s_conflict = new("epoch and rank", "epoch-and-rank", "two hosts that both claim are ranked, and the lower one fences",
        "look at what both did before: a conflict has a cause further up");

    /// <summary>The rule that an event rests on; null for one that decides nothing.</summary>
    public static RuleNote? Of(EventLine line) => line.Id switch
    {
        TakeoverDecided => s_takeovers.FirstOrDefault(note => line.Sentence.Contains(note.Rule + ": ", StringComparison.Ordinal)) ?? s_refused with
        {
            Says = "all of one rule must have held; this version does not know the one that the sentence names", Otherwise = "see the page of that version",
        },
        FenceDecided => s_fence,
        FenceReset => s_reset,
        TakeoverRefused => s_refused,
        VmGivenUp => s_givenUp,
        Conflict => s_conflict,
        _ => null,
    };

    /// <summary>This version has such an event.</summary>
    public static bool IsKnown(int id) => s_known.Contains(id);
}
