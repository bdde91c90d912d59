using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Machine;

/// <summary>
/// What a paired host does that lost the storage of its VMs (<see cref="OnStorageLoss"/>). It fences, attested, only for a
/// fit peer that has read the storage all the time: what both lost, a fence cannot bring back.
/// </summary>
internal static class StorageLoss
{
    public static void Consider(TurnBuilder turn, Heartbeat beat)
    {
        if (turn.State.Storage != Health.Lost || turn.Config.Config.Storage.OnLoss != OnStorageLoss.Fence
            || !(Knowledge.Runs(turn.State) || Knowledge.IsMaster(turn.State)))
        {
            return;
        }

        if (WhyNot(turn, beat) is { } reason)
        {
            Report(turn, reason);
        }
        else if (Knowledge.PeerNear(turn.Config, turn.State, turn.Now) && PeerKeptStorage(turn))
        {
            Fencing.Begin(turn, $"the storage is lost here ({turn.State.StorageDetail}), {turn.Config.Peer.Name} has it and can "
                + "take over: yielding");
        }
    }

    /// <summary>
    /// Fenced for its storage and still without it: admitted when the path is back. After a restart it is admitted without,
    /// because the toolstack attaches storage only once it has a role; it is not fit, and runs nothing.
    /// </summary>
    public static bool KeepsOut(TurnBuilder turn) => turn.State is { Storage: Health.Lost, StorageProven: true }
        && turn.Config.Config.Storage.OnLoss == OnStorageLoss.Fence;

    private static string? WhyNot(TurnBuilder turn, Heartbeat beat)
    {
        var peer = turn.Config.Peer.Name;
        if (!turn.State.StorageProven)
        {
            return "it was not reached since the daemon started, so the path in [storage] probe may be wrong";
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
    private static bool PeerKeptStorage(TurnBuilder turn) => turn.State.Peer.StorageSince is { } since
        && turn.Now - since >= turn.Config.Config.Storage.ProbeTimeout;

    private static void Report(TurnBuilder turn, string reason)
    {
        if (reason != turn.State.StorageRefusal)
        {
            turn.State = turn.State with { StorageRefusal = reason };
            turn.Report(HaEventId.Alert, Severity.Critical, $"the storage is lost, but this host does not fence: {reason}");
        }
    }
}
