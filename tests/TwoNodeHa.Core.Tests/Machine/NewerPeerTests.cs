using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Tests.Machine;

/// <summary>The mastership that is given to a host which came back newer: there are never two masters (ADR 23).</summary>
public sealed class NewerPeerTests
{
    [Fact]
    public void NewerHost_BecomesMaster_WhenTheGiversToolstackHasEnded()
    {
        // Empty, declined, of an epoch in which the peer made this host the master; its toolstack is still a slave's.
        var bench = new Bench().Start(Bench.Enabled() with { Epoch = 4 });
        bench.Lists();
        bench.Toolstack(PoolRole.Slave);
        bench.Gateway();
        bench.Orders.Clear();
        for (var i = 0; i < 6; i++)
        {
            Pass(bench, HeartbeatFlags.IsMaster);
        }

        Assert.Empty(bench.Actions.OfType<HaAction.KillToolstack>());

        Pass(bench, HeartbeatFlags.None);
        Assert.Single(bench.Actions.OfType<HaAction.KillToolstack>());
    }

    private static void Pass(Bench bench, HeartbeatFlags more)
    {
        bench.Later(TimeSpan.FromSeconds(0.5));
        bench.Toolstack(PoolRole.Slave);
        bench.Lists();
        bench.Gateway();
        bench.Hear(beat => beat with
        {
            Status = HaStatus.Sole,
            Flags = (beat.Flags & ~HeartbeatFlags.ToolstackHealthy) | more,
            Epoch = 4,
            Declined = bench.State.Durable.Attestation,
        });
        bench.Post(new Observation.Ticked(0));
    }
}
