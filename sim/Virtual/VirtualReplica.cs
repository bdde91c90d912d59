using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>
/// The replication of one host (DRBD), on a cable of its own, and what its daemon reads of it every two seconds. That the peer is gone is noticed
/// ten seconds later, as DRBD does by default. Says nothing where the site replicates nothing.
/// </summary>
internal sealed class VirtualReplica(VirtualWorld world, VirtualHost host)
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Notices = TimeSpan.FromSeconds(10);

    private TimeSpan _seen;
    private int _started;

    /// <summary>State of this host's data.</summary>
    public string DiskState { get; set; } = "UpToDate";

    /// <summary>A new daemon begins to read.</summary>
    public void DaemonStarted()
    {
        if (!host.Config.Config.Storage.DrbdResources.IsEmpty)
        {
            Read(++_started);
        }
    }

    private void Read(int started)
    {
        if (started != _started || host.Daemon is not { } daemon)
        {
            return;
        }

        if (world.Hosts[1 - host.Index].PoweredOn && !world.ReplicationCut)
        {
            _seen = world.Elapsed;
        }

        var connected = !world.ReplicationCut && world.Elapsed - _seen < Notices;
        daemon.Post(new Observation.ReplicasRead(host.LocalNow,
            [.. host.Config.Config.Storage.DrbdResources.Select(resource => new ReplicaFact(resource, connected, DiskState))]));
        world.Scheduler.After(Between, () => Read(started));
    }
}
