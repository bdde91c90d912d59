using System.Reflection;
using TwoNodeHa.Core.Config;

namespace TwoNodeHa.Daemon.Host;

/// <summary>What the command line and the files say, checked before anything is touched.</summary>
internal sealed record Startup(LocalConfig Config, byte[] Key, string ConfigFile)
{
    /// <summary>Text of the configuration, as it was read.</summary>
    public string Text { get; init; } = "";

    /// <summary>EX_CONFIG of sysexits(3): restarting will not help.</summary>
    public const int ExitConfig = 78;

    /// <summary>EX_SOFTWARE of sysexits(3): a bug.</summary>
    public const int ExitSoftware = 70;

    /// <summary>EX_USAGE of sysexits(3).</summary>
    public const int ExitUsage = 64;

    private const int KeyBytesMin = 32;

    public static string Version { get; } =
        typeof(Startup).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Reads and checks everything; findings go to <paramref name="error"/>, all of them at once.</summary>
    /// <returns>The start-up, or null after findings that forbid it.</returns>
    public static Startup? Load(string file, string? self, TextWriter error)
    {
        string text;
        try
        {
            text = File.ReadAllText(file);
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"{file}: cannot be read: {trouble.Message}. Copy ha.conf.example there and edit it.");
            return null;
        }

        var result = ConfigParser.Parse(file, text);
        foreach (var finding in result.Findings)
        {
            error.WriteLine(finding);
        }

        if (result.Config is not { } config)
        {
            return null;
        }

        var index = SelfIndex(config, self, error);
        var key = ReadKey(config.Paths.KeyFile, error);
        return index is { } at && key is not null ? new Startup(new LocalConfig(config, at), key, file) { Text = text } : null;
    }

    private static int? SelfIndex(HaConfig config, string? self, TextWriter error)
    {
        if (self is not null)
        {
            var named = config.Hosts.ToList().FindIndex(host => host.Name == self);
            if (named < 0)
            {
                error.WriteLine($"--self {self}: no such host; the configuration has {config.Hosts[0].Name} and {config.Hosts[1].Name}.");
            }

            return named < 0 ? null : named;
        }

        try
        {
            var line = File.ReadLines(config.Paths.InventoryFile)
                .FirstOrDefault(text => text.StartsWith("INSTALLATION_UUID=", StringComparison.Ordinal)) ?? "";
            var uuid = line[(line.IndexOf('=') + 1)..].Trim('\'', '"', ' ');
            var found = config.Hosts.ToList().FindIndex(host => host.Uuid.ToString() == uuid);
            if (found >= 0)
            {
                return found;
            }

            error.WriteLine($"{config.Paths.InventoryFile}: INSTALLATION_UUID '{uuid}' is not the uuid of "
                + $"{config.Hosts[0].Name} or {config.Hosts[1].Name}; correct 'uuid' in the [host] sections (xe host-list).");
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"{config.Paths.InventoryFile}: {trouble.Message}; name this host with --self.");
        }

        return null;
    }

    private static byte[]? ReadKey(string file, TextWriter error)
    {
        try
        {
            var mode = File.GetUnixFileMode(file);
            const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
                | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
            if ((mode & Others) != UnixFileMode.None)
            {
                error.WriteLine($"{file}: others may read or write the key; run: chmod 600 {file}");
                return null;
            }

            var key = File.ReadAllBytes(file);
            if (key.Length >= KeyBytesMin)
            {
                return key;
            }

            error.WriteLine($"{file}: {key.Length} bytes are too few for a key, at least {KeyBytesMin}; make one with: ha-ctl keygen");
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"{file}: {trouble.Message} Make a key with: ha-ctl keygen, and copy it to the other host.");
        }

        return null;
    }
}
