using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Vms;

/// <summary>What a plan is made from.</summary>
/// <param name="Policy">The site's policy.</param>
/// <param name="Pool">The newest reading of the database.</param>
/// <param name="Survivor">Uuid of the host that starts the VMs.</param>
/// <param name="IsSelf">It is the host that read the database: XAPI's own figure of its free memory counts where its record is not known.</param>
public sealed record PlanInput(PolicyConfig Policy, PoolIndex Pool, Guid Survivor, bool IsSelf)
{
    /// <summary>The VMs that are to start.</summary>
    public required IReadOnlyCollection<VmRecord> Candidates { get; init; }

    /// <summary>It is the plan of a takeover, which enables its host.</summary>
    public bool EnablesHost { get; init; }

    /// <summary>VMs that are on that host by its own list, whatever the database says; a candidate is never among them.</summary>
    public required Func<Guid, bool> IsThere { get; init; }

    /// <summary>Candidates whose start failed for now: they find their memory behind the others of their class, and before the next class.</summary>
    public Func<Guid, bool> IsResting { get; init; } = static _ => false;
}

/// <summary>Makes the plan: in order, each VM takes what it needs of what is left; who finds too little is left out, and the next is asked.</summary>
public static class Planner
{
    /// <summary>The plan. Pure; a few hundred VMs take a millisecond or two.</summary>
    public static FailoverPlan Of(PlanInput input)
    {
        var free = Free(input);
        var left = free;
        var steps = ImmutableArray.CreateBuilder<PlanStep>(input.Candidates.Count);
        var misses = ImmutableArray.CreateBuilder<PlanMiss>();
        foreach (var ranked in Served(input))
        {
            var need = NeedOf(input, ranked.Vm);
            var obstacle = Prevents(input, ranked.Vm) ?? (free >= 0 && need > left ? TooBig(need, left) : null);
            if (obstacle is { } found)
            {
                misses.Add(new PlanMiss(ranked.Vm, ranked.Class, ranked.Level, found));
            }

            // What may pass must find its memory when it has; what lies on the dead host keeps none from others.
            if (obstacle is null || (obstacle.Value.MayPass && need <= left))
            {
                left = free < 0 ? -1 : left - need;
            }

            if (obstacle is null)
            {
                steps.Add(new PlanStep(ranked.Vm, ranked.Class, ranked.Level, need, left));
            }
        }

        steps.Sort(static (one, other) => (one.Level, one.Vm.Uuid).CompareTo((other.Level, other.Vm.Uuid)));
        return new FailoverPlan(input.Survivor, steps.ToImmutable(), misses.ToImmutable(), free);
    }

    /// <summary>In order; in a class those that rest come last.</summary>
    private static IEnumerable<RankedVm> Served(PlanInput input) => StartOrder.Of(input.Candidates)
        .OrderBy(ranked => (2 * StartOrder.Rank(ranked.Class)) + (input.IsResting(ranked.Vm.Uuid) ? 1 : 0));

    /// <summary>Memory that is free on a host for VMs that are to start, bytes; -1 when it is not known.</summary>
    public static long Free(PlanInput input)
    {
        var host = input.Pool.Host(input.Survivor);
        var counted = host is { MemoryTotal: > 0 };
        if (!counted && !(input.IsSelf && input.Pool.Facts.FreeMemoryBytes >= 0))
        {
            return -1;
        }

        var candidates = input.Candidates.Select(static vm => vm.Uuid).ToHashSet();
        long left = counted ? host!.MemoryTotal - host.MemoryOverhead - host.ControlDomains : input.Pool.Facts.FreeMemoryBytes;
        foreach (var vm in input.Pool.Facts.Vms)
        {
            var shown = vm.IsShownOn(input.Survivor);
            var there = !candidates.Contains(vm.Uuid) && (shown || input.IsThere(vm.Uuid));

            // XAPI's own figure counts what the database shows.
            var weight = (there ? 1 : 0) - (!counted && shown ? 1 : 0);
            left -= weight * Math.Min(MemoryRules.Taken(input.Policy, vm.Memory), long.MaxValue / 4096);
        }

        return Math.Max(0, left);
    }

    private static long NeedOf(PlanInput input, VmRecord vm) =>
        input.Pool.Vm(vm.Uuid) is { } fact ? MemoryRules.Need(input.Policy, fact.Memory) : vm.MemoryBytes;

    private static Obstacle? Prevents(PlanInput input, VmRecord vm)
    {
        if (input.Pool.Vm(vm.Uuid) is not { } fact)
        {
            var odd = input.Pool.Facts.Unreadable.FirstOrDefault(record => record.Uuid == vm.Uuid);
            return new Obstacle(ObstacleKind.NotInDatabase, true,
                odd is null ? "the toolstack's database does not have it" : $"its record cannot be read: {odd.Reason}");
        }

        foreach (var obstacle in Placement.Of(input.Pool, fact, input.Survivor, vm.LastOn))
        {
            if (obstacle.Prevents && !(input.EnablesHost && obstacle.Kind == ObstacleKind.HostDisabled))
            {
                return obstacle;
            }
        }

        return null;
    }

    private static Obstacle TooBig(long need, long left) => new(ObstacleKind.Memory, true,
        MemoryRules.Text(need) == MemoryRules.Text(left)
            ? string.Create(CultureInfo.InvariantCulture, $"needs {need >> 20} MiB, {left >> 20} MiB free")
            : $"needs {MemoryRules.Text(need)}, {MemoryRules.Text(left)} free");
}
