using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;

namespace TwoNodeHa.Core.Advice;

/// <summary>The events of a drill, by host and kind, in one clock.</summary>
internal sealed class DrillLedger
{
    private readonly DrillEvidence _evidence;

    public DrillLedger(DrillEvidence evidence)
    {
        _evidence = evidence;

        // What the order itself caused may bear an earlier time by what the clocks are not known.
        var from = evidence.BeginMs - (long)(1000 * ClockError) - 1;
        Events = [.. evidence.Journals.SelectMany(journal => journal.Lines.Select(line => new IncidentEvent(journal.Host, line.UnixMs - (long)journal.ClockAheadMs, line)))
            .Where(one => one.UnixMs >= from).OrderBy(one => one.UnixMs)];
    }

    /// <summary>All of both hosts, by time.</summary>
    public ImmutableArray<IncidentEvent> Events { get; }

    /// <summary>How far the two clocks may be apart from what was reckoned, seconds.</summary>
    public double ClockError => _evidence.Journals.IsEmpty ? 0 : _evidence.Journals.Max(journal => journal.ClockErrorMs) / 1000;

    /// <summary>The journal of a host is there.</summary>
    public bool Has(string host) => _evidence.Journals.Any(journal => journal.Host == host);

    /// <summary>The first event of a kind; null when there is none.</summary>
    /// <param name="host">Where.</param>
    /// <param name="id">Kind.</param>
    /// <param name="words">In its sentence; empty for any.</param>
    public IncidentEvent? First(string host, HaEventId id, string words = "") => Events.FirstOrDefault(one => Is(one, host, id, words));

    /// <summary>The last one.</summary>
    public IncidentEvent? Last(string host, HaEventId id, string words = "") => Events.LastOrDefault(one => Is(one, host, id, words));

    /// <summary>Seconds between two events; null when one is missing. Never negative: the clocks are only so exact.</summary>
    public static double? Between(IncidentEvent? from, IncidentEvent? to) => from is null ? null : Since(from.UnixMs, to);

    /// <summary>Seconds from a moment to an event.</summary>
    public static double? Since(long fromMs, IncidentEvent? to) => to is null ? null : Math.Max(0, (to.UnixMs - fromMs) / 1000.0);

    private static bool Is(IncidentEvent one, string host, HaEventId id, string words) =>
        one.Host == host && one.Line.Id == (int)id && one.Line.Sentence.Contains(words, StringComparison.Ordinal);
}
