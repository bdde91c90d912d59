using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Tests.Machine;

public sealed class LatenessTests
{
    [Theory]
    [InlineData("fast", 100)]
    [InlineData("balanced", 250)]
    [InlineData("patient", 500)]
    public void The_limit_is_half_of_what_the_formula_leaves(string profile, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), TimingProfile.Of(profile).Timing.LatenessLimit);

    [Fact]
    public void A_late_loop_is_reported_at_a_bounded_rate_and_changes_no_decision()
    {
        var bench = Bench.Paired();
        Late(bench, 400);
        Assert.Contains("400 ms late", Assert.Single(bench.Events).Sentence, StringComparison.Ordinal);
        bench.Orders.Clear();
        for (var i = 0; i < 5; i++)
        {
            Late(bench, 500 + i);
            bench.Pass(1, gateway: true, peer: true);
        }

        Assert.Empty(bench.Events);
        bench.Pass(60, gateway: true, peer: true);
        Late(bench, 300);
        Assert.Contains("504 ms late", Assert.Single(bench.Events).Sentence, StringComparison.Ordinal);
        Assert.Contains("6 times since the last such line", bench.Events.Single().Sentence, StringComparison.Ordinal);
        Assert.Equal(HaStatus.Paired, bench.Status);
    }

    [Fact]
    public void Status_warns_for_an_hour_and_still_says_that_a_failure_is_covered()
    {
        var bench = Bench.Paired();
        var healthy = HaMachine.Status(bench.Config, bench.State, bench.Now);
        Assert.Empty(healthy.Warnings);
        Late(bench, 700);
        var status = HaMachine.Status(bench.Config, bench.State, bench.Now);
        Assert.Contains("up to 700 ms, 1 times", Assert.Single(status.Warnings), StringComparison.Ordinal);
        Assert.Equal(healthy.Protected, status.Protected);
        var later = bench.Now + TimeSpan.FromHours(1);
        Assert.Empty(HaMachine.Status(bench.Config, bench.State, later).Warnings);
    }

    private static void Late(Bench bench, int milliseconds) =>
        bench.Post(new Observation.LoopLate(TimeSpan.FromMilliseconds(milliseconds)));
}
