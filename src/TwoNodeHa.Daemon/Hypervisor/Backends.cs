namespace TwoNodeHa.Daemon.Hypervisor;

/// <summary>
/// Disk back-ends in dom0 (tapdisk). One may still write for a domain that is gone (A4). Those that dom0 holds for itself,
/// for disks attached to dom0, are named by the admin's choice of their process, not guessed: a back-end that never ends
/// makes the fence end in a reset, which is the safe side.
/// </summary>
internal sealed class Backends(string procfs = "/proc")
{
    public int CountOpen()
    {
        var count = 0;
        foreach (var directory in Directory.EnumerateDirectories(procfs))
        {
            var name = Path.GetFileName(directory.AsSpan());
            if (name.Length > 0 && char.IsAsciiDigit(name[0]) && IsBackend(directory))
            {
                count++;
            }
        }

        return count;
    }

    private static bool IsBackend(string directory)
    {
        try
        {
            // Kernel threads and zombies have a name too; only a live tapdisk holds a disk.
            return File.ReadAllText(Path.Combine(directory, "comm")).Trim() is "tapdisk" or "tapdisk2"
                && !File.ReadAllText(Path.Combine(directory, "stat")).Contains(") Z ", StringComparison.Ordinal);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It ended while it was looked at.
            return false;
        }
    }
}
