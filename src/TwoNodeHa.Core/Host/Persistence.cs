using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Host;

/// <summary>The durable state on its way to the disk, one write at a time.</summary>
internal static class Persistence
{
    public static void WriteWhenDue(Draft turn)
    {
        var (durable, disk) = (turn.Durable, turn.Disk);
        if (disk.Writing != 0 || turn.Now < disk.RetryAt || ReferenceEquals(durable, disk.Confirmed) || durable == disk.Confirmed)
        {
            return;
        }

        var version = Math.Max(durable.Version, disk.Confirmed.Version) + 1;
        turn.Durable = durable with { Version = version };
        turn.Disk = disk with { Writing = version, WritingSince = turn.Now, BeingWritten = turn.Durable };
        turn.Emit(new Command.Persist(turn.Durable));
    }

    /// <summary>A write that is not answered is as bad as one that failed: nobody is to count on this host meanwhile.</summary>
    public static void NoteWhenLate(Draft turn)
    {
        var disk = turn.Disk;
        if (disk.Writing == 0 || disk.Trouble.Length > 0 || turn.Now < disk.WritingSince + Deadlines.DiskLate)
        {
            return;
        }

        var trouble = $"no answer for {Deadlines.DiskLate.TotalSeconds:F0} s";
        Tell(turn, trouble);
        turn.Disk = disk with { Trouble = trouble };
    }

    /// <summary>When a failed write is tried again, or one is called late.</summary>
    public static Instant LookAgainAt(View view)
    {
        var disk = view.State.Disk;
        return Again.First(
            Again.At(view, disk.RetryAt), disk is { Writing: not 0, Trouble: "" } ? Again.At(view, disk.WritingSince + Deadlines.DiskLate) : Again.Never);
    }

    public static void Persisted(Draft turn, Observation.Persisted persisted)
    {
        var disk = turn.Disk;
        if (persisted.Version != disk.Writing)
        {
            return;
        }

        if (persisted.Durable)
        {
            turn.Disk = disk with { Confirmed = disk.BeingWritten, Writing = 0, Trouble = "" };
            if (disk.Trouble.Length > 0)
            {
                turn.Report(HaEventId.DurableTrouble, Severity.Notice, "the durable state can be written again");
            }

            return;
        }

        if (disk.Trouble.Length == 0)
        {
            Tell(turn, persisted.Trouble);
        }

        turn.Disk = disk with
        {
            Writing = 0,
            Trouble = persisted.Trouble.Length > 0 ? persisted.Trouble : "write failed",
            RetryAt = turn.Now + Deadlines.DiskRetry,
        };
    }

    private static void Tell(Draft turn, string trouble) => turn.Report(HaEventId.DurableTrouble, Severity.Critical,
        $"the durable state cannot be written ({trouble}): no takeover and no attestation until it can");
}
