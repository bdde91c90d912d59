using System.Globalization;
using TwoNodeHa.Sim.Pool.Data;

namespace TwoNodeHa.Sim.Pool.Xapi;

/// <summary>
/// Memory as XAPI and its hypervisor count it (memory_check.ml, memory.ml; vm figures in docs/vms.md). Written from XAPI's own
/// formulas, not from the daemon's: judges compare the two.
/// </summary>
public static class MemoryCheck
{
    public const long Mib = 1024 * 1024;

    /// <summary>Memory of a control domain, without its overhead.</summary>
    public const long ControlDomainMib = 1024;

    /// <summary>What the hypervisor keeps for itself (Host.memory_overhead).</summary>
    public const long HypervisorMib = 64;

    /// <summary>What one domain costs besides its memory, MiB.</summary>
    /// <param name="sizeMib">memory_static_max, rounded up.</param>
    /// <param name="vcpus">VCPUs_max.</param>
    /// <param name="multiplier">HVM_shadow_multiplier.</param>
    /// <param name="type">domain_type.</param>
    public static long OverheadMib(long sizeMib, long vcpus, double multiplier, string type)
    {
        var pages = Math.Ceiling(((256 * vcpus) + (2 * sizeMib)) / 256.0);
        var shadow = Math.Max(1, Math.Floor(pages * multiplier));
        var perCpu = Math.Ceiling(38 * vcpus / 256.0);
        return (type == "pv" ? 1 : 2) + (long)shadow + (long)perCpu + (type == "pv_in_pvh" ? 23 + (sizeMib / 90) : 0);
    }

    /// <summary>Overhead of a VM that has one CPU and no shim, MiB.</summary>
    public static long OverheadMib(long sizeMib) => OverheadMib(sizeMib, 1, 1, "hvm");

    /// <summary>What dom0 and the hypervisor take of a host, MiB.</summary>
    public static long TakenByHostMib => HypervisorMib + ControlDomainMib + OverheadMib(ControlDomainMib, 1, 1, "pv");

    /// <summary>VM.memory_overhead as XAPI works it out, bytes: at each start, before the check.</summary>
    internal static long Overhead(Row vm) => Mib * OverheadMib(
        (vm.Number("memory_static_max") + Mib - 1) / Mib, vm.Number("VCPUs_max"),
        double.TryParse(vm["HVM_shadow_multiplier"]?.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var multiplier) ? multiplier : 1,
        vm.Text("domain_type"));

    /// <summary>What a start needs, bytes.</summary>
    internal static long Need(Row vm) =>
        vm.Number(vm.Text("domain_type") == "pv_in_pvh" ? "memory_static_max" : "memory_dynamic_min") + Overhead(vm);

    /// <summary>host.compute_free_memory, bytes: what is resident, and once more what is scheduled to be.</summary>
    /// <param name="db">The database.</param>
    /// <param name="host">The host.</param>
    /// <param name="checkedVm">The VM that is asked for: it does not stand in its own way on the scheduled list.</param>
    internal static long Free(Database db, Row host, Row? checkedVm = null)
    {
        long used = 0;
        foreach (var vm in db.All("VM"))
        {
            var times = (vm.Text("resident_on") == host.Ref ? 1 : 0)
                + (vm.Ref != checkedVm?.Ref && vm.Text("scheduled_to_be_resident_on") == host.Ref ? 1 : 0);
            used += times * (vm.Number("memory_dynamic_min") + vm.Number("memory_overhead"));
        }

        return Math.Max(0, db.Metrics(host).Number("memory_total") - host.Number("memory_overhead") - used);
    }

    /// <summary>The error of a host that has too little.</summary>
    internal static ApiException Short(long needed, long free) => new("HOST_NOT_ENOUGH_FREE_MEMORY", $"{needed}", $"{free}");
}
