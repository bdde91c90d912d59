namespace TwoNodeHa.Ctl;

/// <summary>Options that every verb has.</summary>
/// <param name="ConfigFile">Configuration file.</param>
/// <param name="Socket">Control socket; null: as the configuration says.</param>
/// <param name="Timeout">Longest time a verb may wait for an answer.</param>
/// <param name="Json">Print one JSON object per line instead of text.</param>
internal sealed record GlobalOptions(string ConfigFile, string? Socket, TimeSpan Timeout, bool Json);

/// <summary>Where a run writes, and how it waits; tests bring their own.</summary>
internal sealed record CtlContext(TextWriter Out, TextWriter Error)
{
    /// <summary>What the output is shown on.</summary>
    public Output.Screen Screen { get; init; } = Output.Screen.None;

    /// <summary>Who runs ha-ctl, for the daemon's event log; null when not told.</summary>
    public string? Who { get; init; }

    /// <summary>Wall clock.</summary>
    public TimeProvider Wall { get; init; } = TimeProvider.System;

    /// <summary>Where things are on this host.</summary>
    public HostPaths Paths { get; init; } = new();

    /// <summary>Standard input.</summary>
    public TextReader In { get; init; } = TextReader.Null;

    /// <summary>Programs of this host: ssh, modprobe, systemctl.</summary>
    public Remote.IPrograms Programs { get; init; } = new Remote.Programs();

    /// <summary>Rounds of <c>--watch</c> and <c>--follow</c>; both go on until the user ends them.</summary>
    public int RoundsMax { get; init; } = int.MaxValue;

    /// <summary>Pause between two rounds.</summary>
    public TimeSpan RoundPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Ends what waits or is under way, as Ctrl-C does.</summary>
    public CancellationToken Interrupted { get; init; }

    /// <summary>How long <c>init</c> waits until the daemons hear each other.</summary>
    public TimeSpan PairLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Pause between two looks while the other host's confirmation is waited for.</summary>
    public TimeSpan ConfirmPause { get; init; } = TimeSpan.FromMilliseconds(100);
}

/// <summary>Places of dom0 that <c>init</c> and <c>import-ha-lizard</c> look at before there is a configuration.</summary>
internal sealed record HostPaths
{
    public string Inventory { get; init; } = new Core.Config.PathsConfig().InventoryFile;

    public string XapiSocket { get; init; } = new Core.Config.PathsConfig().XapiSocket;

    public string KeyFile { get; init; } = new Core.Config.PathsConfig().KeyFile;

    public string Proc { get; init; } = "/proc";

    public string Watchdog { get; init; } = "/dev/watchdog";

    public string Firewall { get; init; } = "/opt/twonodeha/firewall";

    public string LizardFile { get; init; } = "/etc/ha-lizard/ha-lizard.conf";
}
