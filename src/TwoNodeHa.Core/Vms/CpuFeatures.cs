using System.Globalization;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Vms;

/// <summary>XAPI's words for CPU features: 32-bit words in hexadecimal, joined by <c>-</c>; missing words are zero (cpuid_helpers.ml).</summary>
internal static class CpuFeatures
{
    /// <summary>A running VM finds on the host what it was started with. What is not known, or not understood, is no obstacle.</summary>
    public static bool Suffice(HostFact host, VmDevices vm)
    {
        if (vm.CpuVendor.Length > 0 && host.CpuVendor.Length > 0 && vm.CpuVendor != host.CpuVendor)
        {
            return false;
        }

        return vm.CpuFeatures.Length == 0 || host.CpuFeatures.Length == 0 || Contains(host.CpuFeatures.Split('-'), vm.CpuFeatures.Split('-'));
    }

    private static bool Contains(string[] host, string[] vm)
    {
        for (var i = 0; i < vm.Length; i++)
        {
            if (!TryRead(vm[i], out var needed) || !TryRead(i < host.Length ? host[i] : "0", out var given))
            {
                return true;
            }

            if ((needed & ~given) != 0)
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryRead(string word, out uint value) => uint.TryParse(word, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
}
