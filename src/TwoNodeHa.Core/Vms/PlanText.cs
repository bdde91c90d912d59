using System.Globalization;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Vms;

/// <summary>A plan in words.</summary>
public static class PlanText
{
    /// <summary>VMs that fit into a sentence.</summary>
    private const int NamesMax = 3;

    /// <summary>What does not come back when a host fails, without a full stop; null when all that must come back does.</summary>
    /// <param name="plan">The plan of the other host.</param>
    /// <param name="dead">Name of the host that fails.</param>
    public static string? Gap(FailoverPlan plan, string dead)
    {
        var misses = plan.Misses.Where(static miss => miss.Class != VmClass.BestEffort).ToList();
        if (misses.Count == 0)
        {
            return null;
        }

        var same = misses.TrueForAll(miss => miss.Obstacle.Text == misses[0].Obstacle.Text);
        var shown = misses.Take(NamesMax).Select(miss => same ? miss.Vm.Name : $"{miss.Vm.Name} ({miss.Obstacle.Text})");
        var more = misses.Count > NamesMax ? string.Create(CultureInfo.InvariantCulture, $" and {misses.Count - NamesMax} more") : "";
        var verb = misses.Count == 1 ? "does not come back" : "do not come back";
        return same
            ? $"if {dead} fails, {string.Join(", ", shown)}{more} {verb}: {misses[0].Obstacle.Text}"
            : string.Create(CultureInfo.InvariantCulture, $"if {dead} fails, {misses.Count} VMs {verb}: {string.Join(", ", shown)}{more}");
    }

    /// <summary>Which VMs do not come back, to be compared: figures that move all the time are not in it.</summary>
    public static string Key(FailoverPlan plan) => string.Join(
        ' ', plan.Misses.Where(static miss => miss.Class != VmClass.BestEffort).Select(static miss => miss.Vm.Uuid).Order());
}
