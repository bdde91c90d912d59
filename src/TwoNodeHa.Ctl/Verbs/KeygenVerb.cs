using System.Security.Cryptography;
using System.Text;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary><c>keygen</c>: makes the shared key of the two daemons.</summary>
internal static class KeygenVerb
{
    private const int KeyBytes = 32;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static int Run(CtlContext context, GlobalOptions options, string? file, bool force)
    {
        var path = file ?? LocalConfigFile.Parse(options.ConfigFile).Config?.Paths.KeyFile ?? new PathsConfig().KeyFile;
        var report = Write(path, force);
        return Printer.Print(context, options.Json, report);
    }

    private static CtlReport Write(string path, bool force)
    {
        if (!force && File.Exists(path))
        {
            return Report(
                ExitCode.Refused,
                $"{path} is there already: a new key separates the hosts until both have it; use --force to "
                    + "replace it");
        }

        try
        {
            WriteAtomically(path, force);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Report(ExitCode.LocalFailure, $"{path} cannot be written: {failure.Message}");
        }

        return Report(
            ExitCode.Ok,
            $"A new key is in {path} (mode 0600). Copy the same file to the other host, for example: scp -p {path} "
                + $"root@PEER:{path}");
    }

    /// <summary>
    /// A reader sees the old key or the new one, never a part; hex, so that it survives copying by hand.
    /// </summary>
    private static void WriteAtomically(string path, bool force)
    {
        var text = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes)) + "\n");
        var temporary = $"{path}.new.{Environment.ProcessId}";
        var creation = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = Private,
        };
        try
        {
            using (var stream = new FileStream(temporary, creation))
            {
                stream.Write(text);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: force);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static CtlReport Report(int exitCode, string text) =>
        new() { Verb = "keygen", ExitCode = exitCode, Text = text };
}
