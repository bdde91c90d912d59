namespace TwoNodeHa.Sim.Lab.Parts;

/// <summary>Files with a mode.</summary>
internal static class OwnersFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Program = (UnixFileMode)0b111_101_101;

    /// <summary>A file that only its owner may read.</summary>
    public static void Write(string path, string text) => Write(path, text, OwnerOnly);

    public static void WriteProgram(string path, string text) => Write(path, text, Program);

    private static void Write(string path, string text, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("a lab needs Linux");
        }

        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, mode);
    }
}
