using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Machine;

/// <summary>
/// The memory of handovers for the gateway's sake outlives the daemon: a restart in the middle of a gateway that comes and goes would
/// drive the VMs back. Its age is kept by the wall clock, the only one that goes on through a reboot. A clock that was set back
/// makes the rest longer, at most by its whole length; one that was set forward makes it shorter. Nothing but patience depends on it.
/// </summary>
internal static class Damping
{
    /// <summary>Takes the memory from the disk, or notes there what has changed.</summary>
    public static void Keep(Draft turn, long wallUnixMs)
    {
        if (wallUnixMs <= 0 || turn.State.Procedures.Yields is null && turn.Durable.Yields is null)
        {
            return;
        }

        if (turn.State.Procedures.Yields is { } yields)
        {
            Note(turn, new YieldJournal(yields.Count, wallUnixMs - (long)(turn.Now - yields.NewestAt).TotalMilliseconds));
        }
        else
        {
            Recall(turn, turn.Durable.Yields!, wallUnixMs);
        }
    }

    private static void Note(Draft turn, YieldJournal journal)
    {
        if (turn.Durable.Yields is not { } noted || noted.Count != journal.Count
            || Math.Abs(noted.NewestUnixMs - journal.NewestUnixMs) > Deadlines.WallClockSet.TotalMilliseconds)
        {
            turn.Durable = turn.Durable with { Yields = journal };
        }
    }

    private static void Recall(Draft turn, YieldJournal journal, long wallUnixMs)
    {
        var age = TimeSpan.FromMilliseconds(Math.Max(0, wallUnixMs - journal.NewestUnixMs));
        if (age >= Deadlines.YieldMemory || journal.Count < 1)
        {
            turn.Durable = turn.Durable with { Yields = null };
            return;
        }

        turn.Procedures = turn.Procedures with { Yields = new YieldRecord(Math.Min(journal.Count, Deadlines.YieldCountMax), turn.Now - age) };
    }
}
