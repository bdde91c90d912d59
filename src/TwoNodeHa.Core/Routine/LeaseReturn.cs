using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Routine;

/// <summary>
/// The arbiter's lease is given back when the pair is whole again: held on, it would keep the other host from it if this one died now
/// (protocol.md, T4). First the right by it ends, and the watchdog and the record of the right with it; then the store hears of it.
/// </summary>
internal static class LeaseReturn
{
    /// <summary>R3 ends here. R1 holds: the peer has just acknowledged this host.</summary>
    public static void EndRight(Draft turn)
    {
        var holds = turn.ThirdParty.ArbiterUntil is not null || (turn.ThirdParty.LeaseAsked && turn.Watchdog.CarriedLease is not null);
        if (holds && IsDue(turn.View))
        {
            turn.ThirdParty = turn.ThirdParty with { ArbiterUntil = null, ArbiterSince = null };

            // The former daemon's record may be one by the lease.
            turn.Watchdog = turn.Watchdog with { CarriedLease = null };

            // Fed and recorded for what is left, in this turn: the next daemon must not lean on the lease either.
            turn.Schedule = turn.Schedule with { Watchdog = turn.Now };
        }
    }

    /// <summary>The order to the store, behind all that.</summary>
    public static void Order(Draft turn)
    {
        if (turn.ThirdParty is { LeaseAsked: true, ArbiterUntil: null } && IsDue(turn.View))
        {
            turn.ThirdParty = turn.ThirdParty with { LeaseAsked = false };
            turn.Act(new HaAction.ReleaseLease(), Deadlines.Arbiter);
        }
    }

    /// <summary>
    /// Paired, near both ways, by a word that binds neither, with no takeover on disk. A right without end is not recorded, so the record
    /// would go on by the lease. An answer that is under way might give a right by the very lease that is given back.
    /// </summary>
    private static bool IsDue(View view) => view.Status == HaStatus.Paired
        && view.PeerNear && view.State.Peer.Beat!.Has(HeartbeatFlags.Near)
        && !view.BoundByWord && !view.Durable.StateLost && view.Durable.Takeover is null && view.Confirmed.Takeover is null
        && RightToRun.EndsByItself(view)
        && !view.State.Pending.Has(Purpose.AcquireLease);
}
