using System.Text;
using TwoNodeHa.Core.Config;

namespace TwoNodeHa.Ctl;

/// <summary>The configuration file of this host, read when a verb needs it.</summary>
internal static class LocalConfigFile
{
    /// <summary>Default of <c>--config</c>.</summary>
    public const string DefaultPath = "/etc/twonodeha/ha.conf";

    /// <summary>Text of the file, or null with the reason.</summary>
    public static string? Read(string path, out string trouble)
    {
        trouble = "";
        try
        {
            // A device or pipe given by mistake has no end; the parser's limit would come too late.
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
            var buffer = new byte[1024 * 1024];
            var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return Encoding.UTF8.GetString(buffer, 0, length);
        }
        catch (Exception failure) when (
            failure is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            trouble = failure switch
            {
                FileNotFoundException or DirectoryNotFoundException =>
                    "the file is not there: copy ha.conf.example to it, or name another one with --config",
                UnauthorizedAccessException => "this user may not read the file: run ha-ctl as root",
                _ => $"the file cannot be read: {failure.Message}",
            };
            return null;
        }
    }

    /// <summary>What the parser says; a file that cannot be read is a finding about the whole file.</summary>
    public static ConfigResult Parse(string path)
    {
        return Read(path, out var trouble) is { } text
            ? ConfigParser.Parse(path, text)
            : new ConfigResult(null, [new ConfigFinding(ConfigSeverity.Error, path, 0, "", trouble)]);
    }

    /// <summary>The control socket: as given, else as the file says, else the default.</summary>
    public static string ControlSocket(GlobalOptions options)
    {
        if (options.Socket is { } given)
        {
            return given;
        }

        return Read(options.ConfigFile, out _) is { } text
            ? ConfigParser.ControlSocketOf(text)
            : new PathsConfig().ControlSocket;
    }
}
