using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Lab.Tests;

/// <summary>The management cable of a host is pulled, and plugged in again.</summary>
public sealed class CableTests
{
    /// <summary>Without a second path the hosts cannot talk: the cut one fences by its clock, the other one waits.</summary>
    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public Task Pulled_without_crossover(string victim) => PulledAsync(victim, crossover: false);

    /// <summary>On the crossover they can: the cut host yields to the one that still has a network.</summary>
    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public Task Pulled_with_crossover(string victim) => PulledAsync(victim, crossover: true);

    [Fact]
    public Task Gateway_gone_for_both_kills_nothing() => Scenario.PlayAsync(new LabOptions(), async lab =>
    {
        lab.Story.Mark("", "gateway silent");
        lab.Network.GatewayAnswers(false);
        await lab.NothingMovesAsync(12, view => view.Both("Paired"));
        lab.Network.GatewayAnswers(true);
        await lab.UntilAsync("protected again", view => view is { A.Status.Protected: true, B.Status.Protected: true });
    });

    private static Task PulledAsync(string victim, bool crossover) =>
        Scenario.PlayAsync(new LabOptions { Crossover = crossover }, async lab =>
        {
            string survivor = Scenario.Other(victim);
            lab.Story.Mark(victim, "management cable pulled");
            lab.Network.Cut(victim);
            await lab.TookOverAsync(survivor);
            await lab.UntilAsync("the cut host is fenced and up", view =>
                view[victim].State == "Fenced" && lab[victim].Ends.IsEmpty);
            lab.Story.Mark(victim, "management cable plugged in");
            lab.Network.Plug(victim);
            await lab.RejoinedAsync(master: survivor);
        });
}
