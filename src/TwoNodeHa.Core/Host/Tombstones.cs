using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Host;

/// <summary>
/// VMs that XAPI's database lost while it was current: an administrator deleted them. A promoted host begins with a copy that may
/// still have them, running even.
/// </summary>
internal static class Tombstones
{
    /// <summary>Notes the VMs that have gone from the record, and forgets those that a current database has again.</summary>
    public static void See(Draft turn, DatabaseFacts facts, ImmutableArray<VmRecord> before, ImmutableArray<VmRecord> after)
    {
        var deleted = turn.Durable.Deleted;
        if (!deleted.IsEmpty && !IsOldCopy(turn))
        {
            deleted = deleted.RemoveAll(gone => facts.Vms.Any(fact => fact.Uuid == gone.Uuid));
        }

        var known = after.Select(static vm => vm.Uuid).ToHashSet();
        deleted = deleted.AddRange(before.Where(vm => !known.Contains(vm.Uuid) && deleted.All(gone => gone.Uuid != vm.Uuid))
            .Select(static vm => new DeletedVm(vm.Uuid, 0)));
        Set(turn, deleted.Length > Deadlines.DeletedMax ? deleted.RemoveRange(0, deleted.Length - Deadlines.DeletedMax) : deleted);
    }

    /// <summary>What is known of a VM that an old copy of the database brings back: somebody stopped it for good. Null when it was not deleted.</summary>
    public static VmRecord? Of(Draft turn, VmFact fact)
    {
        if (turn.Durable.Deleted.All(gone => gone.Uuid != fact.Uuid) || !IsOldCopy(turn))
        {
            return null;
        }

        turn.Report(HaEventId.Alert, Severity.Warning,
            $"{fact.Name} was deleted before the takeover, and the copy of the database that XAPI began with still has it: it is not started", fact.Uuid);
        return new VmRecord { Uuid = fact.Uuid, Name = fact.Name, Protected = false, Wanted = false, StopSeen = true };
    }

    /// <summary>Gives the new ones their time, and drops those that no copy of a database is as old as.</summary>
    public static void Age(Draft turn, long wallUnixMs)
    {
        var deleted = turn.Durable.Deleted;
        if (deleted.IsEmpty || wallUnixMs <= 0)
        {
            return;
        }

        var oldest = wallUnixMs - (long)Deadlines.DeletedMemory.TotalMilliseconds;
        if (deleted.Any(gone => gone.AtUnixMs < oldest))
        {
            Set(turn, [.. deleted.Where(gone => gone.AtUnixMs == 0 || gone.AtUnixMs >= oldest)
                .Select(gone => gone.AtUnixMs == 0 ? gone with { AtUnixMs = wallUnixMs } : gone)]);
        }
    }

    /// <summary>The database may be the copy that a promoted host began with.</summary>
    private static bool IsOldCopy(Draft turn) => turn.Durable.Takeover is not null || (turn.State.Status == HaStatus.Sole && !turn.View.PeerHeard);

    private static void Set(Draft turn, ImmutableArray<DeletedVm> deleted)
    {
        if (!deleted.SequenceEqual(turn.Durable.Deleted))
        {
            turn.Durable = turn.Durable with { Deleted = deleted };
        }
    }
}
