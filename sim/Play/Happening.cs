using System.Globalization;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Play;

/// <summary>How much something matters to who watches.</summary>
internal enum Tone
{
    /// <summary>For the curious.</summary>
    Detail,

    /// <summary>A step on the way.</summary>
    Plain,

    /// <summary>What the player of the page did.</summary>
    Yours,

    /// <summary>It is well again.</summary>
    Good,

    /// <summary>Something stopped, or was stopped.</summary>
    Bad,

    /// <summary>What must never be.</summary>
    Alarm,
}

/// <summary>One line of the list of events.</summary>
/// <param name="Time">Seconds since second 0.</param>
/// <param name="Who">A host, a VM, or "you".</param>
/// <param name="Text">What; a daemon's own sentence where it is one.</param>
/// <param name="Tone">How much it matters.</param>
/// <param name="Why">The rule behind it, as <c>ha-ctl explain</c> tells it; null for what decides nothing.</param>
internal sealed record Happening(double Time, string Who, string Text, Tone Tone, RuleNote? Why = null)
{
    private const string LizardMark = "lizard: ";
    private static readonly string[] s_toldBeside = ["-> TakingOver:", "-> Sole:", "-> Fencing:", "-> Fenced:"];

    /// <summary>A line of the world's log as an event; null for what a lane shows.</summary>
    public static Happening? Of(TraceEntry entry) => entry.Who switch
    {
        "truth" => null,
        "story" => new Happening(entry.Time, "you", entry.Text, Tone.Yours),
        "admin" or "agent" => new Happening(entry.Time, entry.Who, entry.Text, Tone.Plain),
        _ => OfHost(entry),
    };

    private static Happening OfHost(TraceEntry entry)
    {
        var text = entry.Text;
        if (text.StartsWith(LizardMark, StringComparison.Ordinal))
        {
            return new Happening(entry.Time, entry.Who, text[LizardMark.Length..], Tone.Plain);
        }

        var end = text.IndexOf("] ", StringComparison.Ordinal);
        if (text[0] != '[' || end < 0 || !int.TryParse(text.AsSpan(1, end - 1), CultureInfo.InvariantCulture, out var id))
        {
            return new Happening(entry.Time, entry.Who, text, text == TraceEntry.PowerLost || text.StartsWith("watchdog fired", StringComparison.Ordinal) ? Tone.Bad : Tone.Plain);
        }

        var sentence = text[(end + 2)..];
        return new Happening(entry.Time, entry.Who, sentence, ToneOf((HaEventId)id, sentence), RuleNotes.Of(new EventLine(0, id, "", sentence)));
    }

    private static Tone ToneOf(HaEventId id, string sentence) => id switch
    {
        HaEventId.FenceDecided or HaEventId.FenceReset or HaEventId.VmGivenUp or HaEventId.Conflict or HaEventId.Alert => Tone.Bad,
        HaEventId.FenceVerified or HaEventId.TakeoverDone => Tone.Good,
        HaEventId.TakeoverDecided or HaEventId.TakeoverRefused or HaEventId.VmStarted or HaEventId.StorageChanged or HaEventId.SwitchChanged or HaEventId.Maintenance => Tone.Plain,

        // The decision itself is told beside it, with its rule.
        HaEventId.StateChanged when s_toldBeside.Any(state => sentence.Contains(state, StringComparison.Ordinal)) => Tone.Detail,
        HaEventId.StateChanged => sentence.Contains("-> Paired", StringComparison.Ordinal) ? Tone.Good : Tone.Plain,
        _ => Tone.Detail,
    };
}
