using System.Collections.Immutable;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;

namespace TwoNodeHa.Core.Advice;

/// <summary>Finds the newest drill, or real failure, that the journals tell of: also one whose ha-ctl was interrupted, or lost its host.</summary>
public static class DrillFinder
{
    /// <summary>What there is to judge; null when there is nothing.</summary>
    /// <param name="journals">The journals of both hosts, or of this one.</param>
    /// <param name="hosts">Names of both hosts.</param>
    /// <param name="config">The configuration of the pair.</param>
    public static DrillEvidence? Newest(ImmutableArray<Journal> journals, (string Here, string There) hosts, HaConfig config)
    {
        var all = new DrillLedger(new DrillEvidence { Kind = DrillKind.Fence, Host = hosts.Here, Survivor = hosts.There, BeginMs = 0, Journals = journals }).Events;
        for (var index = all.Length - 1; index >= 0; index--)
        {
            if (KindOf(all, index) is { } kind)
            {
                return Evidence(kind, all[index], hosts, config) with { Journals = journals };
            }
        }

        return null;
    }

    private static DrillEvidence Evidence(DrillKind kind, IncidentEvent begin, (string Here, string There) hosts, HaConfig config)
    {
        var other = begin.Host == hosts.Here ? hosts.There : hosts.Here;
        return kind == DrillKind.Failover
            ? new DrillEvidence
            {
                Kind = kind, Host = other, Survivor = begin.Host, Journals = [], BeginIsReckoned = true,

                // R1 ends one lease after the newest heartbeat that was acknowledged: then a host suspects.
                BeginMs = begin.UnixMs - (long)config.Timing.Lease.TotalMilliseconds,
            }
            : new DrillEvidence { Kind = kind, Host = begin.Host, Survivor = other, Journals = [], BeginMs = begin.UnixMs };
    }

    private static DrillKind? KindOf(ImmutableArray<IncidentEvent> all, int index)
    {
        var (id, sentence) = ((HaEventId)all[index].Line.Id, all[index].Line.Sentence);
        return id switch
        {
            HaEventId.FenceDecided when sentence.Contains("the operator asked", StringComparison.Ordinal) => DrillKind.Fence,
            HaEventId.Maintenance when sentence.StartsWith("this host is emptied for maintenance", StringComparison.Ordinal) => DrillKind.Handover,
            HaEventId.StateChanged when IsState(sentence, "Suspecting") && EndsInATakeover(all, index) => DrillKind.Failover,
            _ => null,
        };
    }

    /// <summary>The next state that is neither doubt nor suspicion is the takeover.</summary>
    private static bool EndsInATakeover(ImmutableArray<IncidentEvent> all, int index)
    {
        for (var next = index + 1; next < all.Length; next++)
        {
            if (all[next].Host == all[index].Host && all[next].Line.Id == (int)HaEventId.StateChanged
                && !IsState(all[next].Line.Sentence, "Holding") && !IsState(all[next].Line.Sentence, "Suspecting"))
            {
                return IsState(all[next].Line.Sentence, "TakingOver");
            }
        }

        return false;
    }

    private static bool IsState(string sentence, string state) => sentence.Contains("-> " + state, StringComparison.Ordinal);
}
