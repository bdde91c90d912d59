using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Lab.Tests;

public sealed class PowerLossTests
{
    [Fact]
    public Task Of_the_master_then_it_comes_back_as_slave() => LostAndBackAsync("a");

    [Fact]
    public Task Of_the_slave_then_it_comes_back() => LostAndBackAsync("b");

    [Fact]
    public Task While_HA_is_disabled_nothing_happens() => Scenario.PlayAsync(new LabOptions(), async lab =>
    {
        await lab.DisableAsync();
        lab.Story.Mark("a", "power lost");
        lab.A.PowerOff();
        await lab.UntilAsync("a is dark", view => view.A.Vms.IsEmpty);
        await lab.NothingMovesAsync(12, view => view.B is { State: "Disabled", Role: "slave", Vms.Length: 2 });
    });

    private static Task LostAndBackAsync(string victim) => Scenario.PlayAsync(new LabOptions(), async lab =>
    {
        string survivor = Scenario.Other(victim);
        lab.Story.Mark(victim, "power lost");
        lab[victim].PowerOff();
        await lab.TookOverAsync(survivor);
        await lab.UntilAsync("the survivor says that it is alone", view => view[survivor].State == "Sole");
        lab.Story.Mark(victim, "power back");
        lab[victim].PowerOn();
        await lab.RejoinedAsync(master: survivor);
    });
}
