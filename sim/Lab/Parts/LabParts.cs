using System.Runtime.InteropServices;
using TwoNodeHa.Sim.Machine.Iscsi;

namespace TwoNodeHa.Sim.Lab.Parts;

/// <summary>Programs of others that a lab of class A starts.</summary>
internal static class LabParts
{
    /// <summary>Null when everything that these options need is installed, else one sentence that says what is missing.</summary>
    public static string? WhyMissing(LabOptions options)
    {
        string[] needed =
        [
            .. options.Arbiter || options.Boards || options.Luns > 0 ? (string[])["setpriv"] : [],
            .. options.Arbiter ? (string[])["etcd"] : [],
            .. options.Boards ? (string[])["ipmi_sim", "ipmitool"] : [],
            .. options.Luns > 0 ? (string[])["tgtd", "tgtadm", "bash"] : [],
        ];
        string[] missing = [.. needed.Where(program => Find(program) is null), .. options.Luns > 0 && !HasInitiator() ? (string[])[LibIscsi.Library] : []];
        return missing.Length == 0 ? null : $"not installed: {string.Join(", ", missing)}; run tests/lab/install.sh";
    }

    public static string Require(string program) =>
        Find(program) ?? throw new FileNotFoundException($"{program} is not installed; run tests/lab/install.sh");

    private static bool HasInitiator() => NativeLibrary.TryLoad(LibIscsi.Library, out _);

    private static string? Find(string program) => $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin"
        .Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
