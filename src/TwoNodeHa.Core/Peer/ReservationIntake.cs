using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Peer;

/// <summary>Takes in what was read of the reservations on the storage.</summary>
internal static class ReservationIntake
{
    public static void Read(Draft turn, Observation.ReservationsRead read)
    {
        var before = turn.ThirdParty.Reservation;
        if (read.AskedAt > turn.Now || before.AskedAt >= read.AskedAt || read.Luns.Length != turn.Config.Config.Storage.ReservedLuns.Length)
        {
            return;
        }

        Tell(turn, before, read);
        turn.ThirdParty = turn.ThirdParty with { Reservation = Exclusive(turn, read, First(turn, read, before with { AskedAt = read.AskedAt, Luns = read.Luns })) };
    }

    /// <summary>A LUN that could not be read says nothing: what was known of it grows old.</summary>
    private static ReservationView First(Draft turn, Observation.ReservationsRead read, ReservationView view)
    {
        var first = read.Luns[0];
        if (!first.Readable)
        {
            return view;
        }

        if (!first.Own)
        {
            // A controller that forgot all takes nothing from a sole host: no other one registers alone. Anything else ends the right at once.
            return first.IsBlank && turn.State.Status == HaStatus.Sole ? view : view with { KeySince = null, HeldAskedAt = null, SoleAskedAt = null };
        }

        return view with
        {
            KeySince = view.KeySince ?? turn.Now,
            HeldAskedAt = first.IsHeld ? read.AskedAt : view.HeldAskedAt,

            // One that was asked for before may show the time in which the peer, heard since in no such state, had no key yet.
            SoleAskedAt = first.IsExclusive && turn.State.Status == HaStatus.Sole && read.AskedAt >= turn.Life.StatusSince ? read.AskedAt : view.SoleAskedAt,
        };
    }

    private static ReservationView Exclusive(Draft turn, Observation.ReservationsRead read, ReservationView view)
    {
        if (read.Luns.All(lun => lun.IsExclusive))
        {
            return view with { ExclusiveSince = view.ExclusiveSince ?? turn.Now, ExclusiveAskedAt = read.AskedAt };
        }

        return read.Luns.Any(lun => lun.Readable && !lun.IsExclusive) ? view with { ExclusiveSince = null, ExclusiveAskedAt = null } : view;
    }

    private static void Tell(Draft turn, ReservationView before, Observation.ReservationsRead read)
    {
        for (var index = 0; index < read.Luns.Length; index++)
        {
            var (was, now) = (before.Luns.Length > index ? before.Luns[index] : default, read.Luns[index]);
            var lun = turn.Config.Config.Storage.ReservedLuns[index];
            if (was is { Readable: true, Own: true } && now is { Readable: true, Own: false })
            {
                turn.Report(HaEventId.Alert, now.Peer ? Severity.Critical : Severity.Error, now.Peer
                    ? $"{turn.Config.Peer.Name} took this host's key from {lun}: the storage refuses what is written here"
                    : $"{lun} lost this host's key: did a controller fail over without keeping reservations?");
            }
            else if (was is { Readable: true, Peer: true } && now is { Readable: true, Own: true, Peer: false } && !turn.View.PeerFresh)
            {
                turn.Report(HaEventId.PeerChanged, Severity.Warning, $"the storage refuses what {turn.Config.Peer.Name} writes to {lun}");
            }
        }
    }
}
