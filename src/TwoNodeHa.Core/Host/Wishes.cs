using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Host;

/// <summary>Whether a VM that XAPI shows as being stopped is stopped because somebody wants it down, or because a host goes down.</summary>
internal static class Wishes
{
    /// <summary>
    /// The VM is being stopped because somebody wants it so, and not because its host shuts down. Of a VM on the peer that is
    /// known when the peer spoke after the stop was seen; until then it is put by.
    /// </summary>
    public static bool IsOne(Draft turn, VmRecord? known, VmFact fact)
    {
        var host = fact.ResidentOn != Guid.Empty ? fact.ResidentOn : known?.LastOn ?? Guid.Empty;
        if (!fact.StopRequested || turn.View.StopsFor(host) || IsStoppedByItsFormerHost(turn, fact))
        {
            return false;
        }

        if (host != turn.Config.Peer.Uuid || known is { StopSeen: true })
        {
            return true;
        }

        if (!turn.State.Peer.StopsSeen.ContainsKey(fact.Uuid))
        {
            turn.Peer = turn.Peer with { StopsSeen = turn.State.Peer.StopsSeen.Add(fact.Uuid, turn.Now) };
        }

        return false;
    }

    /// <summary>
    /// A VM moved away from a host that is going down. That host asks all that ran on it to stop, and XAPI lets such a call wait until the
    /// migration is over.
    /// </summary>
    /// <param name="turn">This turn.</param>
    /// <param name="known">The record so far; null when there is none.</param>
    /// <param name="host">Where it runs now; empty when nowhere.</param>
    public static void Moved(Draft turn, VmRecord? known, Guid host)
    {
        if (known is not null && host != Guid.Empty && known.LastOn != host && known.LastOn != Guid.Empty && IsGoingDown(turn, known.LastOn))
        {
            turn.Peer = turn.Peer with { LeftDeparting = turn.State.Peer.LeftDeparting.SetItem(known.Uuid, turn.Now) };
        }
    }

    private static bool IsGoingDown(Draft turn, Guid host) => host == turn.Config.Peer.Uuid
        ? turn.Peer.Beat is { } beat && beat.Has(Protocol.HeartbeatFlags.Departing) : turn.View.StopsFor(host);

    private static bool IsStoppedByItsFormerHost(Draft turn, VmFact fact)
    {
        if (!turn.State.Peer.LeftDeparting.TryGetValue(fact.Uuid, out var left))
        {
            return false;
        }

        if (turn.Now - left > Deadlines.StopOfFormerHost)
        {
            turn.Peer = turn.Peer with { LeftDeparting = turn.State.Peer.LeftDeparting.Remove(fact.Uuid) };
            return false;
        }

        // A guest may take its time: as long as it is shown, it is that stop.
        turn.Peer = turn.Peer with { LeftDeparting = turn.State.Peer.LeftDeparting.SetItem(fact.Uuid, turn.Now) };
        return true;
    }
}
