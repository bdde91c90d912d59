namespace TwoNodeHa.Ctl;

/// <summary>Whether the hook and the file of metrics of <c>[alerts]</c> can be used. Nothing is run or written.</summary>
internal static class AlertPaths
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Why a hook cannot be run as root; empty when it can, or when there is none.</summary>
    public static string OfHook(string path)
    {
        var file = new FileInfo(path.Length > 0 ? path : "/");
        return path.Length == 0 ? "" : Directory.Exists(path) ? "is a directory" : !file.Exists ? "is not there"
            : (file.UnixFileMode & Executable) == UnixFileMode.None ? "is not executable"
            : (file.UnixFileMode & UnixFileMode.OtherWrite) != UnixFileMode.None ? "can be written by anyone, and would run as root" : "";
    }

    /// <summary>Why a file of metrics cannot be written; empty when it can, or when there is none.</summary>
    public static string OfMetrics(string path) => path.Length == 0 ? ""
        : Directory.Exists(path) ? "is a directory"
        : !Directory.Exists(Path.GetDirectoryName(path)) ? $"the directory {Path.GetDirectoryName(path)} is not there" : "";
}
