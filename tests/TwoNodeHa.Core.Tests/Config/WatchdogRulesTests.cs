using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Tests.Config;

public sealed class WatchdogRulesTests
{
    private static readonly TimingConfig Balanced = TimingProfile.Of("balanced").Timing;

    [Theory]
    [InlineData(4, 0, null)]
    [InlineData(3, 0, null)]
    [InlineData(5, 0, "resets this host up to 5 s after its last feeding, the takeover delay counts with 4 s: write fixed_watchdog_seconds = 5")]
    [InlineData(60, 30, "counts with 30 s: write fixed_watchdog_seconds = 60")]
    [InlineData(60, 60, null)]
    [InlineData(30, 60, null)]
    [InlineData(null, 0, "write its own timeout as fixed_watchdog_seconds")]
    [InlineData(null, 30, null)]
    public void A_fixed_watchdog_is_sound_when_the_formula_counts_with_it(int? real, int configured, string? trouble)
    {
        var facts = new WatchdogFacts(true, false, "/dev/watchdog (iTCO)")
        {
            FixedTimeout = real is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        };
        var found = WatchdogRules.Trouble(Balanced with { FixedWatchdog = TimeSpan.FromSeconds(configured) }, facts);
        if (trouble is null)
        {
            Assert.Null(found);
        }
        else
        {
            Assert.Contains(trouble, found, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void One_that_takes_the_remaining_time_is_sound_and_one_that_is_not_there_is_not()
    {
        Assert.Null(WatchdogRules.Trouble(Balanced, new WatchdogFacts(true, true, "x")));
        Assert.Equal("gone", WatchdogRules.Trouble(Balanced, new WatchdogFacts(false, true, "gone")));
    }

    [Theory]
    [InlineData(30, 60, "30 is enough")]
    [InlineData(null, 60, "0 is enough")]
    [InlineData(60, 60, "")]
    [InlineData(null, 3, "")]
    public void A_longer_fixed_watchdog_than_there_is_costs_time(int? real, int configured, string reservation)
    {
        var facts = new WatchdogFacts(true, real is null, "dog")
        {
            FixedTimeout = real is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        };
        var found = WatchdogRules.Reservation(Balanced with { FixedWatchdog = TimeSpan.FromSeconds(configured) }, facts);
        Assert.Equal(reservation.Length == 0, found.Length == 0);
        Assert.Contains(reservation, found, StringComparison.Ordinal);
    }

    [Fact]
    public void A_weakness_is_told() => Assert.Equal(
        "dog: it sleeps", WatchdogRules.Reservation(Balanced, new WatchdogFacts(true, true, "dog") { Weakness = "it sleeps" }));
}
