using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Vms;

/// <summary>A VM that starts, in its place.</summary>
/// <param name="Vm">The VM.</param>
/// <param name="Class">Class of its start.</param>
/// <param name="Level">Level: VMs of one level start together, the next level after them; counts from 0.</param>
/// <param name="NeedBytes">Memory that it takes.</param>
/// <param name="FreeAfterBytes">What is left of the host's memory behind it and all before it; -1 when that is not known.</param>
public sealed record PlanStep(VmRecord Vm, VmClass Class, int Level, long NeedBytes, long FreeAfterBytes);

/// <summary>A VM that will not run, and why.</summary>
/// <param name="Vm">The VM.</param>
/// <param name="Class">Class of its start.</param>
/// <param name="Level">The level that it would be in.</param>
/// <param name="Obstacle">Why not.</param>
public sealed record PlanMiss(VmRecord Vm, VmClass Class, int Level, Obstacle Obstacle);

/// <summary>
/// Which VMs a host starts, in which order, and which not: shown before a failure, and carried out after it. The same function
/// makes both (<see cref="Planner"/>).
/// </summary>
/// <param name="Survivor">Uuid of the host that starts them.</param>
/// <param name="Steps">What starts, in order.</param>
/// <param name="Misses">What does not, in the order in which it would.</param>
/// <param name="FreeBytes">Memory of the host that is free for them; -1 when that is not known.</param>
public sealed record FailoverPlan(Guid Survivor, ImmutableArray<PlanStep> Steps, ImmutableArray<PlanMiss> Misses, long FreeBytes)
{
    /// <summary>Everything that must come back does: what is missing is best-effort.</summary>
    public bool IsComplete => Misses.All(static miss => miss.Class == VmClass.BestEffort);

    /// <summary>The step of a VM; null when it does not start.</summary>
    public PlanStep? StepOf(Guid vm)
    {
        foreach (var step in Steps)
        {
            if (step.Vm.Uuid == vm)
            {
                return step;
            }
        }

        return null;
    }

    /// <summary>Why a VM does not start; null when it does, or is not in the plan.</summary>
    public PlanMiss? MissOf(Guid vm)
    {
        foreach (var miss in Misses)
        {
            if (miss.Vm.Uuid == vm)
            {
                return miss;
            }
        }

        return null;
    }
}
