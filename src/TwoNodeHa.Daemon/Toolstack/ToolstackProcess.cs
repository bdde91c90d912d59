using System.Globalization;

namespace TwoNodeHa.Daemon.Toolstack;

/// <summary>
/// Looks for xapi's process in <c>/proc</c>. It opens its socket only after its database is loaded, which on a slow disk takes
/// minutes: until then the process is all that shows that a start-up goes on.
/// </summary>
internal static class ToolstackProcess
{
    /// <summary>Name of the process, as the kernel shows it.</summary>
    private const string Name = "xapi";

    /// <summary>A process of that name lives. False where <c>/proc</c> cannot be read.</summary>
    public static bool IsAlive()
    {
        try
        {
            foreach (var directory in Directory.EnumerateDirectories("/proc"))
            {
                if (int.TryParse(Path.GetFileName(directory.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out _)
                    && NameOf(directory) == Name)
                {
                    return true;
                }
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }

        return false;
    }

    private static string NameOf(string directory)
    {
        try
        {
            return File.ReadAllText(Path.Combine(directory, "comm")).TrimEnd('\n');
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It ended while we looked.
            return "";
        }
    }
}
