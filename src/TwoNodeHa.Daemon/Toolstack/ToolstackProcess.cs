using TwoNodeHa.Daemon.Hypervisor;

namespace TwoNodeHa.Daemon.Toolstack;

/// <summary>
/// Looks for xapi's process in <c>/proc</c>. It opens its socket only after its database is loaded, which on a slow disk takes
/// minutes: until then the process is all that shows that a start-up goes on.
/// </summary>
internal static class ToolstackProcess
{
    /// <summary>Name of the process, as the kernel shows it.</summary>
    private const string Name = "xapi";
    private const string Procfs = "/proc";

    /// <summary>A process of that name lives. False where <c>/proc</c> cannot be read.</summary>
    public static bool IsAlive()
    {
        try
        {
            return ProcFile.Pids(Procfs).Any(static pid => ProcFile.Name(Procfs, pid) == Name);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
