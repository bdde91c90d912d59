using System.Collections.Immutable;

namespace TwoNodeHa.Core.Advice;

/// <summary>
/// Why a host fenced, by the sentence of its event. Most fences end a right; some happen although a right held: what would have
/// changed those is something else. A fence that a restarted daemon continues names its first reason in the same sentence.
/// </summary>
internal static class FenceNotes
{
    private const string NeedsRight = "a host may run VMs only while the other one acknowledges it (R1), its gateway answers (R2), it holds the arbiter's lease (R3), "
        + "the other one is in maintenance (R4), HA is disabled on both (R5), or a former right has not ended; none did";

    private static readonly ImmutableArray<(string Words, RuleNote Note)> s_notes =
    [
        ("does not hear us", new("the right to run", "one-way",
            "the other host is heard but does not hear this one, so it may be about to take over: the gateway (R2) gives no right beyond that, and no other right held",
            "a way for this host's heartbeats to the other one: a filter or cable in that one direction, or a second link")),
        ("the right to run has ended", new("the right to run", "the-right-to-run", NeedsRight,
            "an acknowledged heartbeat or an answered gateway ping before the right ended: a second link, or a second address in [gateway]")),
        ("the toolstack is up as a master's", new("the role of a host that waits", "the-role-of-a-host-that-waits",
            "nothing runs here, but the other host may take over from one that it does not hear, and two masters would act: the toolstack of a master stays up only while the other one or the gateway answers",
            "the same as for a host that runs VMs: a second link, or a second address in [gateway]. No VM was ended")),
        ("the lease of the former", new("the right to run", "the-right-to-run",
            "a new daemon runs VMs on what is left of its predecessor's lease; it ended before this daemon had a right of its own",
            "what the sentence names, repaired before that lease ended: see the state directory's file system and the hypervisor's tools")),
        ("and can take over: yielding", new("yielding", "yielding",
            "a host that lost the gateway, or its storage with on_storage_loss = fence, hands over to a fit peer that has it. A right still held: it ends at once, attested, "
            + "so that the other one need not wait", "the gateway back within yield_after_seconds, or a second address in [gateway]; for the storage a second path, or on_storage_loss = alert")),
        ("the hypervisor's list is old", new("the right to run", "the-right-to-run",
            "what an old list of the hypervisor showed may have changed: a host without a right that cannot look for 15 s counts as one that runs VMs",
            "a list in time: see the hypervisor's tools (xl list, list_domains), which hang or fail")),
        ("the operator asked", new("the operator's order", "the-fence", "ha-ctl fence self fences the host at once, whatever right it holds",
            "nothing but another order: the event before it says who gave it")),
        ("this host shuts down", new("departing", "departing", "a host that is shut down ends with a fence, so that it can attest that nothing is left and the other one need not wait",
            "nothing had to. VMs that were left running did not stop before the toolstack was stopped")),
        ("conflict:", new("epoch and rank", "epoch-and-rank", "of two hosts that both claim the pool, or run the same VM, the lower one fences, whatever right it holds",
            "look at what both did before: a conflict has a cause further up")),
        ("the durable state was lost", new("what is on disk", "what-is-on-disk", "a host whose state file is lost or torn waits one lease for the other one's copy of its words, and "
            + "then counts as fenced", "the other host heard within that time; see why the state file was lost: disk, file system, a copy that was put back")),
        ("gave its word", new("committed", "committed", "a host that attested that nothing runs on it starts nothing until that word is used or declined; what runs all the same ends",
            "not starting it by hand: wait until the host is Paired or Sole")),
        ("disk back-ends of VMs that are gone", new("the fence", "the-fence", "a disk back-end without its VM may still write, so it counts as a VM until it has ended",
            "a toolstack that was up: it ends them by itself")),
    ];

    private static readonly RuleNote s_unknown = new("the fence", "the-fence",
        "a host fences when it has no right to run, when it yields, departs or is told to; this version does not know the reason that the sentence names", "see the page of that version");

    /// <summary>The note for a fence.</summary>
    /// <param name="sentence">The sentence of the event.</param>
    public static RuleNote Of(string sentence)
    {
        foreach (var (words, note) in s_notes)
        {
            if (sentence.Contains(words, StringComparison.Ordinal))
            {
                return note;
            }
        }

        return s_unknown;
    }
}
