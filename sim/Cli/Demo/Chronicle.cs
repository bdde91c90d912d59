using System.Globalization;
using Spectre.Console;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Sim.Cli.Demo;

/// <summary>What happened when: what was done to the lab, what the daemons said, and what was seen from outside.</summary>
internal static class Chronicle
{
    private static readonly int[] Telling =
    [
        (int)HaEventId.StateChanged, (int)HaEventId.FenceDecided, (int)HaEventId.FenceVerified,
        (int)HaEventId.FenceReset, (int)HaEventId.TakeoverDecided, (int)HaEventId.TakeoverStep,
        (int)HaEventId.TakeoverDone, (int)HaEventId.TakeoverAbandoned, (int)HaEventId.TakeoverRefused,
        (int)HaEventId.VmStartOrdered, (int)HaEventId.VmStartFailed, (int)HaEventId.VmGivenUp, (int)HaEventId.Conflict,
    ];

    /// <summary>Times count from the first fault that the story marked.</summary>
    public static Table Table(
        IReadOnlyList<StoryLine> marks, IReadOnlyList<VmChange> seen, EventLine[] a, EventLine[] b)
    {
        DateTimeOffset zero = marks.FirstOrDefault(mark => mark.Host.Length > 0, marks[0]).At;
        // The wall clock of an event has milliseconds; a mark of the same millisecond stays before it.
        DateTimeOffset from = zero - TimeSpan.FromMilliseconds(1);
        Table table = new Table().Border(TableBorder.Ascii).AddColumns("t+s", "host", "who says so", "what");
        IEnumerable<(StoryLine Line, string Source)> lines =
        [
            .. marks.Select(mark => (mark, "story")),
            .. seen.Select(change => (Line(change), "seen from outside")),
            .. a.Where(IsTelling).Select(line => (Line("a", line), "daemon")),
            .. b.Where(IsTelling).Select(line => (Line("b", line), "daemon")),
        ];
        foreach (var (line, source) in lines.Where(entry => entry.Line.At >= from).OrderBy(entry => entry.Line.At))
        {
            string time = Math.Max(0, (line.At - zero).TotalSeconds).ToString("0.00", CultureInfo.InvariantCulture);
            table.AddRow(time.PadLeft(6), line.Host, source, Markup.Escape(line.Text));
        }

        return table;
    }

    private static bool IsTelling(EventLine line) => Telling.Contains(line.Id);

    private static StoryLine Line(VmChange change) =>
        new(change.At, change.Host, $"{change.Vm} {(change.Started ? "runs" : "is gone")}");

    private static StoryLine Line(string host, EventLine line) =>
        new(DateTimeOffset.FromUnixTimeMilliseconds(line.UnixMs), host, line.Sentence);
}
