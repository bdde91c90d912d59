using System.Text;

namespace TwoNodeHa.Sim.Lab;

/// <summary>A process that stands for a running VM: its first argument is <c>vm:NAME:UUID:LAB</c>.</summary>
internal sealed record VmProcess(int Pid, string Name, Guid Uuid, string Host)
{
    private static readonly byte[] Prefix = "vm:"u8.ToArray();

    /// <summary>
    /// All VM processes of one lab, read from /proc of the machine. Neither the hosts' own bookkeeping nor any daemon is
    /// asked: the network namespace of the process says on which host it runs.
    /// </summary>
    /// <param name="lab">Id of the lab.</param>
    /// <param name="hostOf">Host by the text of <c>/proc/PID/ns/net</c>.</param>
    public static List<VmProcess> Scan(string lab, IReadOnlyDictionary<string, string> hostOf)
    {
        var found = new List<VmProcess>();
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory.AsSpan()), out int pid) && Read(pid, lab, hostOf) is { } vm)
            {
                found.Add(vm);
            }
        }

        return found;
    }

    /// <summary>The VM that a process is now; null when it is none, or is gone (a zombie has no command line).</summary>
    public static VmProcess? Read(int pid, string lab, IReadOnlyDictionary<string, string> hostOf)
    {
        byte[] commandLine = CommandLine(pid);
        if (!commandLine.AsSpan().StartsWith(Prefix) || !TryParse(commandLine, lab, out string name, out Guid uuid))
        {
            return null;
        }

        string? space = NetworkNamespace(pid);
        return space is not null && hostOf.TryGetValue(space, out string? host)
            ? new VmProcess(pid, name, uuid, host)
            : null;
    }

    /// <summary>Reads <c>vm:NAME:UUID:LAB</c>; the name may contain colons.</summary>
    public static bool TryParse(ReadOnlySpan<byte> commandLine, string lab, out string name, out Guid uuid)
    {
        (name, uuid) = ("", Guid.Empty);
        int end = commandLine.IndexOf((byte)0);
        string first = Encoding.UTF8.GetString(end < 0 ? commandLine : commandLine[..end]);
        int labAt = first.LastIndexOf(':');
        int uuidAt = labAt > 3 ? first.LastIndexOf(':', labAt - 1) : -1;
        if (uuidAt < 3 || first[(labAt + 1)..] != lab || !Guid.TryParse(first[(uuidAt + 1)..labAt], out uuid))
        {
            return false;
        }

        name = first[3..uuidAt];
        return true;
    }

    /// <summary>Text of <c>/proc/PID/ns/net</c>; null when the process is gone.</summary>
    public static string? NetworkNamespace(int pid)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/ns/net").LinkTarget;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Arguments of a process, each ended by a zero byte; empty when it is gone.</summary>
    public static byte[] CommandLine(int pid)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{pid}/cmdline");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
