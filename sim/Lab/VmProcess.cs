using System.Text;

namespace TwoNodeHa.Sim.Lab;

/// <summary>
/// A process that stands for a running VM, <c>vm:NAME:UUID:LAB</c>, or for its disk back-end, <c>tapdisk:UUID:LAB</c>,
/// by its first argument.
/// </summary>
/// <param name="Pid">Process id.</param>
/// <param name="Name">Name of the VM; empty for a back-end.</param>
/// <param name="Uuid">Uuid of the VM.</param>
/// <param name="Host">Host on which it runs.</param>
internal sealed record VmProcess(int Pid, string Name, Guid Uuid, string Host)
{
    private const string VmPrefix = "vm";
    private const string BackendPrefix = "tapdisk";

    /// <summary>A disk back-end: it may still write for a VM that is gone.</summary>
    public bool IsBackend => Name.Length == 0;

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
        if (!TryParse(CommandLine(pid), lab, out string name, out Guid uuid))
        {
            return null;
        }

        string? space = NetworkNamespace(pid);
        return space is not null && hostOf.TryGetValue(space, out string? host)
            ? new VmProcess(pid, name, uuid, host)
            : null;
    }

    /// <summary>Reads the first argument; the name of a VM may contain colons, and is empty for a back-end.</summary>
    public static bool TryParse(ReadOnlySpan<byte> commandLine, string lab, out string name, out Guid uuid)
    {
        (name, uuid) = ("", Guid.Empty);
        if (!commandLine.StartsWith("vm:"u8) && !commandLine.StartsWith("tapdisk:"u8))
        {
            return false;
        }

        int end = commandLine.IndexOf((byte)0);
        string[] parts = Encoding.UTF8.GetString(end < 0 ? commandLine : commandLine[..end]).Split(':');
        name = string.Join(':', parts.Skip(1).SkipLast(2));
        return parts[^1] == lab
            && Guid.TryParse(parts[^2], out uuid)
            && (parts[0] == VmPrefix ? name.Length > 0 : parts[0] == BackendPrefix && name.Length == 0);
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
