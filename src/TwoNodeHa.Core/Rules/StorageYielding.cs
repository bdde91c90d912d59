using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>
/// What a paired host does that lost the storage of its VMs (<see cref="OnStorageLoss"/>). It fences, attested, only for a
/// fit peer that has read the storage all the time: what both lost, a fence cannot bring back.
/// </summary>
public static class StorageYielding
{
    /// <summary>The storage is lost, the site wants a fence for that, and there is something to give away.</summary>
    public static bool IsAsked(View view) => view.State.Host.Storage == Health.Lost
        && view.Config.Config.Storage.OnLoss == OnStorageLoss.Fence && (view.Runs || view.IsMaster);

    /// <summary>Why this host keeps what it runs all the same; null when it would yield.</summary>
    public static string? WhyNot(View view, Heartbeat beat)
    {
        var peer = view.Config.Peer.Name;
        if (!view.State.Host.StorageProven)
        {
            return "it was not reached since the daemon started, so the path in [storage] probe may be wrong";
        }

        if (view.State.Disk.Trouble is { Length: > 0 } trouble)
        {
            return $"the durable state cannot be written ({trouble})";
        }

        if (!beat.Has(HeartbeatFlags.StorageHealthy))
        {
            return $"{peer} does not reach it well either, so the storage itself may be down";
        }

        if (!beat.Has(HeartbeatFlags.Fit))
        {
            return $"{peer} could not take over";
        }

        return beat.Status == HaStatus.Paired ? null : $"{peer} is {beat.Status}";
    }

    /// <summary>
    /// When storage that both lost comes back, one host sees it first; and when both lose it, one notices first. So the
    /// peer's must have been healthy for as long as it takes to call one lost.
    /// </summary>
    public static bool PeerKeptStorage(View view) => view.State.Peer.StorageSince is { } since
        && view.Now - since >= view.Config.Config.Storage.ProbeTimeout;

    /// <summary>
    /// Fenced for its storage and still without it: admitted when the path is back. After a restart it is admitted without,
    /// because the toolstack attaches storage only once it has a role; it is not fit, and runs nothing.
    /// </summary>
    public static bool KeepsOut(View view) => view.State.Host is { Storage: Health.Lost, StorageProven: true }
        && view.Config.Config.Storage.OnLoss == OnStorageLoss.Fence;
}
