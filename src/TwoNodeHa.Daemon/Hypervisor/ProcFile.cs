using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace TwoNodeHa.Daemon.Hypervisor;

/// <summary>
/// Processes as /proc shows them. A look at all of them comes with every list of the domains, every two seconds over hundreds of
/// processes: it costs open, read and close of each and no more. .NET's own handle, whatever sharing it is asked for, would take and
/// release a file lock and ask for the kind of the file as well.
/// </summary>
internal static partial class ProcFile
{
    /// <summary>Longer than any <c>comm</c> (16 bytes, TASK_COMM_LEN) and than any <c>stat</c>.</summary>
    private const int Room = 1024;

    /// <summary>O_RDONLY, O_CLOEXEC: a tool that is started at this moment does not inherit it.</summary>
    private const int CloseOnExec = 0x80000;

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
        var descriptor = Open(string.Create(CultureInfo.InvariantCulture, $"{procfs}/{pid}/{file}"), CloseOnExec);
        if (descriptor < 0)
        {
            return null;
        }

        Span<byte> text = stackalloc byte[Room];
        var length = Read(descriptor, text, Room);
        _ = Close(descriptor);

        // Negative: it ended while we looked.
        return length < 0 ? null : Encoding.UTF8.GetString(text[..(int)length]);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(int descriptor, Span<byte> text, nint room);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
