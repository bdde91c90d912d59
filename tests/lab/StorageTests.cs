using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Lab.Tests;

/// <summary>
/// Class A by SCSI-3 persistent reservations on a real target (tgtd), to which the VMs write by a real initiator (libiscsi). What counts
/// is what the target took: no write of a host after the first of the other one for the same VM. Several stories share a lab.
/// </summary>
public sealed class StorageTests
{
    private static readonly LabOptions Storage = new() { Luns = 2 };

    /// <summary>
    /// A cable to the hosts is pulled, that to the storage is not: the storage decides, and refuses what the loser writes until it notices. It
    /// is heard and registered again. Then a host hangs: its watchdog resets it, and with its key taken away it starts nothing.
    /// </summary>
    [Fact]
    public Task Cable_pulled_then_a_daemon_that_hangs_is_cut_off() => Scenario.PlayAsync(Storage, async lab =>
    {
        await SettledAsync(lab);
        lab.AnswersLate("a", 0.4);
        lab.Story.Mark("a", "cable pulled");
        lab.Network.Cut("a");
        await lab.TookOverAsync(survivor: "b");
        await WritesAsync(lab, "b");
        Assert.Empty(lab.A.Ends);
        Assert.True(lab.RefusedOf("a") > 0, "the VMs of a went on until it noticed, and were refused");
        Assert.Equal(0, lab.RefusedOf("b"));
        lab.AnswersLate("a", 0);
        lab.Network.Plug("a");
        await lab.RejoinedAsync(master: "b");

        await SettledAsync(lab);
        lab.Story.Mark("b", "its daemon hangs, and its cable is pulled");
        DaemonProcess.Freeze(lab.DaemonPid("b") ?? throw new InvalidOperationException("b has no daemon"));
        lab.Network.Cut("b");
        await lab.TookOverAsync(survivor: "a");
        await WritesAsync(lab, "a");
        Assert.Contains(lab.B.Ends, end => end.Kind == HostEndKind.Watchdog);
        await lab.UntilAsync("b is up again", view => view.B.Status is not null);
        await lab.StaysAsync("without its key b starts nothing", view => view.B.Vms.IsEmpty && view.A.Vms.Length == lab.Options.Vms, seconds: 5);
        lab.Network.Plug("b");
        await lab.RejoinedAsync(master: "a");
    });

    /// <summary>
    /// Both see the storage and the gateway and not each other: both want each other's key, and one gets it. Then the target forgets all
    /// registrations, under the host that is alone and under a pair, and a host loses power.
    /// </summary>
    [Fact]
    public Task Hosts_apart_then_the_target_forgets_all_then_a_power_loss() => Scenario.PlayAsync(Storage, async lab =>
    {
        await SettledAsync(lab);
        lab.Story.Mark("", "hosts apart");
        lab.Network.Drop("a", "b");
        lab.Network.Drop("b", "a");
        LabView after = await lab.UntilAsync("one host runs all VMs", view =>
            view.A.Vms.Length == lab.Options.Vms || view.B.Vms.Length == lab.Options.Vms);
        string winner = after.A.Vms.IsEmpty ? "b" : "a";
        await lab.StaysAsync("it stays so", view => view[winner].Vms.Length == lab.Options.Vms, seconds: 3);

        lab.Story.Mark("", "the target forgets all, and one host is alone");
        Forget(lab);
        await WritesAsync(lab, winner);
        await lab.StaysAsync("it goes on", view => view[winner].Vms.Length == lab.Options.Vms && lab[winner].Ends.IsEmpty, seconds: 5);
        lab.Network.Undrop();
        await lab.RejoinedAsync(winner);

        await SettledAsync(lab);
        lab.Story.Mark("", "the target forgets all, and both are a pair");
        Forget(lab);
        await lab.NothingMovesAsync(15, view => view.Both("Paired"));
        lab.Story.Mark(winner, "power lost");
        lab[winner].PowerOff();
        await lab.TookOverAsync(Scenario.Other(winner));
        await WritesAsync(lab, Scenario.Other(winner));
    });

    /// <summary>
    /// A LUN is gone: nobody can say that a dead host does not write there, so nothing is taken over. It is back without any key, and a host
    /// that waits alone registers none. Heard again, both are registered, and the next power loss is one like any other.
    /// </summary>
    [Fact]
    public Task A_lun_is_gone_at_a_power_loss_and_comes_back() => Scenario.PlayAsync(Storage, async lab =>
    {
        await SettledAsync(lab);
        lab.Story.Mark("", "LUN 2 is gone");
        lab.San!.Remove(2);
        await lab.NothingMovesAsync(3, view => view.Both("Paired"));
        lab.Story.Mark("a", "power lost");
        lab.A.PowerOff();
        await lab.UntilAsync("a is dark", view => view.A.Vms.IsEmpty);
        await lab.StaysAsync("b takes nothing over", view => view.B.Vms.Length <= lab.Options.Vms / 2, seconds: 10);
        lab.Story.Mark("", "LUN 2 is back");
        lab.San.Add(2);
        await lab.StaysAsync("b takes nothing over", view => view.B.Vms.Length <= lab.Options.Vms / 2, seconds: 5);
        lab.Story.Mark("a", "power on");
        lab.A.PowerOn();
        await lab.UntilAsync("paired with all VMs", view => view.Both("Paired") && view.Running == lab.Options.Vms
            && view is { A.Status.Protected: true, B.Status.Protected: true });
        await lab.NothingMovesAsync(15, view => view.Both("Paired"));
        lab.Story.Mark("b", "power lost");
        lab.B.PowerOff();
        await lab.TookOverAsync(survivor: "a");
        await WritesAsync(lab, "a");
    });

    private static void Forget(LabHarness lab)
    {
        lab.San!.Kill();
        lab.San.Start();
    }

    /// <summary>A pair for a while: both are registered, and each heard the other one since.</summary>
    private static Task SettledAsync(LabHarness lab) => lab.NothingMovesAsync(3, view => view.Both("Paired"));

    /// <summary>The target takes what each VM writes on a host.</summary>
    private static async Task WritesAsync(LabHarness lab, string host)
    {
        var before = lab.Writes!.Accepted(host);
        await lab.UntilAsync($"all VMs write on {host}", _ => lab.Writes.Accepted(host).Zip(before).All(pair => pair.First > pair.Second + 2));
    }
}
