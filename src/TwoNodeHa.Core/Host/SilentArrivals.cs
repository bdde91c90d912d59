using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Host;

/// <summary>
/// A VM that comes to a silent peer: a toolstack lives there, and the daemon whose newest word knew nothing of the VM does not end it. The peer is
/// not known to be bound any more (protocol.md, "Bound").
/// </summary>
internal static class SilentArrivals
{
    /// <summary>
    /// Compares what is read now with what was read before. Both are from a time in which the peer was silent for longer than its lease: what was started there in its last
    /// moments, and shows late, says nothing. And both are from one database: a promoted host's copy may be older than the record before it.
    /// </summary>
    public static void See(Draft turn, DatabaseFacts facts)
    {
        if (turn.Host is not { Database: { } before, DatabaseAt: { } readAt } || before.Master != facts.Master || turn.Durable is not { PeerBound: true, Takeover: null }
            || readAt <= (turn.Peer.LastHeard ?? turn.Life.StartedAt) + turn.Timing.Lease)
        {
            return;
        }

        var peer = turn.Config.Peer;
        if (facts.Vms.FirstOrDefault(fact => IsOn(fact, peer.Uuid) && before.Vms.Any(known => known.Uuid == fact.Uuid && !IsOn(known, peer.Uuid))) is { } came)
        {
            turn.Durable = turn.Durable with { PeerBound = false };
            turn.Report(HaEventId.PeerChanged, Severity.Warning,
                $"{came.Name} came to {peer.Name}, whose daemon is silent: nothing there would end it, so nothing is taken over by silence", came.Uuid);
        }
    }

    private static bool IsOn(VmFact fact, Guid host) => fact is { PowerState: VmPowerState.Running or VmPowerState.Paused } && fact.ResidentOn == host;
}
