using System.Globalization;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Host;

/// <summary>Takes facts about this host in: hypervisor, storage, the loop itself. No rule is evaluated here.</summary>
internal static class HostIntake
{
    public static void DomainsListed(Draft turn, Observation.DomainsListed listed)
    {
        if (turn.Pending.Find(listed.Id) is not { Purpose: Purpose.ReadDomains } pending)
        {
            ForgetAnswer(turn, listed.Id);
            return;
        }

        turn.Pending = turn.Pending.Without(pending);
        if (listed.Facts is not { } facts)
        {
            if (listed.Trouble != turn.Host.ListTrouble)
            {
                turn.Report(HaEventId.ActionTrouble, Severity.Error, $"the hypervisor's list could not be read: {listed.Trouble}");
            }

            turn.Host = turn.Host with { ListTrouble = listed.Trouble };
            return;
        }

        facts = DomainHandle.Match(
            facts, turn.Host.Domains, vm => turn.Durable.Vms.Any(record => record.Uuid == vm), turn.Durable.Vms.Select(record => record.Uuid));
        facts = BackendOrigin.Attribute(facts, turn.Host.Domains, inherits: turn.Watchdog.CarriedLease is not null && !turn.View.BoundByWord);
        turn.Host = turn.Host with { Domains = facts, DomainsAskedAt = turn.Schedule.DomainsAskedAt, ListTrouble = "" };
        VmBook.SeeDomains(turn);
    }

    /// <summary>What is told is what changed of the own data.</summary>
    public static void ReplicasRead(Draft turn, Observation.ReplicasRead read)
    {
        foreach (var replica in read.Replicas)
        {
            var before = turn.Host.Replicas.FirstOrDefault(known => known.Resource == replica.Resource);
            if (before is null ? !replica.IsUpToDate : before.DiskState != replica.DiskState)
            {
                turn.Report(HaEventId.StorageChanged, replica.IsUpToDate ? Severity.Notice : Severity.Warning,
                    $"the data of {replica.Resource} here is {(replica.DiskState.Length > 0 ? replica.DiskState : "not up")}");
            }
        }

        turn.Host = read.Replicas.IsEmpty ? turn.Host : turn.Host with { Replicas = read.Replicas };
    }

    public static void StorageProbed(Draft turn, Observation.StorageProbed probed)
    {
        if (probed.Health == turn.Host.Storage)
        {
            return;
        }

        turn.Host = turn.Host with
        {
            Storage = probed.Health,
            StorageDetail = probed.Detail,
            StorageProven = turn.Host.StorageProven || probed.Health == Health.Healthy,
            StorageRefusal = "",
        };
        turn.Report(
            HaEventId.StorageChanged,
            probed.Health switch
            {
                Health.Lost => Severity.Critical,
                Health.Doubtful => Severity.Warning,
                _ => Severity.Notice,
            },
            $"the storage of the protected VMs is {probed.Health.ToString().ToLowerInvariant()}: {probed.Detail}");
    }

    public static void LoopLate(Draft turn, Observation.LoopLate late)
    {
        var before = turn.Life.Lateness;
        var view = before with
        {
            At = turn.Now,
            Count = before.Count + 1,
            Worst = Longer(before.Worst, late.Late),
            Unreported = before.Unreported + 1,
            UnreportedWorst = Longer(before.UnreportedWorst, late.Late),
        };
        if (before.ReportedAt is not { } last || turn.Now >= last + Deadlines.LatenessSpacing)
        {
            turn.Report(HaEventId.LoopLate, Severity.Warning, string.Create(CultureInfo.InvariantCulture,
                $"the loop was {view.UnreportedWorst.TotalMilliseconds:F0} ms late, limit "
                + $"{turn.Timing.LatenessLimit.TotalMilliseconds:F0} ms: this host is starved or was stopped"
                + $"{(view.Unreported > 1 ? $" ({view.Unreported} times since the last such line)" : "")}"));
            view = view with { ReportedAt = turn.Now, Unreported = 0, UnreportedWorst = TimeSpan.Zero };
        }

        turn.Life = turn.Life with { Lateness = view };
    }

    /// <summary>An answer that nobody waits for: known and abandoned, or unknown, counted and told.</summary>
    public static void ForgetAnswer(Draft turn, long id)
    {
        if (turn.Pending.Find(id) is { } abandoned)
        {
            turn.Pending = turn.Pending.Without(abandoned);
            return;
        }

        var book = turn.Pending with { Unknown = turn.Pending.Unknown + 1 };
        if (book.UnknownToldAt is not { } last || turn.Now >= last + Deadlines.UnknownAnswerSpacing)
        {
            turn.Report(HaEventId.ActionTrouble, Severity.Warning,
                $"an answer came to command {id}, which is not open ({book.Unknown} such answers since the start): ignored");
            book = book with { UnknownToldAt = turn.Now };
        }

        turn.Pending = book;
    }

    private static TimeSpan Longer(TimeSpan left, TimeSpan right) => left >= right ? left : right;
}
