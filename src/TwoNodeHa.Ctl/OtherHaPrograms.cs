using System.Collections.Immutable;

namespace TwoNodeHa.Ctl;

/// <summary>Programs of HA-Lizard and of what belongs to it that run on this host.</summary>
internal static class OtherHaPrograms
{
    private static readonly string[] s_known =
        ["ha-lizard.sh", "ha-lizard.mon", "ha-lizard-watchdog", "iscsi-ha.sh", "iscsi-ha.mon", "iscsi-ha-watchdog"];

    /// <summary>Their names, without repetition. A process that ends meanwhile is none.</summary>
    public static ImmutableArray<string> Running(string proc)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        if (!Directory.Exists(proc))
        {
            return [];
        }

        foreach (var directory in Directory.EnumerateDirectories(proc))
        {
            if (char.IsAsciiDigit(Path.GetFileName(directory)[0]) && Program(Path.Combine(directory, "cmdline")) is { } program)
            {
                found.Add(program);
            }
        }

        return [.. found];
    }

    /// <summary>The program itself, or the script that a shell runs: an editor that has the file open is neither.</summary>
    private static string? Program(string cmdline)
    {
        try
        {
            return File.ReadAllText(cmdline).Split('\0').Take(2).Select(Path.GetFileName).FirstOrDefault(name => s_known.Contains(name));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
