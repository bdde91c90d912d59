using System.Globalization;
using System.Text;

namespace TwoNodeHa.Daemon.Hypervisor;

/// <summary>
/// Processes as /proc shows them. A look at all of them comes with every list of the domains, so it costs two system calls and no
/// lock a process: <see cref="File.ReadAllText(string)"/> would take and release a file lock and ask for the length as well.
/// </summary>
internal static class ProcFile
{
    /// <summary>Longer than any <c>comm</c> (16 bytes, TASK_COMM_LEN) and than any <c>stat</c>.</summary>
    private const int Room = 1024;

    /// <summary>The ids of all processes, in no order.</summary>
    /// <exception cref="IOException"><paramref name="procfs"/> cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException"><paramref name="procfs"/> cannot be read.</exception>
    public static IEnumerable<int> Pids(string procfs)
    {
        foreach (var directory in Directory.EnumerateDirectories(procfs))
        {
            if (int.TryParse(Path.GetFileName(directory.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && pid > 0)
            {
                yield return pid;
            }
        }
    }

    /// <summary>Name of the program, at most 15 bytes; null when there is no such process any more.</summary>
    public static string? Name(string procfs, int pid) => Read(procfs, pid, "comm")?.TrimEnd('\n');

    /// <summary>The first 1,024 bytes of a file of a process; null when it cannot be read.</summary>
    public static string? Read(string procfs, int pid, string file)
    {
        try
        {
            using var handle = File.OpenHandle(
                Path.Combine(procfs, pid.ToString(CultureInfo.InvariantCulture), file), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            Span<byte> text = stackalloc byte[Room];
            return Encoding.UTF8.GetString(text[..RandomAccess.Read(handle, text, 0)]);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It ended while we looked.
            return null;
        }
    }
}
