using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;
using TwoNodeHa.Core.Vms;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// Tells when the answer to "may either host fail now?" turns, as far as the VMs give it: worked out anew when the database or
/// the own record changed, told by the master once it has lasted, since VMs that start or move turn it for moments.
/// </summary>
internal static class Coverage
{
    public static void Advance(Draft turn)
    {
        if (turn.State.Status != HaStatus.Paired || turn.Host.Database is not { HostFacts.IsEmpty: false } database)
        {
            return;
        }

        var known = turn.Procedures.Coverage;
        if (IsMaintained(turn))
        {
            // Worked out anew when it is over.
            turn.Procedures = known.Database is null ? turn.Procedures : turn.Procedures with { Coverage = known with { Database = null, Missing = known.Told } };
            return;
        }

        if (!ReferenceEquals(known.Database, database) || known.Vms != turn.Durable.Vms)
        {
            turn.Procedures = turn.Procedures with { Coverage = Renewed(turn, known, database) };
        }

        Tell(turn, turn.Procedures.Coverage);
    }

    /// <summary>When a change has lasted long enough to be told.</summary>
    public static Instant LookAgainAt(View view) => view.State.Procedures.Coverage is { } coverage && coverage.Missing != coverage.Told
        ? Again.At(view, coverage.Since + Deadlines.CoverageLasts) : Again.Never;

    private static CoverageView Renewed(Draft turn, CoverageView known, DatabaseFacts database)
    {
        var (missing, sentences) = ("", new List<string>());
        foreach (var host in turn.Config.Config.Hosts)
        {
            var plan = turn.View.PlanFor(host.Uuid)!;
            if (PlanText.Gap(plan, host.Name) is { } gap)
            {
                missing += $"{host.Name}: {PlanText.Key(plan)}; ";
                sentences.Add(gap);
            }
        }

        return known with
        {
            Database = database,
            Vms = turn.Durable.Vms,
            Missing = missing,
            Sentence = string.Join("; ", sentences),
            Since = missing == known.Missing ? known.Since : turn.Now,
        };
    }

    /// <summary>Who orders a maintenance knows what it costs.</summary>
    private static bool IsMaintained(Draft turn) => turn.Durable.Maintenance is not null || turn.Peer.Beat is { Status: HaStatus.Maintenance };

    private static void Tell(Draft turn, CoverageView coverage)
    {
        if (coverage.Missing == coverage.Told || turn.Now - coverage.Since < Deadlines.CoverageLasts || !turn.View.IsMaster)
        {
            return;
        }

        turn.Procedures = turn.Procedures with { Coverage = coverage with { Told = coverage.Missing } };
        if (coverage.Missing.Length > 0)
        {
            turn.Report(HaEventId.CoverageChanged, Severity.Critical, $"a failure is not covered for all VMs: {coverage.Sentence}");
        }
        else
        {
            turn.Report(HaEventId.CoverageChanged, Severity.Notice, "all protected VMs would come back after the failure of either host");
        }
    }
}
