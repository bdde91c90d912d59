namespace TwoNodeHa.Daemon.ThirdParty;

/// <summary>A file with one secret in its first line, which only its owner may read.</summary>
internal static class SecretFile
{
    private const int BytesMax = 1024;

    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>The secret; read anew each time, so that a changed password needs no restart.</summary>
    /// <exception cref="ThirdPartyException">It cannot be read, is empty, or others may read it. The message never holds it.</exception>
    public static string Read(string path)
    {
        Check(path);
        try
        {
            var line = File.ReadLines(path).FirstOrDefault() ?? "";
            return line.Length > 0 ? line : throw new ThirdPartyException($"{path} is empty: write the password into its first line");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ThirdPartyException($"{path} cannot be read: {error.Message}");
        }
    }

    /// <summary>The same without reading it, for a tool that reads it itself.</summary>
    public static void Check(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            throw new ThirdPartyException($"{path} is not there: write the secret into it, then chmod 600 {path}");
        }

        if (file.Length > BytesMax * 16 || (file.UnixFileMode & Others) != UnixFileMode.None)
        {
            throw new ThirdPartyException((file.UnixFileMode & Others) != UnixFileMode.None
                ? $"others may read or change {path}: run chmod 600 {path}" : $"{path} is too long for a secret");
        }
    }
}

/// <summary>What is wrong with a third party, as a sentence for the operator. No message holds a secret.</summary>
internal sealed class ThirdPartyException(string message) : Exception(message);
