using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Daemon.Journal;

namespace TwoNodeHa.Daemon.Tests.Journal;

public sealed class EventThrottleTests
{
    private const long Second = 1000;
    private const long Hour = 3600 * Second;

    private readonly EventThrottle _throttle = new();

    [Fact]
    public void A_storm_of_a_day_leaves_lines_for_a_screen_and_loses_no_count()
    {
        // The gateway of finding U-9: 22 events a second.
        var kept = new List<EventLine>();
        long sent = 0;
        for (long at = 0; at < 24 * Hour; at += 45)
        {
            sent++;
            if (_throttle.Pass(Line(at, $"the gateway answered after {at % 977} ms")) is { } line)
            {
                kept.Add(line);
            }
        }

        kept.AddRange(_throttle.Flush(long.MaxValue));
        Assert.InRange(kept.Count, EventThrottle.Burst, 40);
        Assert.Equal(sent, kept.Sum(line => 1 + line.Repeats));
    }

    [Fact]
    public void What_comes_now_and_then_is_all_kept()
    {
        for (var i = 0; i < 100; i++)
        {
            Assert.NotNull(_throttle.Pass(Line(i * EventThrottle.QuietMs, "the same")));
        }
    }

    [Theory]
    [InlineData("late by 0.31 s", "late by 12 s", true)]
    [InlineData("late by 0.31 s (3 times)", "late by 4.0 s (12 times)", true)]
    [InlineData("web1 runs nowhere", "web2 runs nowhere", false)]
    [InlineData("link a is silent", "link b is silent", false)]
    [InlineData("192.0.2.1 is silent", "x is silent", false)]
    public void Quantities_do_not_make_a_meaning_names_do(string left, string right, bool same) =>
        Assert.Equal(same, EventThrottle.Meaning(left) == EventThrottle.Meaning(right));

    [Fact]
    public void Twenty_VMs_with_numbers_for_names_are_twenty_events()
    {
        for (var vm = 0; vm < 20; vm++)
        {
            Assert.NotNull(_throttle.Pass(new EventLine(vm, 31, "notice", $"{vm} runs")));
        }
    }

    [Fact]
    public void Another_severity_is_another_meaning()
    {
        for (var i = 0; i < 50; i++)
        {
            _throttle.Pass(Line(i, "x"));
        }

        Assert.NotNull(_throttle.Pass(Line(51, "x") with { Severity = "critical" }));
    }

    [Fact]
    public void A_storm_that_ends_leaves_its_count_without_a_further_event()
    {
        for (var i = 0; i < 20; i++)
        {
            _throttle.Pass(Line(i, "x"));
        }

        Assert.Empty(_throttle.Flush(Second));
        var told = Assert.Single(_throttle.Flush(2 * Hour));
        Assert.Equal((19, 20 - EventThrottle.Burst - 1, EventThrottle.Burst), (told.UnixMs, told.Repeats, told.SinceUnixMs));
        Assert.Empty(_throttle.Flush(4 * Hour));
    }

    [Property(MaxTest = 200)]
    public Property Every_event_is_kept_or_counted_once() => Prop.ForAll(
        ArbMap.Default.GeneratorFor<(byte Kind, ushort Gap)[]>().ToArbitrary(), events =>
        {
            var throttle = new EventThrottle();
            var at = 0L;
            var kept = 0L;
            foreach (var (kind, gap) in events)
            {
                at += gap * (kind % 7 == 0 ? 60L : 1L);
                kept += throttle.Pass(Line(at, $"kind {(char)('a' + (kind % 3))}")) is { } line ? 1 + line.Repeats : 0;
                kept += throttle.Flush(at).Sum(told => 1 + told.Repeats);
            }

            kept += throttle.Flush(long.MaxValue).Sum(told => 1 + told.Repeats);
            return kept == events.Length;
        });

    private static EventLine Line(long at, string sentence) => new(at, 41, "warning", sentence);
}
