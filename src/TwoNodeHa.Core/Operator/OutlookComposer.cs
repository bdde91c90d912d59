using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Vms;

namespace TwoNodeHa.Core.Operator;

/// <summary>What would happen if a host failed now: the plan that a takeover carries out, with its times.</summary>
internal static class OutlookComposer
{
    /// <summary>One outlook for each host; none while no database was read.</summary>
    public static ImmutableArray<FailureOutlook> Of(View view) =>
        view.State.Host.Database is null ? [] : [.. view.Config.Config.Hosts.Select(host => Of(view, host))];

    /// <summary>What the VMs keep from being covered.</summary>
    public static IEnumerable<string> Findings(View view, ImmutableArray<FailureOutlook> outlooks)
    {
        if (view.State.Host.DatabaseAt is not { } read)
        {
            yield return "whether the VMs fit is not known: the pool's records were not read yet";
            yield break;
        }

        if (view.Now - read > Deadlines.RecordsAreOld)
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"whether the VMs fit is not known: the pool's records are {(view.Now - read).TotalSeconds:F0} s old");
        }

        foreach (var outlook in outlooks)
        {
            if (outlook.Gap.Length > 0)
            {
                yield return outlook.Gap;
            }
        }
    }

    /// <summary>When each VM of a plan runs.</summary>
    public static Dictionary<Guid, TimeSpan> Times(View view, FailoverPlan plan, bool wasMaster) => PlanTimes.Of(
        plan, view.Policy.StartParallel, Downtime.UntilFirstStart(view.Config.Config, wasMaster), Downtime.Start);

    /// <summary>A host is the pool's master, by the newest reading.</summary>
    public static bool IsMaster(View view, HostConfig host) => view.State.Host.Database?.Master == host.Uuid;

    private static FailureOutlook Of(View view, HostConfig host)
    {
        var plan = view.PlanFor(host.Uuid)!;
        var times = Times(view, plan, IsMaster(view, host));
        return new FailureOutlook(host.Name, view.Config.Config.Hosts.First(other => other.Uuid != host.Uuid).Name)
        {
            Covered = plan.IsComplete,
            Starts = [.. plan.Steps.Select(static step => step.Vm.Name)],
            FirstSeconds = times.Count == 0 ? null : Math.Round(times.Values.Min().TotalSeconds, 1),
            LastSeconds = times.Count == 0 ? null : Math.Round(times.Values.Max().TotalSeconds, 1),
            Missing = [.. plan.Misses.Select(static miss => new OutlookMiss(miss.Vm.Name, miss.Obstacle.Text, miss.Class == VmClass.BestEffort))],
            FreeBytes = plan.FreeBytes,
            Gap = PlanText.Gap(plan, host.Name) ?? "",
        };
    }
}
