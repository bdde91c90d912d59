using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Lab.Tests;

/// <summary>What networks do to two real daemons although no cable is pulled.</summary>
public sealed class WireStoryTests
{
    [Theory]
    [InlineData("loss 30%")]
    [InlineData("delay 120ms jitter 60ms")]
    [InlineData("duplicate 50% reorder 20%")]
    public Task A_bad_network_between_the_hosts_moves_nothing(string effect) => Scenario.PlayAsync(new LabOptions(), async lab =>
    {
        lab.Story.Mark("", $"between the hosts: {effect}");
        lab.Network.Impair("a>b " + effect);
        lab.Network.Impair("b>a " + effect);
        await lab.NothingMovesAsync(15);
        lab.Network.Undrop();
        await lab.RejoinedAsync(master: "a", spread: true);
    });

    /// <summary>The old master's port forwards nothing for a while after it has power; the other host is master then.</summary>
    [Fact]
    public Task A_host_that_comes_back_behind_spanning_tree_starts_nothing() =>
        Scenario.PlayAsync(new LabOptions(), async lab =>
        {
            lab.Story.Mark("a", "power lost");
            lab.A.PowerOff();
            await lab.TookOverAsync(survivor: "b");
            lab.Network.SpanningTree = TimeSpan.FromSeconds(15);
            lab.A.PowerOn();
            await lab.UntilAsync("the daemon of a speaks", view => view.A.Status is not null);
            await lab.StaysAsync("nothing runs on a", view => view.A.Vms.IsEmpty && view.B.Vms.Length == lab.Options.Vms, seconds: 8);
            lab.Network.SpanningTree = TimeSpan.Zero;
            await lab.RejoinedAsync(master: "b");
        });
}
