using System.Globalization;
using System.Text;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Ctl.Output;

/// <summary>One decision, then and in the replay; the replay's is null where it has none.</summary>
/// <param name="Then">As it was; null where only the replay decided so.</param>
/// <param name="Now">In the replay; null where it did not decide so.</param>
internal sealed record DecisionPair(IncidentDecision? Then, IncidentDecision? Now);

/// <summary>An incident as a person reads it: what was read off the journals, and whether the replay decides alike.</summary>
internal static class IncidentText
{
    private const int LinesMax = 12;

    /// <summary>What was written.</summary>
    public static string Exported(IncidentBundle bundle, string file, Screen screen)
    {
        var text = new StringBuilder(1024);
        var left = bundle.Journal.Where(line => line.Part == "not mapped").ToList();
        Wrapped(text, screen, string.Create(CultureInfo.InvariantCulture,
            $"Incident of {bundle.Begins}: {Words.Count(bundle.Journal.Length, "line")}, read as {Words.Count(bundle.Events.Length, "event")}; {Words.Count(left.Count, "line")} not mapped."));
        foreach (var note in bundle.Notes)
        {
            Wrapped(text, screen, "  " + note);
        }

        Head(text, screen, "What is played");
        var table = new TextTable();
        foreach (var (at, sentence) in bundle.Events.SelectMany(one => one))
        {
            table.Add(at, sentence);
        }

        table.AppendTo(text, screen);
        Head(text, screen, "What was decided then");
        table = new TextTable();
        foreach (var one in bundle.Decisions)
        {
            table.Add(Seconds(one.Seconds), one.Host, one.What, one.Rule);
        }

        table.AppendTo(text, screen);
        text.Append(bundle.Decisions.IsEmpty ? "nothing: no host fenced, none took over\n" : "");
        if (left.Count > 0)
        {
            Head(text, screen, "Not mapped: no event of the scenario language stands for these lines");
            table = new TextTable();
            foreach (var line in left.Take(LinesMax))
            {
                table.Add(Seconds(line.Seconds), line.Host, "E" + line.Id.ToString(CultureInfo.InvariantCulture), line.Sentence);
            }

            table.AppendTo(text, screen);
            text.Append(left.Count > LinesMax ? string.Create(CultureInfo.InvariantCulture, $"… and {left.Count - LinesMax} more: they are in the file\n") : "");
        }

        text.Append('\n');
        Wrapped(text, screen, $"Written to {file}. Look at it before you give it away. Play it: ha-ctl simulate --incident {file}");
        return screen.Shown(text.ToString());
    }

    /// <summary>The decisions of then and of the replay, pairwise by host, in their order.</summary>
    public static List<DecisionPair> Pairs(IncidentBundle bundle, ScenarioResult run)
    {
        var left = IncidentDecision.Of(run);
        var pairs = new List<DecisionPair>();
        foreach (var then in bundle.Decisions)
        {
            var now = left.Find(one => one.Is(then));
            if (now is not null)
            {
                left.Remove(now);
            }

            pairs.Add(new DecisionPair(then, now));
        }

        pairs.AddRange(left.Select(now => new DecisionPair(null, now)));
        return pairs;
    }

    /// <summary>The comparison above a replayed story, each decision with what its rule says.</summary>
    public static string Replayed(IncidentBundle bundle, List<DecisionPair> pairs, ScenarioResult run, Screen screen)
    {
        var text = new StringBuilder(1024);
        var same = pairs.TrueForAll(pair => pair is { Then: not null, Now: not null });
        foreach (var line in WordWrap.Lines(same ? pairs.Count == 0 ? "As it was: no host fences, none takes over." : "As it was: the replay decides the same." : "NOT as it was: the replay decides otherwise.", screen.Width))
        {
            text.Append(screen.Paint(line, same ? Paint.Good : Paint.Bad)).Append('\n');
        }

        foreach (var note in bundle.Notes)
        {
            Wrapped(text, screen, "  " + note);
        }

        text.Append('\n');
        var table = new TextTable();
        table.AddPainted(Paint.Head, "THEN", "REPLAY", "HOST", "WHAT", "RULE");
        foreach (var (then, now) in pairs.Select(pair => (pair.Then, pair.Now)))
        {
            var one = (then ?? now)!;
            table.AddPainted(then is null || now is null ? Paint.Bad : null, then is null ? "-" : Seconds(then.Seconds), now is null ? "-" : Seconds(now.Seconds), one.Host, one.What, one.Rule);
        }

        table.AppendTo(text, screen);
        foreach (var (rule, says) in Rules(run))
        {
            Wrapped(text, screen, $"{rule}: {says}");
        }

        var left = bundle.Journal.Count(line => line.Part == "not mapped");
        if (left > 0)
        {
            Wrapped(text, screen, $"{Words.Count(left, "line")} of the journals could not be mapped, so the replay knows nothing of them: they are marked in the file.");
        }

        return screen.Shown(text.Append('\n').ToString());
    }

    private static IEnumerable<(string Rule, string Says)> Rules(ScenarioResult run) => run.Trace.Select(entry => IncidentDecision.Event(entry.Text)).OfType<(int Id, string Sentence)>()
        .Where(one => IncidentDecision.Of(0, "", one.Id, one.Sentence) is not null).Select(one => RuleNotes.Of(new EventLine(0, one.Id, "", one.Sentence))!)
        .DistinctBy(note => (note.Rule, note.Anchor)).Select(note => (note.Rule, $"{note.Says} (docs/protocol.md#{note.Anchor})"));

    private static void Head(StringBuilder text, Screen screen, string title) => text.Append('\n').Append(screen.Paint(title, Paint.Head)).Append('\n');

    private static string Seconds(double time) => string.Create(CultureInfo.InvariantCulture, $"{time:0.0} s");

    private static void Wrapped(StringBuilder text, Screen screen, string sentence)
    {
        foreach (var line in WordWrap.Lines(Words.Printable(sentence), screen.Width))
        {
            text.Append(line).Append('\n');
        }
    }
}
