using System.Globalization;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Vms;

/// <summary>What cannot be meant in a VM's record, and what is made of it. It costs that VM only.</summary>
public static class VmOddities
{
    /// <summary>Sentences without a full stop; none when the record is as it should be.</summary>
    public static IEnumerable<string> Of(PoolIndex pool, VmFact vm)
    {
        if (vm.UnknownPriority.Length > 0)
        {
            yield return $"ha_restart_priority is '{vm.UnknownPriority}', which is neither restart nor best-effort: it counts as empty";
        }

        if (vm.Order < 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"order is {vm.Order}: it starts last of its class; set 0 or more");
        }

        if (vm.Memory.IsContradictory)
        {
            yield return "its memory figures contradict each other: it counts with the largest";
        }

        if (vm.Appliance != Guid.Empty)
        {
            var appliance = pool.Facts.Appliances.FirstOrDefault(one => one.Uuid == vm.Appliance);
            if (appliance is null)
            {
                yield return "its vApp is not in the database: its members are started in their order all the same";
            }
            else if (appliance.Lost > 0)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"vApp {appliance.Name} names {appliance.Lost} VMs that the database does not have");
            }
        }
    }
}
