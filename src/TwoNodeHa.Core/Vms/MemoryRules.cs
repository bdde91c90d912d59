using System.Globalization;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Vms;

/// <summary>Memory as XAPI counts it (docs/vms.md, "Memory"; memory_check.ml, xapi-idl/memory/memory.ml).</summary>
public static class MemoryRules
{
    private const long Mib = 1L << 20;

    /// <summary>
    /// What the hypervisor takes for a VM besides its memory, bytes. XAPI keeps the same figure in VM.memory_overhead, but not
    /// before the first start.
    /// </summary>
    /// <param name="staticMax">VM.memory_static_max, bytes.</param>
    /// <param name="vcpus">VM.VCPUs_max.</param>
    /// <param name="shadowMultiplier">VM.HVM_shadow_multiplier, 1 or more.</param>
    /// <param name="domainType">VM.domain_type: hvm, pv, pvh, pv_in_pvh.</param>
    public static long Overhead(long staticMax, long vcpus, double shadowMultiplier, string domainType)
    {
        var size = Up(Math.Max(0, staticMax), Mib);
        var cpus = Math.Max(0, vcpus);
        var shadow = Math.Max(1, (long)(Up((256 * cpus) + (2 * size), 256) * Math.Max(1, shadowMultiplier)));
        var shim = domainType == "pv_in_pvh" ? 23 + (size / 90) : 0;
        var toolstack = domainType == "pv" ? 0 : 1;
        return (toolstack + 1 + shadow + Up(38 * cpus, 256) + shim) * Mib;
    }

    /// <summary>What a start of the VM takes from its host, bytes.</summary>
    public static long Need(PolicyConfig policy, VmMemory memory)
    {
        var range = policy.ShrinkMemory ? memory.DynamicMin : memory.DynamicMax;
        var largest = memory.IsFixed || memory.IsContradictory ? Math.Max(memory.StaticMax, memory.DynamicMax) : range;
        return Sum(largest, memory.Overhead);
    }

    /// <summary>What a VM that is there takes away from others, bytes: ballooning shrinks it where the site allows that.</summary>
    public static long Taken(PolicyConfig policy, VmMemory memory) => Need(policy, memory with { IsFixed = false });

    /// <summary>XAPI's own figure of a host's free memory (host.compute_free_memory), bytes: VMs there count with their dynamic minimum.</summary>
    public static long Free(HostFact host, IEnumerable<VmFact> vms)
    {
        var left = host.MemoryTotal - host.MemoryOverhead - host.ControlDomains;
        foreach (var vm in vms)
        {
            left -= vm.IsShownOn(host.Uuid) ? Math.Min(Sum(vm.Memory.DynamicMin, vm.Memory.Overhead), long.MaxValue / 4096) : 0;
        }

        return Math.Max(0, left);
    }

    /// <summary>Sum of two amounts that may be odd: nothing negative, no overflow.</summary>
    public static long Sum(long left, long right) =>
        Math.Max(left, 0) > long.MaxValue - Math.Max(right, 0) ? long.MaxValue : Math.Max(left, 0) + Math.Max(right, 0);

    /// <summary>An amount for people: <c>16.0 GiB</c>; below one GiB <c>512 MiB</c>.</summary>
    public static string Text(long bytes) => bytes >= 1L << 30
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):F1} GiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / Mib} MiB");

    private static long Up(long value, long unit) => (value / unit) + (value % unit > 0 ? 1 : 0);
}
