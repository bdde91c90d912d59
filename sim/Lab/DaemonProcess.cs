using System.Runtime.InteropServices;
using System.Text;

namespace TwoNodeHa.Sim.Lab;

/// <summary>The daemon of a host as a process of the machine: found and struck from outside, as a fault strikes it.</summary>
internal static partial class DaemonProcess
{
    private const int SigKill = 9;
    private const int SigContinue = 18;
    private const int SigStop = 19;

    /// <summary>Process id; null when no daemon runs on that host.</summary>
    public static int? Find(LabNetwork network, string host)
    {
        IReadOnlyDictionary<string, string> hostOf = network.HostByNamespace();
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), out int pid)
                && IsDaemon(pid)
                && VmProcess.NetworkNamespace(pid) is { } space
                && hostOf.TryGetValue(space, out string? where)
                && where == host)
            {
                return pid;
            }
        }

        return null;
    }

    public static void Terminate(int pid) => Send(pid, SigKill);

    public static void Freeze(int pid) => Send(pid, SigStop);

    public static void Thaw(int pid) => Send(pid, SigContinue);

    /// <summary>The program may be started directly or by <c>dotnet twonodehad.dll</c>; a supervisor only mentions it.</summary>
    private static bool IsDaemon(int pid)
    {
        string[] words = Encoding.UTF8.GetString(VmProcess.CommandLine(pid)).Split('\0');
        string program = Path.GetFileName(words[0]) == "dotnet" && words.Length > 1 ? words[1] : words[0];
        return Path.GetFileNameWithoutExtension(program) == "twonodehad";
    }

    private static void Send(int pid, int signal)
    {
        if (Kill(pid, signal) != 0)
        {
            throw new InvalidOperationException($"cannot signal process {pid}: errno {Marshal.GetLastPInvokeError()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
