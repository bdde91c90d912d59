using TwoNodeHa.Core.Control;
using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Lab.Tests;

/// <summary>Anything may arrive on the heartbeat port; nothing but the peer may have an effect.</summary>
public sealed class BadInputTests
{
    private const int Port = 7757;

    [Fact]
    public Task Floods_change_nothing_and_are_counted() => Scenario.PlayAsync(new LabOptions(), async lab =>
    {
        lab.Network.AddStation("stranger", 99);
        byte[] recorded = Flood.Record(lab.Network, "a", Port);
        long before = Refused((await lab.ViewAsync()).A);
        int sent = 0;
        foreach (string sender in new[] { LabNetwork.Gateway, LabNetwork.Address("b") })
        {
            using var flood = new Flood(lab.Network, "stranger", sender, LabNetwork.Address("a"), Port);
            sent += flood.Garbage(3000);
            sent += flood.Oversized(50);
            sent += flood.Forged(recorded, 2000);
            sent += flood.Replayed(recorded, 2000);
        }

        lab.Story.Mark("a", $"{sent} datagrams sent at it");
        await lab.NothingMovesAsync(6, view => view.Both("Paired"));
        long counted = Refused((await lab.ViewAsync()).A) - before;
        Assert.InRange(counted, 100, long.MaxValue);
    });

    private static long Refused(HostView host) => Refused(host.Status ?? throw new InvalidOperationException("no status"));

    private static long Refused(StatusReport status) => status.Counters.Values.Sum();
}
