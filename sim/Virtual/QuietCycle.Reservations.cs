using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Sim.Explore;

namespace TwoNodeHa.Sim.Virtual;

/// <content>
/// Reservations on the storage. They change by orders only, so a reading says what the one before it said; its interval is a third of what a
/// reading is worth and divides no period: where in it a host is, is left out.
/// </content>
internal sealed partial class QuietCycle
{
    private static void Reservations(ref SituationWriter writer, HaState state, TimeSpan interval, TimingConfig timing, Instant now)
    {
        var reserved = state.ThirdParty.Reservation;
        var lately = interval * 2;
        Read(ref writer, state.Schedule.Reservations);
        Read(ref writer, reserved.AskedAt);
        Read(ref writer, reserved.HeldAskedAt);
        Read(ref writer, reserved.SoleAskedAt);
        Read(ref writer, reserved.ExclusiveAskedAt);
        Since(ref writer, reserved.KeySince);
        Since(ref writer, reserved.ExclusiveSince);
        writer.Add(reserved.AskedAt <= reserved.OrderedAt);
        writer.Add(state.Peer.LastFresh >= reserved.KeySince);
        writer.Add(reserved.Renewed);
        writer.Add(reserved.Registering);
        writer.Add(reserved.Trouble.GetHashCode(StringComparison.Ordinal));
        foreach (var lun in reserved.Luns)
        {
            writer.Add((lun.Readable ? 1 : 0) + (lun.Own ? 2 : 0) + (lun.Peer ? 4 : 0) + (8 * (long)lun.Reservation) + (32L * lun.Others));
        }

        void Read(ref SituationWriter writer, Instant? at) =>
            writer.Add(at is not { } read ? -1 : now - read <= lately ? 0 : Math.Min((now - read).Ticks, Longest(timing).Ticks));

        void Since(ref SituationWriter writer, Instant? at) =>
            writer.Add(at is not { } since ? -1 : Math.Min((now - since).Ticks, Capped(state, timing).Ticks));
    }

    /// <summary>
    /// A sole host asks only whether its key is ripe, and when it is sole no more, for how long it has had it: that age grows by the time
    /// left out and is not waited for.
    /// </summary>
    private static TimeSpan Capped(HaState state, TimingConfig timing) => state.Status == HaStatus.Sole ? timing.FenceBound + timing.QuietWindow : Longest(timing);

    /// <summary>Longer than whoever took the storage waits for the other host.</summary>
    private static TimeSpan Longest(TimingConfig timing) =>
        ReservationRules.SoleReadingCounts + (4 * (timing.FenceBound + timing.TakeoverDelay)) + timing.Lease + TimeSpan.FromSeconds(10);

    /// <summary>The end of a right that each reading renews is as far off as the newest reading is old.</summary>
    private static long LeaseOnRecord(VirtualHost host, HaState state, Instant now) =>
        host.LeaseFile is { } until && state.ThirdParty.Reservation.SoleAskedAt is { } sole && until > now
        && sole + ReservationRules.SoleReadingCounts - until < TimeSpan.FromSeconds(3) ? long.MaxValue : host.LeaseFile?.Ticks ?? 0;

    /// <summary>Who may write where.</summary>
    private void Luns(ref StateHasher hash)
    {
        for (var lun = 0; lun < world.Luns.Count; lun++)
        {
            hash.Add(world.Luns.Standing(lun));
        }
    }
}
