using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Sim.Scenarios;

/// <summary>What a host decided in an incident.</summary>
/// <param name="Seconds">When, from second 0.</param>
/// <param name="Host">Name of the host.</param>
/// <param name="What"><c>fence</c> or <c>takeover</c>.</param>
/// <param name="Rule">The rule that decided, as <c>explain</c> names it.</param>
internal sealed record IncidentDecision(double Seconds, string Host, string What, string Rule)
{
    /// <summary>The same decision, whenever it fell.</summary>
    public bool Is(IncidentDecision other) => Host == other.Host && What == other.What && Rule == other.Rule;

    /// <summary>The decision that an event is; null for any other event.</summary>
    /// <param name="seconds">When.</param>
    /// <param name="host">Name of the host.</param>
    /// <param name="id">Id of the event.</param>
    /// <param name="sentence">Its sentence.</param>
    public static IncidentDecision? Of(double seconds, string host, int id, string sentence) => (HaEventId)id switch
    {
        HaEventId.FenceDecided => new IncidentDecision(seconds, host, "fence", RuleOf(id, sentence)),
        HaEventId.TakeoverDecided => new IncidentDecision(seconds, host, "takeover", RuleOf(id, sentence)),
        _ => null,
    };

    /// <summary>The decisions of a run.</summary>
    public static List<IncidentDecision> Of(ScenarioResult run) =>
        [.. run.Trace.Select(entry => (entry, Read: Event(entry.Text))).Where(pair => pair.Read is not null)
            .Select(pair => Of(pair.entry.Time, pair.entry.Who, pair.Read!.Value.Id, pair.Read.Value.Sentence)).OfType<IncidentDecision>()];

    /// <summary>Id and sentence of an event in a trace; null for a line that is none.</summary>
    internal static (int Id, string Sentence)? Event(string text)
    {
        var end = text.StartsWith('[') ? text.IndexOf("] ", StringComparison.Ordinal) : -1;
        return end > 0 && int.TryParse(text.AsSpan(1, end - 1), System.Globalization.CultureInfo.InvariantCulture, out var id) ? (id, text[(end + 2)..]) : null;
    }

    private static string RuleOf(int id, string sentence) => RuleNotes.Of(new EventLine(0, id, "", sentence))?.Rule ?? "";
}
