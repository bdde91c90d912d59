using System.Collections.Immutable;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Rules;

/// <summary>When this host registers its key on the storage, and when it takes the peer's away (protocol.md, T4).</summary>
internal static class ReservationOrder
{
    /// <summary>
    /// The LUNs on which the own key is to be registered; empty for none. Only beside a peer that is heard near both ways: a host that is alone may
    /// have been preempted, and would write beside the one that runs everything. Two exceptions: the operator said that the peer is
    /// dead, and a sole host whose LUNs are blank. Then their controller forgot all, and no other host registers alone. A key that is still listed
    /// was not taken away: once in its life a daemon registers it anew on each LUN, by the paths of this boot.
    /// </summary>
    public static ImmutableArray<int> Registers(View view)
    {
        var reserved = view.State.ThirdParty.Reservation;
        if (!view.Policy.UsesReservation || view.Durable.StateLost || !(view.Durable.Enabled || IsUsed(view)))
        {
            return [];
        }

        var (may, missing) = (MayRegister(view), ImmutableArray.CreateBuilder<int>());
        for (var index = 0; index < reserved.Luns.Length; index++)
        {
            var lun = reserved.Luns[index];
            if (lun.Readable && ((may && (!lun.Own || lun.Reservation == LunReservation.None)) || (lun.Own && (reserved.Renewed & (1 << index)) == 0)))
            {
                missing.Add(index);
            }
        }

        return missing.ToImmutable();
    }

    /// <summary>
    /// The peer's key is to be taken away now. It harms a peer that lives, so not before its lease has ended, not where it asked this host to
    /// hold, and not by a host that could not take over, or has nothing to.
    /// </summary>
    public static bool Preempts(View view) => Stands(view) && view.Now >= DueAt(view)
        && (IsTakenOver(view) || (Fitness.WhyNot(view) is null && TakeoverPermit.IsNeeded(view, attested: false) && PeerBond.WhyNot(view) is null))
        && view.State.ThirdParty.Reservation is { Luns: [{ Readable: true, Own: true }, ..] }
        && view.State.ThirdParty.Reservation.Luns.Any(static lun => !lun.IsExclusive);

    /// <summary>The order still has its reason.</summary>
    public static bool Stands(View view) => view.Policy.UsesReservation && !view.PeerHeard && view.Durable is { Enabled: true, PromiseStands: false }
        && (IsTakenOver(view) || view.Status is HaStatus.Suspecting or HaStatus.Holding or HaStatus.Isolated
            || (view.Status is HaStatus.Joining or HaStatus.Fenced && view.Durable.Committed));

    /// <summary>
    /// The better host goes first: the higher one, and before that the one with a network. An empty host that waits gives a peer that lives
    /// time to go before it.
    /// </summary>
    public static Instant DueAt(View view)
    {
        var counts = ReservationRules.ReadingCounts(view.Timing);
        var due = TakeoverPermit.LastFresh(view) + (view.Timing.Lease * Deadlines.ArbiterDrift) + TimeSpan.FromTicks(1);
        if (IsTakenOver(view))
        {
            return due;
        }

        due += (view.GatewayFresh ? TimeSpan.Zero : counts) + (Rank.OutranksPeer(view) ? TimeSpan.Zero : counts / 2);
        return view.Durable.Committed && view.State.ThirdParty.Reservation.KeySince is { } key
            ? Instant.Max(due, Instant.Max(view.State.Life.StatusSince, key)) + (2 * view.Timing.TakeoverDelay) : due;
    }

    /// <summary>When the verdict can change although nothing is heard.</summary>
    public static Instant LookAgainAt(View view) => view.Policy.UsesReservation && Stands(view) ? Again.At(view, DueAt(view)) : Again.Never;

    private static bool IsTakenOver(View view) => view.Status is HaStatus.TakingOver or HaStatus.Sole;

    private static bool MayRegister(View view) => view.Status switch
    {
        HaStatus.Paired or HaStatus.Disabled or HaStatus.Maintenance => view.PeerNear && IsUsed(view),
        HaStatus.Joining or HaStatus.Fenced => view.PeerNear && IsUsed(view) && !view.MayRun,
        HaStatus.TakingOver => view.Durable.Takeover is { Rule: TakeoverRule.Operator },
        HaStatus.Sole => view.State.ThirdParty.Reservation.Luns.All(lun => lun is { Readable: true, Peer: false } && (lun.Own || lun.IsBlank))
            || (view.PeerNear && IsUsed(view)),
        _ => false,
    };

    /// <summary>HA is on, or the peer has reserved already: then a host without a key cannot write.</summary>
    private static bool IsUsed(View view) => view.Durable.Enabled || view.State.ThirdParty.Reservation.Luns.Any(lun => lun.Peer);
}
