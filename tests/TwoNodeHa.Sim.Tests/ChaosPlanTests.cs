using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Sim.Tests;

/// <summary>The faults that <c>sim chaos</c> draws.</summary>
public sealed class ChaosPlanTests
{
    [Fact]
    public void The_same_seed_and_round_give_the_same_faults() =>
        Assert.All(Enumerable.Range(0, 200), round => Assert.Equal(ChaosPlan.Round(7, round, crossover: true), ChaosPlan.Round(7, round, crossover: true)));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_one_way_drop_and_a_split_come_alone_and_every_kind_that_may_be_is_drawn(bool crossover)
    {
        var rounds = Enumerable.Range(0, 3000).Select(round => ChaosPlan.Round(3, round, crossover)).ToList();
        Assert.All(
            rounds.Where(faults => faults.Any(fault => fault.Kind is ChaosKind.OneWay or ChaosKind.Split)),
            faults => Assert.Single(faults));
        Assert.Equal(
            Enum.GetValues<ChaosKind>().Where(kind => kind < ChaosKind.ArbiterKilled && (crossover || kind != ChaosKind.Split)),
            rounds.SelectMany(faults => faults).Select(fault => fault.Kind).Distinct().Order());
        Assert.All(rounds, faults => Assert.InRange(faults.Count, 1, 3));
    }

    /// <summary>What a lab has not cannot fail in it.</summary>
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void A_third_party_that_is_not_there_does_not_fail(bool arbiter, bool boards)
    {
        var drawn = Enumerable.Range(0, 3000).SelectMany(round => ChaosPlan.Round(3, round, crossover: false, arbiter, boards)).Select(fault => fault.Kind).ToHashSet();
        Assert.Equal(arbiter, drawn.Any(kind => kind is >= ChaosKind.ArbiterKilled and <= ChaosKind.ArbiterSplit));
        Assert.Equal(boards, drawn.Any(kind => kind >= ChaosKind.BoardFrozen));
        Assert.Contains(ChaosKind.Split, drawn);
    }

    [Fact]
    public void In_class_A_every_kind_is_drawn_and_a_split_comes_beside_others()
    {
        var rounds = Enumerable.Range(0, 3000).Select(round => ChaosPlan.Round(3, round, crossover: false, arbiter: true, boards: true)).ToList();
        Assert.Equal(Enum.GetValues<ChaosKind>(), rounds.SelectMany(faults => faults).Select(fault => fault.Kind).Distinct().Order());
        Assert.Contains(rounds, faults => faults.Count == 3 && faults.Any(fault => fault.Kind == ChaosKind.Split) && faults.Any(fault => fault.Kind == ChaosKind.Gateway));
    }
}
