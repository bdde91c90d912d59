using TwoNodeHa.Core.Config;

namespace TwoNodeHa.Ctl.Remote;

/// <summary>Which of the two hosts of a configuration is not this one.</summary>
internal static class PeerHost
{
    /// <param name="options">Where the file is, for findings.</param>
    /// <param name="text">Its text.</param>
    /// <param name="trouble">Why there is no answer.</param>
    public static HostConfig? Of(GlobalOptions options, string text, out string trouble)
    {
        var parsed = ConfigParser.Parse(options.ConfigFile, text);
        if (parsed.Config is not { } config)
        {
            trouble = $"the configuration cannot be used: {parsed.Findings[0]}";
            return null;
        }

        var own = HostInspector.InstallationUuid(config.Paths.InventoryFile);
        var index = config.Hosts[0].Uuid == own ? 1 : config.Hosts[1].Uuid == own ? 0 : -1;
        trouble = index < 0 ? $"this host ({config.Paths.InventoryFile}) is neither {config.Hosts[0].Name} nor {config.Hosts[1].Name}" : "";
        return index < 0 ? null : config.Hosts[index];
    }
}
