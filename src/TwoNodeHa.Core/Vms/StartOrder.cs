using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Vms;

/// <summary>A VM with its place in the order of starts.</summary>
/// <param name="Vm">The VM.</param>
/// <param name="Class">Class of its start: its own, or that of a member of its vApp that needs it.</param>
/// <param name="Level">Counts the levels from 0: VMs of one level start together, the next level after them.</param>
public readonly record struct RankedVm(VmRecord Vm, VmClass Class, int Level);

/// <summary>
/// In which order VMs start: by class, then by VM.order, then by uuid. In a vApp what starts earlier is needed by what starts
/// later, so it is at least of that class. A negative order, which only old tools can have set, comes last, as in native HA.
/// </summary>
public static class StartOrder
{
    /// <summary>Puts VMs in order.</summary>
    public static ImmutableArray<RankedVm> Of(IReadOnlyCollection<VmRecord> vms)
    {
        var ranked = new List<RankedVm>(vms.Count);
        var appliances = ByAppliance(vms);
        foreach (var vm in vms)
        {
            ranked.Add(new RankedVm(vm, ClassOf(vm, appliances), 0));
        }

        ranked.Sort(Compare);
        for (var i = 1; i < ranked.Count; i++)
        {
            var before = ranked[i - 1];
            var same = before.Class == ranked[i].Class && Position(before.Vm.Order) == Position(ranked[i].Vm.Order);
            ranked[i] = ranked[i] with { Level = before.Level + (same ? 0 : 1) };
        }

        return [.. ranked];
    }

    /// <summary>How early a class starts; lower is earlier.</summary>
    public static int Rank(VmClass @class) => @class switch
    {
        VmClass.Restart => 0,
        VmClass.Ordinary => 1,
        _ => 2,
    };

    private static int Position(int order) => order < 0 ? int.MaxValue : order;

    private static int Compare(RankedVm left, RankedVm right)
    {
        var byClass = Rank(left.Class).CompareTo(Rank(right.Class));
        var byOrder = byClass != 0 ? byClass : Position(left.Vm.Order).CompareTo(Position(right.Vm.Order));
        return byOrder != 0 ? byOrder : left.Vm.Uuid.CompareTo(right.Vm.Uuid);
    }

    private static VmClass ClassOf(VmRecord vm, Dictionary<Guid, List<VmRecord>>? appliances)
    {
        var best = vm.Class;
        if (appliances is not null && vm.Appliance != Guid.Empty)
        {
            foreach (var other in appliances[vm.Appliance])
            {
                best = Position(other.Order) > Position(vm.Order) && Rank(other.Class) < Rank(best) ? other.Class : best;
            }
        }

        return best;
    }

    private static Dictionary<Guid, List<VmRecord>>? ByAppliance(IEnumerable<VmRecord> vms)
    {
        Dictionary<Guid, List<VmRecord>>? appliances = null;
        foreach (var vm in vms)
        {
            if (vm.Appliance == Guid.Empty)
            {
                continue;
            }

            appliances ??= [];
            if (!appliances.TryGetValue(vm.Appliance, out var members))
            {
                appliances.Add(vm.Appliance, members = []);
            }

            members.Add(vm);
        }

        return appliances;
    }
}
