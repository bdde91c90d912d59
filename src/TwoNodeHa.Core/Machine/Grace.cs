using TwoNodeHa.Core.Host;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Procedures;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Machine;

/// <summary>
/// A new daemon that found guests and holds no right yet. No right comes out of nothing: it waits for its first one, neither
/// feeding the watchdog nor starting anything. The watchdog of the former daemon runs on and resets this host at the end of
/// that daemon's lease plus the kill bound, which is what the peer counts on; so the wait costs nothing that is promised.
/// </summary>
internal static class Grace
{
    private static readonly TimeSpan Forever = TimeSpan.FromDays(36_500);

    public static void Begin(Draft turn)
    {
        if (!RightToRun.OfWhatIsHere(turn.View).Holds)
        {
            turn.Watchdog = turn.Watchdog with { GraceUntil = turn.Life.StartedAt + Length(turn.View) };
        }
    }

    /// <summary>Nothing runs here, but a toolstack may be up: it is not killed before the first answers had their time.</summary>
    public static void BeginEmpty(Draft turn)
    {
        Begin(turn);
        var first = turn.Life.StartedAt + Deadlines.FirstList;
        if (turn.Watchdog.GraceUntil is { } until && until < first)
        {
            turn.Watchdog = turn.Watchdog with { GraceUntil = first };
        }
    }

    /// <summary>
    /// A right is there: the watchdog is armed with it. The wait itself is over with the first round trip: until then a peer that
    /// heard nothing between two daemons may seem deaf for a moment.
    /// </summary>
    public static void End(Draft turn)
    {
        if (turn.Watchdog.GraceUntil is null)
        {
            return;
        }

        if (turn.Peer.LastAcked is not null)
        {
            turn.Watchdog = turn.Watchdog with { GraceUntil = null };
        }

        if (View.IsMember(turn.State.Status) || turn.View.WaitsAsMaster)
        {
            Watchdog.Arm(turn);
        }
    }

    /// <summary>Nothing is fenced yet, and nothing else is decided.</summary>
    public static bool Waits(Draft turn)
    {
        if (turn.Watchdog.GraceUntil is not { } until || turn.Now >= until)
        {
            return false;
        }

        if (turn.Durable.StateLost && turn.View.PeerFresh && turn.Peer.Beat is { Status: HaStatus.Sole or HaStatus.TakingOver })
        {
            Fence.Begin(turn, $"the durable state was lost, and {turn.Config.Peer.Name} has taken over: what runs here runs there too");
        }

        return true;
    }

    /// <summary>When the wait is over.</summary>
    public static Instant LookAgainAt(View view) =>
        view.State.Watchdog.GraceUntil is { } until ? Again.At(view, until) : Again.Never;

    /// <summary>How long the first list of the hypervisor is waited for: the former daemon's watchdog bounds it too, where it runs.</summary>
    public static TimeSpan ForTheList(View view) =>
        view.State.Watchdog is { Armed: true } or { Facts.Running: true } ? view.Timing.Lease : Deadlines.FirstList;

    /// <summary>
    /// A bound host has its watchdog armed. A state that was lost beside one that rests, in a boot that had a lease once, is that
    /// of a host from which nobody may take over: it was disabled, or its pause was acknowledged. Then the peer is waited for as
    /// long as it takes.
    /// </summary>
    private static bool WasNotBound(View view) => view.Durable.StateLost && view.State.Watchdog is
        { Armed: false, CarriedLease: not null, Facts: { Present: true, Running: false } };

    /// <summary>
    /// One lease where the former daemon's watchdog runs, and where the state was lost: the peer's mirror tells within that time
    /// what was lost. Without either, as long as the first answers take; and not at all when a recorded lease has ended.
    /// </summary>
    private static TimeSpan Length(View view)
    {
        var watchdog = view.State.Watchdog;
        if (WasNotBound(view))
        {
            return Forever;
        }

        if (view.Durable.StateLost || watchdog.Armed || watchdog.Facts.Running)
        {
            return view.Timing.Lease;
        }

        return watchdog.CarriedLease is null ? Deadlines.FirstList : TimeSpan.Zero;
    }
}
