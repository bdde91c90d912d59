using System.Globalization;

namespace TwoNodeHa.Daemon.Hypervisor;

/// <summary>What /proc/PID/stat tells (proc_pid_stat(5)).</summary>
/// <param name="Pid">Process id.</param>
/// <param name="Name">Name of the program, at most 15 bytes.</param>
/// <param name="IsZombie">All of it has ended and waits for its parent: it holds nothing any more.</param>
/// <param name="StartTicks">Clock ticks from boot to its start.</param>
internal sealed record ProcessEntry(int Pid, string Name, bool IsZombie, long StartTicks)
{
    private const int StateField = 0;
    private const int ThreadsField = 17;
    private const int StartField = 19;

    /// <summary>Null when there is no such process, or when it ended while it was looked at.</summary>
    public static ProcessEntry? Read(string procfs, int pid)
    {
        try
        {
            if (ProcFile.Read(procfs, pid, "stat") is not { } stat)
            {
                return null;
            }

            // The name may hold spaces and brackets; the last closing bracket ends it.
            var (open, close) = (stat.IndexOf('('), stat.LastIndexOf(')'));
            var fields = stat[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            return new ProcessEntry(
                pid, stat[(open + 1)..close], fields[StateField] is "Z" or "X" && !HasMoreThreads(fields),
                fields.Length > StartField ? long.Parse(fields[StartField], CultureInfo.InvariantCulture) : 0);
        }
        catch (Exception error) when (error is ArgumentOutOfRangeException or FormatException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    /// <summary>The first thread of a process may be a zombie while others of it still wait for their I/O.</summary>
    private static bool HasMoreThreads(string[] fields) =>
        fields.Length > ThreadsField && int.Parse(fields[ThreadsField], CultureInfo.InvariantCulture) > 1;

    /// <summary>The command line; empty when it cannot be read.</summary>
    public string[] Arguments(string procfs)
    {
        try
        {
            return File.ReadAllText(Path.Combine(procfs, Pid.ToString(CultureInfo.InvariantCulture), "cmdline"))
                .Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
