using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Sim.Judges;

/// <summary>
/// Every right ends: a right without end on one host's disk has, on the other's disk, a word that forbids a takeover, and a
/// host that says "bound" in a heartbeat holds none. Looks at state files and heartbeats only, never into a daemon.
/// </summary>
internal static class RightsOracle
{
    /// <summary>
    /// The right without end on <paramref name="own"/>'s disk that nothing on <paramref name="peer"/>'s disk matches; null
    /// when there is none. A file that is missing or damaged gives no right, and no leave either.
    /// </summary>
    public static string? Unmatched(DurableState? own, DurableState? peer)
    {
        if (own is null or { StateLost: true } || peer is not { Enabled: true, StateLost: false, PromiseStands: false })
        {
            return null;
        }

        if (LeansOnPromise(own))
        {
            return "it leans on a promise (R4) that does not stand on the other's disk";
        }

        if (!CountsOnFence(peer))
        {
            return null;
        }

        return IsPaused(own) ? "its pause has no end, and the other's disk counts on its fence again"
            : IsOff(own) ? "HA is off by its disk (R5), and the other's disk has it on for both" : null;
    }

    /// <summary>The right without end of a host that says it is bound; null when all its rights end.</summary>
    /// <param name="own">Its state file as it is on disk while the heartbeat leaves.</param>
    /// <param name="beat">The heartbeat.</param>
    /// <param name="policy">Policies of the site.</param>
    public static string? BoundWithoutEnd(DurableState? own, Heartbeat beat, PolicyConfig policy)
    {
        if (!beat.Has(HeartbeatFlags.Armed | HeartbeatFlags.Enabled))
        {
            return null;
        }

        if (beat.Status == HaStatus.Sole && policy is { LoneStart: LoneStart.Hold, UsesArbiter: false } && own is not ({ Committed: true } or { PromiseStands: true }))
        {
            return "it is sole with lone_start = hold";
        }

        return own is null or { StateLost: true } ? null
            : LeansOnPromise(own) ? "it leans on a promise (R4)"
            : IsPaused(own) ? "its pause is acknowledged on disk"
            : IsOff(own) ? "HA is off by its disk (R5)" : null;
    }

    /// <summary>Its disk counts the other host as one that fences in time.</summary>
    public static bool CountsOnFence(DurableState file) => file is { Enabled: true, StateLost: false, PromiseStands: false, PeerDisarm: 0, PeerEnabled: true }
        && file.PeerSwitchGeneration == file.SwitchGeneration;

    private static bool LeansOnPromise(DurableState own) => own is { PeerPromise: not 0, PromiseStands: false };

    private static bool IsPaused(DurableState own) =>
        own is { Disarm: not 0, DisarmAcknowledged: true, Committed: false, PromiseStands: false };

    private static bool IsOff(DurableState own) => !own.Enabled
        && (own.SwitchGeneration == 0 || own.PeerPromise != 0 || (own.PeerSwitchGeneration == own.SwitchGeneration && !own.PeerEnabled));
}
