using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using TwoNodeHa.Core.Config;
using Xunit;

namespace TwoNodeHa.Core.Tests.Config;

/// <summary>The arithmetic of the takeover delay, for every configuration that the parser accepts.</summary>
public class TimingProperties
{
    private static readonly TimeSpan s_millisecond = TimeSpan.FromMilliseconds(1);

    [Property(MaxTest = 1000)]
    public Property The_computed_delay_holds_and_a_millisecond_less_does_not() => Prop.ForAll(ConfigArb.Any, config =>
    {
        var least = TimingRules.Of(config).ComputedTakeoverDelay;
        Assert.True(With(config, least).Holds);
        Assert.False(With(config, least - s_millisecond).Holds);
    });

    /// <summary>
    /// The loser's slowest clock against the taker's fastest: counted by hand in exact numbers, not with the formula's own
    /// factor.
    /// </summary>
    [Property(MaxTest = 1000)]
    public Property The_taker_never_acts_before_the_loser_is_dead() => Prop.ForAll(ConfigArb.Any, config =>
    {
        var rules = TimingRules.Of(config);
        var drift = config.Timing.ClockDriftPpm / 1_000_000m;
        var loserReal = rules.LoserEnd.Ticks / (1m - drift);
        var takerReal = config.Timing.TakeoverDelay.Ticks / (1m + drift);
        // 1 + 2 d is the first order of (1 + d) / (1 - d): the second order must fit into the margin.
        Assert.True(takerReal + config.Timing.Margin.Ticks >= loserReal, $"{takerReal} {loserReal}");
        Assert.True(config.Timing.TakeoverDelay > 2 * config.Timing.AttestWindow + config.Timing.Margin);
    });

    [Property(MaxTest = 500)]
    public Property A_slower_site_never_gets_a_shorter_delay() => Prop.ForAll(ConfigArb.Any, config =>
    {
        var least = TimingRules.Of(config).ComputedTakeoverDelay;
        TimingConfig[] slower =
        [
            config.Timing with { KillBound = config.Timing.KillBound + s_millisecond },
            config.Timing with { StaggerTolerance = config.Timing.StaggerTolerance + s_millisecond },
            config.Timing with { StallTolerance = config.Timing.StallTolerance + s_millisecond },
            config.Timing with { Margin = config.Timing.Margin + s_millisecond },
            config.Timing with { ClockDriftPpm = config.Timing.ClockDriftPpm + 1 },
        ];
        Assert.All(slower, timing => Assert.True(TimingRules.Of(timing, config.Gateway.Timeout).ComputedTakeoverDelay >= least));
    });

    [Property(MaxTest = 500)]
    public Property The_line_that_check_prints_is_the_binding_one() => Prop.ForAll(ConfigArb.Any, config =>
    {
        var rules = TimingRules.Of(config);
        var line = rules.BindingLine();
        var number = line[(line.LastIndexOf('=') + 2)..].Split(' ')[0];
        var said = decimal.Parse(number, System.Globalization.CultureInfo.InvariantCulture);
        var least = rules.ComputedTakeoverDelay.Ticks / (decimal)TimeSpan.TicksPerSecond;
        // The floor is exclusive: the least delay is a millisecond above it.
        Assert.InRange(least - said, 0m, 0.001m);
    });

    private static TimingRules With(HaConfig config, TimeSpan delay) =>
        TimingRules.Of(config.Timing with { TakeoverDelay = delay }, config.Gateway.Timeout);
}
