using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Routine;

/// <summary>Reads the reservations on the storage, and gives the orders of <see cref="ReservationOrder"/>.</summary>
internal static class Reserving
{
    /// <summary>
    /// A host that is no longer sole counts on no old reading: the peer may take the storage soon. The watchdog and the record of the right are
    /// renewed in this turn, before a heartbeat says it.
    /// </summary>
    public static void EndRight(Draft turn)
    {
        var reserved = turn.ThirdParty.Reservation;
        if (reserved.SoleAskedAt is not null && turn.State.Status != HaStatus.Sole)
        {
            turn.ThirdParty = turn.ThirdParty with { Reservation = reserved with { SoleAskedAt = null } };
            turn.Schedule = turn.Schedule with { Watchdog = turn.Now };
        }
    }

    /// <summary>What is due. One order at a time; the readings go on beside it.</summary>
    public static void Order(Draft turn)
    {
        if (!turn.Config.Policy.UsesReservation || turn.State.Status == HaStatus.Unknown)
        {
            return;
        }

        Withdraw(turn);
        Change(turn);
        if (turn.Now >= DueAt(turn.View) && !turn.Pending.Has(Purpose.ReadReservations))
        {
            turn.Act(new HaAction.ReadReservations(), ReservationRules.ReadingInterval(turn.Timing), Purpose.ReadReservations);
            turn.Schedule = turn.Schedule with { Reservations = turn.Now };
        }
    }

    /// <summary>An order ended: what it did is in the reading that came with it. An order that failed is not given again before the next reading.</summary>
    public static void Done(Draft turn, Observation.ActionFinished finished, Purpose purpose)
    {
        var trouble = finished.Outcome == ActionOutcome.Succeeded ? "" : finished.Detail;
        if (trouble.Length > 0 && trouble != turn.ThirdParty.Reservation.Trouble)
        {
            turn.Report(HaEventId.ActionTrouble, Severity.Error, $"reservations on the storage: {trouble}");
        }

        var reserved = turn.ThirdParty.Reservation;
        turn.ThirdParty = turn.ThirdParty with { Reservation = reserved with
        {
            Trouble = trouble,
            Renewed = reserved.Renewed | (trouble.Length == 0 && purpose == Purpose.RegisterKeys ? reserved.Registering : 0),
        } };
    }

    /// <summary>When a reading is due; one that is overdue waits for the answer of the one before.</summary>
    public static Instant LookAgainAt(View view) => !view.Policy.UsesReservation ? Again.Never
        : Again.First(Again.At(view, DueAt(view)), Again.After(view, view.State.Peer.LastFresh, view.Timing.AttestWindow));

    private static void Withdraw(Draft turn)
    {
        if (turn.Pending.Has(Purpose.PreemptPeer) && !ReservationOrder.Stands(turn.View))
        {
            turn.Abandon(Purpose.PreemptPeer);
        }
    }

    private static void Change(Draft turn)
    {
        var reserved = turn.ThirdParty.Reservation;
        if (turn.Pending.Has(Purpose.RegisterKeys) || turn.Pending.Has(Purpose.PreemptPeer)
            || reserved.AskedAt is not { } asked || asked <= reserved.OrderedAt)
        {
            return;
        }

        if (ReservationOrder.Registers(turn.View) is { IsEmpty: false } luns)
        {
            turn.ThirdParty = turn.ThirdParty with { Reservation = reserved with { Registering = luns.Aggregate(0, static (bits, lun) => bits | (1 << lun)) } };
            Give(turn, new HaAction.RegisterKeys(luns), Purpose.RegisterKeys);
        }
        else if (ReservationOrder.Preempts(turn.View))
        {
            Give(turn, new HaAction.PreemptPeer(), Purpose.PreemptPeer);
        }
    }

    private static void Give(Draft turn, HaAction action, Purpose purpose)
    {
        turn.Act(action, turn.Timing.FenceBound, purpose);
        turn.ThirdParty = turn.ThirdParty with { Reservation = turn.ThirdParty.Reservation with { OrderedAt = turn.Now } };
    }

    private static Instant DueAt(View view) => view.State.Schedule.Reservations + (IsQuiet(view)
        ? ReservationRules.QuietInterval : ReservationRules.ReadingInterval(view.Timing));

    /// <summary>Nothing leans on the readings, and nothing is to be changed.</summary>
    private static bool IsQuiet(View view) => view.State.Peer.LastFresh is { } fresh && view.Now - fresh <= view.Timing.AttestWindow
        && view.Status is HaStatus.Paired or HaStatus.Disabled or HaStatus.Maintenance
        && (!view.Durable.Enabled || (view.State.ThirdParty.Reservation.Luns is { IsEmpty: false } luns && luns.All(lun => lun.IsHeld)));
}
