namespace TwoNodeHa.Core.Config;

/// <summary>Where things are. Defaults are those of XenServer 8 / XCP-ng 8 dom0.</summary>
public sealed record PathsConfig
{
    /// <summary>The shared key, mode 0600, at least 32 bytes.</summary>
    public string KeyFile { get; init; } = "/etc/twonodeha/key";

    /// <summary>Directory of the durable state; survives reboots.</summary>
    public string StateDirectory { get; init; } = "/var/lib/twonodeha";

    /// <summary>
    /// Name of the file beside the configuration that says that HA was enabled on a host once: without a state it makes that a lost one. It has the
    /// host's uuid, so that a copied directory says nothing of the other host.
    /// </summary>
    public static string EnabledMark(Guid host) => $"enabled-{host}";

    /// <summary>Content of that file, for who finds it.</summary>
    public const string EnabledMarkText = "HA was enabled on this host. Remove it with the state directory to start over.\n";

    /// <summary>Directory of the lease record; must not survive a reboot (tmpfs).</summary>
    public string RunDirectory { get; init; } = "/run/twonodeha";

    /// <summary>Control socket of the daemon.</summary>
    public string ControlSocket { get; init; } = "/run/twonodeha/control.sock";

    /// <summary>XAPI's local unix socket (constants.ml).</summary>
    public string XapiSocket { get; init; } = "/var/lib/xcp/xapi";

    /// <summary>XAPI's role file (pool_role.ml).</summary>
    public string PoolRoleFile { get; init; } = "/etc/xensource/pool.conf";

    /// <summary>Ready file of the toolstack, touched as its last start-up step.</summary>
    public string InitCompleteCookie { get; init; } = "/var/run/xapi_init_complete.cookie";

    /// <summary>Inventory file that holds INSTALLATION_UUID.</summary>
    public string InventoryFile { get; init; } = "/etc/xensource-inventory";
}
