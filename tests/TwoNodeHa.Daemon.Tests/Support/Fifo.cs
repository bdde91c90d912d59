using System.Diagnostics;

namespace TwoNodeHa.Daemon.Tests.Support;

/// <summary>A pipe with a name: to open it for reading hangs in the kernel until a writer comes, as dead storage does.</summary>
internal static class Fifo
{
    public static string At(string path)
    {
        using var process = Process.Start("mkfifo", path);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return path;
    }

    /// <summary>Lets whoever hangs on it go, for as long as it is held: opened both ways, both ends are there.</summary>
    public static IDisposable Released(string path) => new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
}
