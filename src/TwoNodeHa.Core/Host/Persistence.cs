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
        turn.Disk = disk with { Writing = version, BeingWritten = turn.Durable };
        turn.Emit(new Command.Persist(turn.Durable));
    }

    /// <summary>When a failed write is tried again.</summary>
    public static Instant LookAgainAt(View view) => Again.At(view, view.State.Disk.RetryAt);

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
            turn.Report(HaEventId.DurableTrouble, Severity.Critical,
                $"the durable state cannot be written ({persisted.Trouble}): no takeover and no attestation until it can");
        }

        turn.Disk = disk with
        {
            Writing = 0,
            Trouble = persisted.Trouble.Length > 0 ? persisted.Trouble : "write failed",
            RetryAt = turn.Now + Deadlines.DiskRetry,
        };
    }
}
