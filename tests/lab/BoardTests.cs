using TwoNodeHa.Sim.Lab;
using TwoNodeHa.Sim.Lab.Parts;

namespace TwoNodeHa.Lab.Tests;

/// <summary>
/// Class A by real boards (ipmi_sim), which the daemon switches by its own use of ipmitool; "off" kills the emulated host. Several
/// stories share a lab.
/// </summary>
public sealed class BoardTests
{
    private static readonly LabOptions Boards = new() { Boards = true };
    private static readonly TimeSpan OrderLimit = TimeSpan.FromSeconds(3);

    /// <summary>A board with a supply of its own says at once that its host is off. One that died with its host says nothing: the arbiter decides.</summary>
    [Fact]
    public Task Power_loss_is_confirmed_at_once_then_one_that_the_arbiter_decides() => Scenario.PlayAsync(Boards with { Arbiter = true }, async lab =>
    {
        DateTimeOffset struck = lab.Story.Mark("a", "power lost");
        lab.A.PowerOff();
        await lab.TookOverAsync(survivor: "b");
        await SoonAsync(lab, struck, "b");
        Assert.Empty(lab.BoardOf("a").OffOrders);
        lab.A.PowerOn();
        await lab.RejoinedAsync("b");

        lab.Story.Mark("b", "power lost, and the board with it");
        lab.Network.Cut(LabBoard.Station("b"));
        lab.B.PowerOff();
        await lab.TookOverAsync(survivor: "a");
    });

    /// <summary>
    /// No arbiter. Both are alive and see the gateway: the master is first and switches the slave off. Then the master loses power: the
    /// slave, which would wait with an order, has it read at once. At last a host loses power whose board does not know, then hangs:
    /// nothing is taken over before it says off.
    /// </summary>
    [Fact]
    public Task Hosts_apart_then_a_power_loss_that_the_slave_reads_at_once_then_a_board_without_an_answer() => Scenario.PlayAsync(Boards, async lab =>
    {
        DateTimeOffset struck = lab.Story.Mark("", "hosts apart");
        Apart(lab);
        await lab.TookOverAsync(survivor: "a");
        await SoonAsync(lab, struck, "a");
        Assert.Single(lab.BoardOf("b").OffOrders);
        Assert.Empty(lab.BoardOf("a").OffOrders);
        Assert.Equal(Power.Off, lab.B.Power);
        lab.Network.Undrop();
        lab.B.PowerOn();
        await lab.RejoinedAsync("a");

        struck = lab.Story.Mark("a", "power lost");
        lab.A.PowerOff();
        await lab.TookOverAsync(survivor: "b");
        await SoonAsync(lab, struck, "b");
        Assert.Empty(lab.BoardOf("a").OffOrders);
        lab.A.PowerOn();
        await lab.RejoinedAsync("b");

        LabBoard board = lab.BoardOf("b");
        board.Healthy = false;
        lab.Story.Mark("b", "power lost, its board is sick");
        lab.B.PowerOff();
        await lab.UntilAsync("b is dark", view => view.Running == 0);
        await lab.StaysAsync("a takes nothing over", view => view.Running == 0, seconds: 6);
        board.Healthy = true;
        board.Freeze();
        lab.Story.Mark("b", "its board hangs");
        await lab.StaysAsync("a takes nothing over", view => view.Running == 0, seconds: 6);
        board.Thaw();
        await lab.TookOverAsync(survivor: "a");
    });

    /// <summary>Without a delay by rank and with slow boards each host is switched off by the other: bad luck, and no VM runs twice.</summary>
    [Fact]
    public Task Both_hosts_order_at_once() => Scenario.PlayAsync(Boards with { Policy = ["fence_delay_seconds = 0"] }, async lab =>
    {
        foreach (LabBoard board in lab.Boards)
        {
            board.Latency = TimeSpan.FromSeconds(2);
        }

        lab.Story.Mark("", "hosts apart");
        Apart(lab);
        await lab.UntilAsync("both were ordered off and are", view =>
            lab.Boards.All(board => board.OffOrders.Length > 0) && view is { A.Power: Power.Off, B.Power: Power.Off });
        lab.Network.Undrop();
        lab.A.PowerOn();
        lab.B.PowerOn();
        await lab.UntilAsync("paired again with all VMs", view => view.Both("Paired") && view.Running == lab.Options.Vms);
    });

    private static void Apart(LabHarness lab)
    {
        lab.Network.Drop("a", "b");
        lab.Network.Drop("b", "a");
    }

    /// <summary>From the suspicion to the first order of a start; what the toolstack needs for a promotion is not the daemon's.</summary>
    private static async Task SoonAsync(LabHarness lab, DateTimeOffset struck, string survivor)
    {
        FailoverPhases phases = await lab.PhasesAsync(struck, survivor);
        TimeSpan after = phases.SinceSuspicion ?? throw new InvalidOperationException("it was not suspected");
        TestContext.Current.TestOutputHelper?.WriteLine($"suspected by {survivor}: first start order after {after.TotalSeconds:F2} s");
        Assert.InRange(after, TimeSpan.Zero, OrderLimit * LabOptions.Patience);
    }
}
