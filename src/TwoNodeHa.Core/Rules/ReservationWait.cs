using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>
/// How long a host that took the storage for itself waits for the other one (protocol.md, T4). The storage refuses that one's writes at once;
/// that its VMs are gone, it can only do itself.
/// </summary>
internal static class ReservationWait
{
    /// <summary>Why neither the lease nor each LUN is known to be this host's alone. One whose key was taken away is not the one to go on: a person may know more.</summary>
    public static string WhyNotAlone(View view) => !view.Policy.UsesReservation ? "the arbiter's lease is not held; the peer may hold it" : view.IsPreempted
        ? "the peer took this host's key from the storage and was not heard since: it may run everything"
        : "the storage does not say of every LUN that the peer can no longer write there";

    /// <summary>
    /// The peer's newest good reading is older than the moment at which this host was seen alone. It counts for a while, then one fence. A peer
    /// that was sole may count on one for longer, but only from before this host's key came.
    /// </summary>
    public static Instant FormerHasFenced(View view, Instant alone)
    {
        var fence = (view.Timing.FenceBound * Deadlines.ArbiterDrift) + view.Timing.Margin;
        var after = alone + (ReservationRules.ReadingCounts(view.Timing) * Deadlines.ArbiterDrift) + fence;
        return view.State.ThirdParty.Reservation.KeySince is { } key && !WasNotSole(view, key)
            ? Instant.Max(after, key + (ReservationRules.SoleReadingCounts * Deadlines.ArbiterDrift) + fence) : after;
    }

    /// <summary>It was heard in another state while this host's key was there: it cannot have become sole since.</summary>
    private static bool WasNotSole(View view, Instant key) => view.State.Peer.LastFresh is { } fresh && fresh >= key
        && view.State.Peer.Beat is { Status: not HaStatus.Sole };
}
