using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Lab.Tests;

/// <summary>Something happens to a daemon, or to the toolstack below it, while both hosts are healthy.</summary>
public sealed class DaemonTests
{
    [Fact]
    public Task Killed_and_restarted_moves_nothing() => Scenario.PlayAsync(new LabOptions(), async lab =>
    {
        int killed = Strike(lab, "killed", DaemonProcess.Terminate);
        await lab.NothingMovesAsync(8);
        await lab.UntilAsync("a new daemon is paired again", view =>
            view.Both("Paired") && lab.DaemonPid("a") is { } pid && pid != killed);
        Assert.Empty(lab.A.Ends);
    });

    [Fact]
    public Task Killed_for_good_lets_the_watchdog_reset_the_host() =>
        Scenario.PlayAsync(new LabOptions { DaemonRestarts = false }, async lab =>
        {
            Strike(lab, "killed for good", DaemonProcess.Terminate);
            await ResetAndReplacedAsync(lab);
        });

    [Fact]
    public Task Frozen_lets_the_watchdog_reset_the_host() => Scenario.PlayAsync(new LabOptions(), async lab =>
    {
        Strike(lab, "frozen", DaemonProcess.Freeze);
        await ResetAndReplacedAsync(lab);
    });

    /// <summary>
    /// A toolstack that hangs stops no VM, and neither may HA: destroying VMs that run well for a hung management
    /// process would be the harm it exists to prevent.
    /// </summary>
    [Fact]
    public Task Hung_toolstack_of_the_master_kills_nothing() => Scenario.PlayAsync(new LabOptions(), async lab =>
    {
        lab.Story.Mark("a", "toolstack hangs");
        await lab.Baseboard("a").HangToolstackAsync(true);
        await lab.NothingMovesAsync(12);
        await lab.Baseboard("a").HangToolstackAsync(false);
        await lab.UntilAsync("protected again", view =>
            view.Both("Paired") && view is { A.Status.Protected: true, B.Status.Protected: true });
    });

    private static int Strike(LabHarness lab, string what, Action<int> strike)
    {
        int pid = lab.DaemonPid("a") ?? throw new InvalidOperationException("no daemon on a");
        lab.Story.Mark("a", $"daemon {pid} {what}");
        strike(pid);
        return pid;
    }

    private static async Task ResetAndReplacedAsync(LabHarness lab)
    {
        await lab.UntilAsync("the watchdog has reset a", _ => lab.A.Ends.Any(end => end.Kind == HostEndKind.Watchdog));
        await lab.TookOverAsync(survivor: "b");
        await lab.RejoinedAsync(master: "b");
    }
}
