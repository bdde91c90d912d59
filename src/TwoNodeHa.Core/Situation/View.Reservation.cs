using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <content>The reservations on the storage, where they are the arbiter.</content>
public readonly partial struct View
{
    /// <summary>End of the right that the arbiter gives (R3): of its lease, or of what a reading of the reservations is worth. Null: none.</summary>
    public Instant? ArbiterUntil => Policy.UsesReservation ? ReservedUntil : State.ThirdParty.ArbiterUntil;

    /// <summary>
    /// Since when only this host has what the arbiter gives (T4): the lease, or all LUNs. Null when it has not. A reading of the LUNs that
    /// grew old says so no more.
    /// </summary>
    public Instant? ArbiterSince => !Policy.UsesReservation ? State.ThirdParty.ArbiterSince
        : State.ThirdParty.Reservation is { ExclusiveAskedAt: { } asked } reserved && Now < asked + ReservationRules.ReadingCounts(Timing)
            ? reserved.ExclusiveSince : null;

    /// <summary>This host alone holds the lease, or every LUN, as far as it knows.</summary>
    public bool HasArbiterAlone => HasArbiter
        && (Policy.UsesReservation ? State.ThirdParty.Reservation.ExclusiveSince : State.ThirdParty.ArbiterSince) is not null;

    /// <summary>The first LUN shows that this host's key was taken away: the peer's is there.</summary>
    public bool IsPreempted => State.ThirdParty.Reservation.Luns is [{ Readable: true, Own: false, Peer: true }, ..];

    /// <summary>
    /// A key that has just come, or come back, gives no right before each earlier reading of the peer has lost its worth: one by which it may
    /// be about to start something.
    /// </summary>
    private Instant? ReservedUntil
    {
        get
        {
            var reserved = State.ThirdParty.Reservation;
            if (reserved.HeldAskedAt is not { } held || reserved.KeySince is not { } since || Now < since + ReservationMatures)
            {
                return null;
            }

            var until = held + ReservationRules.ReadingCounts(Timing);
            return Status == HaStatus.Sole && reserved.SoleAskedAt is { } sole ? Instant.Max(until, sole + ReservationRules.SoleReadingCounts) : until;
        }
    }

    /// <summary>How long after it was first seen the own key gives no right yet.</summary>
    internal TimeSpan ReservationMatures => (ReservationRules.ReadingCounts(Timing) * Deadlines.ArbiterDrift) + Timing.Margin;
}
