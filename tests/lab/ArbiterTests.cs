using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Sim.Lab;
using TwoNodeHa.Sim.Lab.Parts;

namespace TwoNodeHa.Lab.Tests;

/// <summary>
/// Class A by a lease in a real etcd: one link, and no fault of the network lets a VM run twice. Several stories share a lab, since
/// making a pair takes longer than most of them.
/// </summary>
public sealed class ArbiterTests
{
    private static readonly LabOptions Arbiter = new() { Arbiter = true };

    /// <summary>
    /// First a pulled cable. Then the network falls apart and each side has a gateway that answers, which class C calls unsafe: here
    /// the side of the arbiter goes on, although all VMs ran on the other.
    /// </summary>
    [Fact]
    public Task Cable_pulled_then_a_gateway_answers_on_both_sides_of_a_split() => Scenario.PlayAsync(Arbiter with { TwoSides = true }, async lab =>
    {
        lab.Story.Mark("a", "cable pulled");
        lab.Network.Cut("a");
        await lab.TookOverAsync(survivor: "b");
        await lab.UntilAsync("the cut host is fenced and up", view => view.A.State == "Fenced" && lab.A.Ends.IsEmpty);
        lab.Network.Plug("a");
        await lab.RejoinedAsync(master: "b");

        lab.Story.Mark("", "split");
        lab.Network.Split(true);
        await lab.TookOverAsync(survivor: "a");
        await lab.StaysAsync("it stays so", view => view.A.Vms.Length == lab.Options.Vms && view.B.Vms.IsEmpty, seconds: 3);
        lab.Network.Split(false);
        await lab.RejoinedAsync(master: "a");
    });

    /// <summary>
    /// Both see gateway and arbiter and not each other: the lease decides. Later one is alone without the arbiter: it stops, and
    /// starts when the arbiter is in reach again.
    /// </summary>
    [Fact]
    public Task Hosts_apart_then_one_alone_without_the_arbiter() => Scenario.PlayAsync(Arbiter, async lab =>
    {
        lab.Story.Mark("", "hosts apart");
        Apart(lab, "a", "b");
        LabView after = await lab.UntilAsync("one host runs all VMs", view =>
            view.A.Vms.Length == lab.Options.Vms || view.B.Vms.Length == lab.Options.Vms);
        string winner = after.A.Vms.IsEmpty ? "b" : "a";
        await lab.StaysAsync("it stays so", view => view[winner].Vms.Length == lab.Options.Vms, seconds: 3);
        lab.Network.Undrop();
        await lab.RejoinedAsync(winner);

        lab.Story.Mark(winner, "etcd out of reach");
        lab.Arbiter!.Cut(winner);
        await lab.NothingMovesAsync(2, Protected);
        string other = Scenario.Other(winner);
        lab.Story.Mark(other, "power lost");
        lab[other].PowerOff();
        await lab.UntilAsync("nobody runs on without a lease", view => view.Running == 0);
        lab.Story.Mark(winner, "etcd in reach again");
        lab.Network.Undrop();
        await lab.TookOverAsync(winner);
    });

    /// <summary>A healthy pair does not need the arbiter. When the master loses power, the other one is soon there.</summary>
    [Fact]
    public Task Arbiter_killed_and_frozen_then_the_master_loses_power() => Scenario.PlayAsync(Arbiter, async lab =>
    {
        LabArbiter etcd = lab.Arbiter!;
        lab.Story.Mark("", "etcd killed");
        etcd.Kill();
        await lab.NothingMovesAsync(3, Protected);
        etcd.Start();
        lab.Story.Mark("", "etcd back, then frozen");
        await lab.NothingMovesAsync(1, Protected);
        etcd.Freeze();
        await lab.NothingMovesAsync(4, Protected);
        etcd.Thaw();

        HaConfig config = ConfigParser.Parse("ha.conf", File.ReadAllText(lab.ConfigOf("a"))).Config!;
        TimeRange told = Timeline.Of(config).Single(story => story.Id == "power-loss-master").Takeover!.Value;
        DateTimeOffset struck = lab.Story.Mark("a", "power lost");
        lab.A.PowerOff();
        await lab.TookOverAsync(survivor: "b");
        FailoverPhases phases = await lab.PhasesAsync(struck, "b");
        TestContext.Current.TestOutputHelper?.WriteLine($"decided after {phases.Wait.TotalSeconds:F2} s, first order after {phases.FirstOrder.TotalSeconds:F2} s");
        Assert.InRange(phases.Wait, told.From, told.To * LabOptions.Patience);
        Assert.InRange(phases.Wait, told.From, (config.Timing.Lease + config.Timing.KillBound + TimeSpan.FromSeconds(1)) * LabOptions.Patience);
    });

    /// <summary>
    /// Three members. One that is gone, hangs, or is cut off from the others while it leads, costs nothing: not the takeover, and not
    /// the VMs of a host that lives by its lease. One member alone is no arbiter.
    /// </summary>
    [Fact]
    public Task Of_three_members_the_leader_hangs_at_a_power_loss_then_one_is_killed_then_cut_off() => Scenario.PlayAsync(Arbiter with { ArbiterMembers = 3 }, async lab =>
    {
        LabArbiter etcd = lab.Arbiter!;
        LabEtcd hung = Leader(etcd);
        hung.Freeze();
        lab.Story.Mark("a", $"power lost, leader {hung.Station} hangs");
        lab.A.PowerOff();
        await lab.TookOverAsync(survivor: "b");
        hung.Thaw();
        etcd.Start();

        // Longer than the lease, or the renewals would not have been needed.
        TimeSpan lease = ArbiterRules.LeaseOf(ConfigParser.Parse("ha.conf", File.ReadAllText(lab.ConfigOf("b"))).Config!);
        LabEtcd killed = Leader(etcd);
        lab.Story.Mark("b", $"leader {killed.Station} killed");
        killed.Kill();
        await lab.StaysAsync("b lives by the two others", OnB, seconds: lease.TotalSeconds / 2);
        killed.Start();
        etcd.Start();
        LabEtcd apart = Leader(etcd);
        lab.Story.Mark("b", $"leader {apart.Station} cut off from the others");
        etcd.Isolate(apart);
        await lab.StaysAsync("b lives by the other two", OnB, seconds: lease.TotalSeconds / 2);

        foreach (LabEtcd member in etcd.Members.Where(member => member != apart))
        {
            member.Kill();
        }

        lab.Story.Mark("b", "one member left");
        await lab.UntilAsync("nobody runs on without a lease", view => view.Running == 0);

        bool OnB(LabView view) => view.B.Vms.Length == lab.Options.Vms && lab.B.Ends.IsEmpty;
    });

    private static LabEtcd Leader(LabArbiter etcd) => etcd.Leader ?? throw new InvalidOperationException("all members are healthy, and none leads");

    private static void Apart(LabHarness lab, string one, string other)
    {
        lab.Network.Drop(one, other);
        lab.Network.Drop(other, one);
    }

    private static bool Protected(LabView view) => view.Both("Paired") && view is { A.Status.Protected: true, B.Status.Protected: true };
}
