using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Host;

/// <summary>The watchdog: armed before the first right to run is taken, fed with what is left of the right, disarmed in order.</summary>
internal static class Watchdog
{
    /// <summary>Arms it, unless it is armed, there is none, or guests or a master's toolstack are here without a right: nothing is fed without one.</summary>
    public static void Arm(Draft turn)
    {
        if ((turn.View.MayRun || turn.View.WaitsAsMaster) && !RightToRun.OfWhatIsHere(turn.View).Holds)
        {
            return;
        }

        if (turn.Config.Config.Watchdog.Kind != WatchdogKind.None && turn.Watchdog.Facts.Present && !turn.Watchdog.Armed)
        {
            turn.Watchdog = turn.Watchdog with { Armed = true };
            Feed(turn);
        }
    }

    /// <summary>
    /// Fed first: one that a former daemon left armed is opened by that, and can then be closed in order, also when nothing else is
    /// left of that daemon.
    /// </summary>
    public static void Disarm(Draft turn)
    {
        if (turn.Watchdog.Armed || (turn.Watchdog.Facts.SaysRunning && turn.Config.Config.Watchdog.Kind != WatchdogKind.None))
        {
            Feed(turn);
            turn.Emit(new Command.DisarmWatchdog());
            turn.Watchdog = turn.Watchdog with { Armed = false, Facts = turn.Watchdog.Facts with { Running = false, SaysRunning = false } };
        }
    }

    /// <summary>Fed only while a right to run holds or nothing runs here; a fence under way is timed by the watchdog too.</summary>
    public static void FeedWhenDue(Draft turn)
    {
        if (!turn.Watchdog.Armed || (turn.Now < turn.Schedule.Watchdog && !turn.Watchdog.FedWithoutEnd))
        {
            return;
        }

        // A right without end has ended: fed anew before the next heartbeat says that this host is bound.
        var right = RightToRun.OfWhatIsHere(turn.View);
        if (turn.Now < turn.Schedule.Watchdog && right.Until >= RightToRun.Forever)
        {
            return;
        }

        // A verified host runs nothing; its attestation waits for the disk only.
        var fencing = turn.State.Status == HaStatus.Fencing && turn.Fence is not { Verified: true };
        if (!fencing && (right.Holds || !turn.View.NeedsAnyRight))
        {
            Feed(turn);
        }
    }

    /// <summary>When the next feeding is due.</summary>
    public static Instant LookAgainAt(View view) =>
        view.State.Watchdog.Armed ? Again.At(view, view.State.Schedule.Watchdog) : Again.Never;

    /// <summary>The watchdog is other than it was. An unsound one takes the bond away (see <see cref="Bond"/>); it is fed all the same.</summary>
    public static void Changed(Draft turn, WatchdogFacts found)
    {
        var before = turn.View.WatchdogTrouble;
        turn.Watchdog = turn.Watchdog with { Facts = found };
        var after = turn.View.WatchdogTrouble;
        if (after is not null && after != before)
        {
            turn.Report(HaEventId.Alert, Severity.Critical,
                $"the watchdog cannot be counted on, so this host is not protected: {after}");
        }
        else if (after is null && before is not null)
        {
            turn.Report(HaEventId.Alert, Severity.Notice, $"the watchdog can be counted on again: {found.Description}");
        }
    }

    /// <summary>Arms or feeds it with the rest of the right to run plus the kill bound.</summary>
    private static void Feed(Draft turn)
    {
        var right = RightToRun.OfWhatIsHere(turn.View);
        var rest = right.Until >= RightToRun.Forever ? Deadlines.EndlessFeeding
            : right.Holds ? right.Until - turn.Now + turn.Timing.KillBound
            : turn.Timing.Lease + turn.Timing.KillBound;
        turn.Emit(new Command.FeedWatchdog(rest));
        if (right.Holds && right.Until < RightToRun.Forever)
        {
            turn.Emit(new Command.RecordLease(right.Until));
        }

        var interval = turn.Timing.HeartbeatInterval;
        turn.Watchdog = turn.Watchdog with { FedWithoutEnd = right.Until >= RightToRun.Forever };
        turn.Schedule = turn.Schedule with { Watchdog = turn.Now + (interval <= Deadlines.Feeding ? interval : Deadlines.Feeding) };
    }
}
