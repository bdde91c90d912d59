using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Lab.Tests;

/// <summary>
/// One direction between the hosts is dead, and both see the gateway. The one that is not heard hears that, and must be
/// gone before the deaf one acts.
/// </summary>
public sealed class OneWayTests
{
    [Theory]
    [InlineData("a", "b")]
    [InlineData("b", "a")]
    public Task The_host_that_is_not_heard_yields(string from, string to) =>
        Scenario.PlayAsync(new LabOptions(), async lab =>
        {
            lab.Story.Mark("", $"everything from {from} to {to} is dropped");
            lab.Network.Drop(from, to);
            await lab.TookOverAsync(survivor: to);
            lab.Story.Mark("", "both directions work again");
            lab.Network.Undrop();
            await lab.RejoinedAsync(master: to);
        });
}
