using System.Text;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Daemon.Journal;

/// <summary>
/// Keeps event storms short. Events mean the same when id, severity and sentence agree but for numbers. The first few of a
/// meaning pass; then one passes per window, with the count of those before it, and the window grows while the storm lasts.
/// What was counted and not followed is told by <see cref="Flush"/>: nothing is lost but the repetition. Not thread-safe.
/// </summary>
internal sealed class EventThrottle
{
    /// <summary>So many of one meaning pass before they are counted.</summary>
    public const int Burst = 5;

    /// <summary>A meaning that was quiet for so long starts anew.</summary>
    public const long QuietMs = 10 * 60_000;

    /// <summary>Meanings that are kept apart; beyond that, the quietest is forgotten.</summary>
    private const int MeaningsMax = 256;

    private static readonly long[] s_windowsMs = [60_000, 5 * 60_000, 30 * 60_000, 60 * 60_000];

    private readonly Dictionary<(int Id, string Severity, string Meaning), Storm> _storms = [];

    /// <summary>The line to keep, with the count of those it stands for; null when it was counted only.</summary>
    public EventLine? Pass(EventLine line)
    {
        var key = (line.Id, line.Severity, IsOfAVm(line.Id) ? line.Sentence : Meaning(line.Sentence));
        if (!_storms.TryGetValue(key, out var storm) || line.UnixMs - storm.LastMs >= QuietMs || line.UnixMs < storm.LastMs)
        {
            var before = storm?.Counted > 0 ? Told(line, storm) : line;
            MakeRoom();
            _storms[key] = new Storm { PassedMs = line.UnixMs, LastMs = line.UnixMs, Passed = 1 };
            return before;
        }

        storm.LastMs = line.UnixMs;
        if (storm.Passed < Burst)
        {
            storm.Passed++;
            storm.PassedMs = line.UnixMs;
            return line;
        }

        if (line.UnixMs - storm.PassedMs >= s_windowsMs[storm.Window])
        {
            var told = Told(line, storm);
            storm.Told(line.UnixMs);
            return told;
        }

        storm.Newest = line;
        storm.SinceMs = storm.Counted++ == 0 ? line.UnixMs : storm.SinceMs;
        return null;
    }

    /// <summary>The newest line of each storm whose window has ended without a further event.</summary>
    /// <param name="nowMs">Wall clock, Unix milliseconds.</param>
    public IReadOnlyList<EventLine> Flush(long nowMs)
    {
        var told = new List<EventLine>();
        foreach (var storm in _storms.Values)
        {
            if (storm is { Counted: > 0, Newest: { } newest } && nowMs - storm.PassedMs >= s_windowsMs[storm.Window])
            {
                told.Add(newest with { Repeats = storm.Counted - 1, SinceUnixMs = storm.Counted > 1 ? storm.SinceMs : 0 });
                storm.Told(newest.UnixMs);
            }
        }

        told.Sort(static (left, right) => left.UnixMs.CompareTo(right.UnixMs));
        return told;
    }

    /// <summary>
    /// A sentence without its quantities: 0.31 s and 12 s late are the same thing. A number that is part of a word or a name
    /// stays: web1 and web2 are not.
    /// </summary>
    internal static string Meaning(string sentence)
    {
        var text = new StringBuilder(sentence.Length);
        for (var index = 0; index < sentence.Length; index++)
        {
            var isStart = index == 0 || sentence[index - 1] is ' ' or '(' or '±';
            if (!isStart || !char.IsAsciiDigit(sentence[index]))
            {
                text.Append(sentence[index]);
                continue;
            }

            text.Append('#');
            while (index + 1 < sentence.Length && (char.IsAsciiDigit(sentence[index + 1]) || sentence[index + 1] is '.' or ','))
            {
                index++;
            }
        }

        return text.ToString();
    }

    /// <summary>Each VM is a meaning of its own, whatever its name looks like.</summary>
    private static bool IsOfAVm(int id) => id is >= (int)HaEventId.VmStartOrdered and <= (int)HaEventId.VmGivenUp;

    private static EventLine Told(EventLine line, Storm storm) =>
        storm.Counted > 0 ? line with { Repeats = storm.Counted, SinceUnixMs = storm.SinceMs } : line;

    private void MakeRoom()
    {
        if (_storms.Count >= MeaningsMax)
        {
            _storms.Remove(_storms.MinBy(pair => pair.Value.LastMs).Key);
        }
    }

    private sealed class Storm
    {
        public int Passed { get; set; }

        public long PassedMs { get; set; }

        public long LastMs { get; set; }

        public long Counted { get; set; }

        public long SinceMs { get; set; }

        public int Window { get; private set; }

        public EventLine? Newest { get; set; }

        public void Told(long atMs)
        {
            (Counted, SinceMs, Newest, PassedMs) = (0, 0, null, atMs);
            Window = Math.Min(Window + 1, s_windowsMs.Length - 1);
        }
    }
}
