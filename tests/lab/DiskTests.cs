using TwoNodeHa.Core.Control;
using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Lab.Tests;

/// <summary>Shared storage as a second path between the daemons, and as what a host can lose.</summary>
public sealed class DiskTests
{
    /// <summary>The cut host says by the disk that nothing runs there any more: the other one need not wait for silence.</summary>
    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public Task Cable_pulled_with_a_disk_link(string victim) => Scenario.PlayAsync(new LabOptions { Disk = true }, async lab =>
    {
        string survivor = Scenario.Other(victim);
        lab.Story.Mark(victim, "management cable pulled");
        lab.Network.Cut(victim);
        await lab.TookOverAsync(survivor);
        await lab.UntilAsync("the cut host is fenced and up", view =>
            view[victim].State == "Fenced" && lab[victim].Ends.IsEmpty);
        EventLine[] events = await lab.EventsAsync(survivor);
        Assert.Contains(events, told => told.Sentence.Contains("T1", StringComparison.Ordinal));
        lab.Network.Plug(victim);
        await lab.RejoinedAsync(master: survivor);
    });

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public Task Storage_lost_on_one_host(string victim) => Scenario.PlayAsync(new LabOptions { StorageProbes = true }, async lab =>
    {
        string survivor = Scenario.Other(victim);
        await Task.Delay(TimeSpan.FromSeconds(4));
        lab.Story.Mark(victim, "storage lost");
        File.Delete(lab.StorageProbeOf(victim));
        await lab.TookOverAsync(survivor);
        await lab.UntilAsync("the host without storage is fenced and up", view =>
            view[victim].State == "Fenced" && lab[victim].Ends.IsEmpty);
        File.WriteAllText(lab.StorageProbeOf(victim), "storage\n");
        await lab.RejoinedAsync(master: survivor);
    });
}
