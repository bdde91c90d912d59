using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Sim.Tests;

/// <summary>The faults that <c>sim chaos</c> draws.</summary>
public sealed class ChaosPlanTests
{
    [Fact]
    public void The_same_seed_and_round_give_the_same_faults() =>
        Assert.All(Enumerable.Range(0, 200), round => Assert.Equal(ChaosPlan.Round(7, round), ChaosPlan.Round(7, round)));

    [Fact]
    public void A_one_way_drop_comes_alone_and_every_kind_is_drawn()
    {
        var rounds = Enumerable.Range(0, 2000).Select(round => ChaosPlan.Round(3, round)).ToList();
        Assert.All(rounds.Where(faults => faults.Any(fault => fault.Kind == ChaosKind.OneWay)), faults => Assert.Single(faults));
        Assert.Equal(Enum.GetValues<ChaosKind>(), rounds.SelectMany(faults => faults).Select(fault => fault.Kind).Distinct().Order());
        Assert.All(rounds, faults => Assert.InRange(faults.Count, 1, 3));
    }
}
