using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Core.Advice;

/// <summary>The journal of one host.</summary>
/// <param name="Host">Name of the host.</param>
/// <param name="Lines">Its events, oldest first.</param>
/// <param name="ClockAheadMs">How far its wall clock is ahead of the one that the incident is told in, milliseconds.</param>
/// <param name="ClockErrorMs">By how much that may be wrong, milliseconds.</param>
public sealed record Journal(string Host, ImmutableArray<EventLine> Lines, double ClockAheadMs = 0, double ClockErrorMs = 0);

/// <summary>One event of an incident.</summary>
/// <param name="Host">Where.</param>
/// <param name="UnixMs">When, in the clock of the incident.</param>
/// <param name="Line">The event as it was kept.</param>
public sealed record IncidentEvent(string Host, long UnixMs, EventLine Line);

/// <summary>A stretch of time in one state.</summary>
/// <param name="FromMs">Begin, in the clock of the incident.</param>
/// <param name="ToMs">End.</param>
/// <param name="State">State; empty while it is not known.</param>
public sealed record StateStretch(long FromMs, long ToMs, string State);

/// <summary>The states of one host through an incident.</summary>
/// <param name="Host">The host.</param>
/// <param name="Stretches">Without a gap, in order.</param>
public sealed record StateStrip(string Host, ImmutableArray<StateStretch> Stretches);

/// <summary>What happened around one moment, merged from the journals of both hosts: what was known, and which rule decided. Pure.</summary>
public sealed record Incident
{
    private const long BeforeMs = 60_000;
    private const long AfterMs = 180_000;
    private const long FarApartMs = 60_000;
    private const int StateChanged = 2;
    private const int Started = 1;
    private const int Stopping = 3;

    /// <summary>The moment that was asked for, in its clock.</summary>
    public required long AtMs { get; init; }

    /// <summary>First moment that is shown.</summary>
    public required long FromMs { get; init; }

    /// <summary>Last moment that is shown.</summary>
    public required long ToMs { get; init; }

    /// <summary>Events of both hosts, by time.</summary>
    public required ImmutableArray<IncidentEvent> Events { get; init; }

    /// <summary>States of each host.</summary>
    public required ImmutableArray<StateStrip> Strips { get; init; }

    /// <summary>Decisions, each with its rule.</summary>
    public required ImmutableArray<(IncidentEvent Event, RuleNote Note)> Decisions { get; init; }

    /// <summary>What the journals do not hold, or hold in another way.</summary>
    public required ImmutableArray<string> Caveats { get; init; }

    /// <summary>The incident; null, with the reason, when nothing fits.</summary>
    /// <param name="journals">One or two journals.</param>
    /// <param name="what">Empty for the newest decision; an id (<c>20</c>, <c>E20</c>), a time of day or a date with time (UTC), or part of a sentence, such as a VM's name.</param>
    /// <param name="trouble">Why there is none.</param>
    public static Incident? Of(ImmutableArray<Journal> journals, string what, out string trouble)
    {
        ImmutableArray<IncidentEvent> all =
        [
            .. journals.SelectMany(journal => journal.Lines.Select(line =>
                new IncidentEvent(journal.Host, line.UnixMs - (long)journal.ClockAheadMs, line))).OrderBy(one => one.UnixMs),
        ];
        if (all.IsEmpty)
        {
            trouble = "the journals are empty";
            return null;
        }

        if (Moment(all, what.Trim(), out trouble) is not { } at)
        {
            return null;
        }

        var (from, to) = (at - BeforeMs, at + AfterMs);
        ImmutableArray<IncidentEvent> events = [.. all.Where(one => one.UnixMs >= from && one.UnixMs <= to)];
        // Quiet ends are cut, so that the picture shows what moved.
        to = Math.Min(to, Math.Max(at + 5_000, events.Length > 0 ? events[^1].UnixMs + 2_000 : to));
        from = Math.Max(from, Math.Min(at - 5_000, events.Length > 0 ? events[0].UnixMs - 2_000 : from));
        return new Incident
        {
            AtMs = at,
            FromMs = from,
            ToMs = to,
            Events = events,
            Strips = [.. journals.Select(journal => new StateStrip(journal.Host, Stretches(all, journal.Host, from, to)))],
            Decisions = [.. events.Where(one => RuleNotes.Of(one.Line) is not null).Select(one => (one, RuleNotes.Of(one.Line)!))],
            Caveats = CaveatsOf(journals, events, from),
        };
    }

    private static long? Moment(ImmutableArray<IncidentEvent> all, string what, out string trouble)
    {
        trouble = "";
        if (what.Length == 0)
        {
            return all.LastOrDefault(one => RuleNotes.Of(one.Line) is not null)?.UnixMs ?? all[^1].UnixMs;
        }

        var id = what[0] is 'E' or 'e' ? what[1..] : what;
        if (int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            trouble = $"no event with the id {number.ToString(CultureInfo.InvariantCulture)} is kept";
            return all.LastOrDefault(one => one.Line.Id == number)?.UnixMs;
        }

        if (TimeSpan.TryParseExact(what.TrimEnd('Z'), [@"h\:mm", @"h\:mm\:ss", @"h\:mm\:ss\.fff"], CultureInfo.InvariantCulture, out var time))
        {
            return TimeOfDay(all, time);
        }

        if (DateTimeOffset.TryParse(what, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date))
        {
            return date.ToUnixTimeMilliseconds();
        }

        trouble = $"no event that is kept names '{what}': give an id (E20), a time (2026-11-30T09:12:00Z, 09:12 UTC) or a VM's name";
        return (all.LastOrDefault(one => RuleNotes.Of(one.Line) is not null && Names(one, what)) ?? all.LastOrDefault(one => Names(one, what)))?.UnixMs;
    }

    private static bool Names(IncidentEvent one, string what) => one.Line.Sentence.Contains(what, StringComparison.OrdinalIgnoreCase);

    /// <summary>The last such time of day that lies within the journals.</summary>
    private static long TimeOfDay(ImmutableArray<IncidentEvent> all, TimeSpan time)
    {
        var newest = DateTimeOffset.FromUnixTimeMilliseconds(all[^1].UnixMs);
        var at = newest - newest.TimeOfDay + time;
        return (at > newest + TimeSpan.FromMinutes(1) ? at.AddDays(-1) : at).ToUnixTimeMilliseconds();
    }

    private static ImmutableArray<StateStretch> Stretches(ImmutableArray<IncidentEvent> all, string host, long from, long to)
    {
        var stretches = ImmutableArray.CreateBuilder<StateStretch>();
        var (since, state) = (from, "");
        foreach (var one in all.Where(one => one.Host == host && one.UnixMs <= to))
        {
            if (StateAfter(one.Line) is not { } next)
            {
                continue;
            }

            if (one.UnixMs > since)
            {
                stretches.Add(new StateStretch(since, one.UnixMs, state));
                since = one.UnixMs;
            }

            state = next;
        }

        stretches.Add(new StateStretch(since, Math.Max(to, since), state));
        return stretches.ToImmutable();
    }

    private static string? StateAfter(EventLine line)
    {
        if (line.Id is Started or Stopping)
        {
            return "";
        }

        var arrow = line.Id == StateChanged ? line.Sentence.IndexOf("-> ", StringComparison.Ordinal) : -1;
        var end = arrow < 0 ? -1 : line.Sentence.IndexOf(':', arrow);
        return end < 0 ? null : line.Sentence[(arrow + 3)..end];
    }

    private static ImmutableArray<string> CaveatsOf(ImmutableArray<Journal> journals, ImmutableArray<IncidentEvent> events, long from)
    {
        var caveats = ImmutableArray.CreateBuilder<string>();
        foreach (var journal in journals)
        {
            if (journal.Lines.IsEmpty)
            {
                caveats.Add($"the journal of {journal.Host} is empty");
            }
            else if (journal.Lines[0].UnixMs - journal.ClockAheadMs > from)
            {
                caveats.Add($"the journal of {journal.Host} begins only at {Time(journal.Lines[0].UnixMs - (long)journal.ClockAheadMs)}");
            }

            if (Math.Abs(journal.ClockAheadMs) > FarApartMs)
            {
                caveats.Add(string.Create(CultureInfo.InvariantCulture,
                    $"the clock of {journal.Host} is {Math.Abs(journal.ClockAheadMs) / 1000:0} s {(journal.ClockAheadMs > 0 ? "ahead" : "behind")}: its times are shifted; if it was set meanwhile, they are wrong by as much"));
            }
        }

        var counted = events.Sum(one => one.Line.Repeats);
        if (counted > 0)
        {
            caveats.Add(string.Create(CultureInfo.InvariantCulture, $"{counted} events were counted and not kept"));
        }

        var foreign = events.Count(one => !RuleNotes.IsKnown(one.Line.Id));
        if (foreign > 0)
        {
            caveats.Add(string.Create(CultureInfo.InvariantCulture, $"{foreign} events are of kinds that this version does not know: the hosts have different versions"));
        }

        return caveats.ToImmutable();
    }

    private static string Time(long unixMs) => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(unixMs, 0, 253402300799999))
        .ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
