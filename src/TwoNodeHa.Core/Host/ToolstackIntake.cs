using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Host;

/// <summary>Takes facts about the own toolstack in. No rule is evaluated here.</summary>
internal static class ToolstackIntake
{
    public static void Observed(Draft turn, Observation.ToolstackObserved observed)
    {
        if (turn.Pending.Find(observed.Id) is not { Purpose: Purpose.ReadToolstack } pending)
        {
            HostIntake.ForgetAnswer(turn, observed.Id);
            return;
        }

        var before = turn.Host.Toolstack;
        var asked = turn.Schedule.ToolstackAskedAt;
        turn.Pending = turn.Pending.Without(pending);
        turn.Host = turn.Host with { Toolstack = observed.Facts, ToolstackAt = asked };
        if (turn.Takeover is { } takeover && observed.Facts is { Asked: true, Answers: true })
        {
            turn.Takeover = takeover with { ToolstackSaidAt = asked };
        }

        LookAtRole(turn, observed.Facts);
        ReportChange(turn, before, observed.Facts);
        if (observed.Facts.Running && turn.Durable.ToolstackOwed && turn.Role.Phase == RoleChangePhase.Idle
            && turn.State.Status != HaStatus.Fencing)
        {
            turn.Durable = turn.Durable with { ToolstackOwed = false };
        }

        ReportRole(turn, before, observed.Facts);
        if (observed.Facts.Database is { } database)
        {
            DatabaseObserved(turn, database, asked);
        }
    }

    public static void DatabaseObserved(Draft turn, DatabaseFacts facts, Instant asked)
    {
        var nativeBefore = turn.Host.Database?.NativeHaEnabled ?? false;
        ReportUnreadable(turn, turn.Host.Database?.Unreadable ?? [], facts.Unreadable);
        SilentArrivals.See(turn, facts);
        turn.Host = turn.Host with { Database = facts, DatabaseAt = asked };
        if (facts.NativeHaEnabled && !nativeBefore)
        {
            turn.Report(HaEventId.Alert, Severity.Critical,
                "the platform's own HA was switched on (pool.ha_enabled): this daemon takes nothing over while it is");
        }

        Reinstalled.SeeDatabase(turn, facts);
        VmBook.SeeDatabase(turn, facts);
    }

    private static void ReportUnreadable(Draft turn, ImmutableArray<UnreadableFact> before, ImmutableArray<UnreadableFact> now)
    {
        foreach (var record in now.Except(before))
        {
            turn.Report(HaEventId.Alert, Severity.Warning,
                $"{record.Class} {record.Name} cannot be read from the toolstack's database and is left out: {record.Reason}");
        }

        foreach (var record in before.Where(old => now.All(left => (left.Class, left.Uuid, left.Name) != (old.Class, old.Uuid, old.Name))))
        {
            turn.Report(HaEventId.Alert, Severity.Notice, $"{record.Class} {record.Name} is readable again, or is gone");
        }
    }

    /// <summary>From now on the toolstack starts nothing by itself; what it started until now is looked for.</summary>
    public static void StandsDown(Draft turn)
    {
        if (turn.Host.StandsDownSince is not null)
        {
            return;
        }

        turn.Host = turn.Host with { StandsDownSince = turn.Now };
        if (turn.Durable.Committed && turn.Host.Domains is not null)
        {
            turn.ReadDomainsAnew();
        }
    }

    private static void LookAtRole(Draft turn, ToolstackFacts facts)
    {
        if (facts.RoleFile == PoolRole.Slave)
        {
            StandsDown(turn);
        }
        else if (facts.Running)
        {
            turn.Host = turn.Host with { StandsDownSince = null };
        }
    }

    private static void ReportChange(Draft turn, ToolstackFacts? before, ToolstackFacts now)
    {
        var healthy = now is { Running: true, Answers: true };
        if (before is not null && healthy != before is { Running: true, Answers: true })
        {
            turn.Report(HaEventId.ToolstackChanged, healthy ? Severity.Notice : Severity.Warning,
                healthy ? "the toolstack answers again" : $"the toolstack does not answer: {now.Trouble}");
        }
    }

    private static void ReportRole(Draft turn, ToolstackFacts? before, ToolstackFacts now)
    {
        if (before is not null && now.RoleFile != before.RoleFile)
        {
            turn.Report(HaEventId.ToolstackChanged, Severity.Notice,
                $"XAPI's role of this host is now {now.RoleFile.ToString().ToLowerInvariant()}");
        }
    }
}
