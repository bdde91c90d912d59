using System.Diagnostics;

namespace TwoNodeHa.Core.Config;

/// <summary>One key that holds text: its name in the file, and how to read and set its property.</summary>
internal sealed record TextKey<T>(string Key, Func<T, string> Get, Func<T, string, T> Set);

/// <summary>
/// Names of all sections and keys: what the reader accepts, and from which it guesses what was meant.
/// </summary>
internal static class ConfigKeys
{
    public static readonly string[] Profiles = ["fast", "balanced", "patient"];

    public static readonly string[] Top = ["profile"];

    public static readonly string[] Host = ["uuid", "address"];

    public static readonly string[] Gateway = 
        ["addresses", "require", "probe_interval_seconds", "timeout_seconds", "yield_after_seconds"];

    public static readonly string[] Timing =
    [
        "heartbeat_interval_seconds", "losses_tolerated", "stall_tolerance_seconds", "kill_bound_seconds",
        "clock_drift_ppm", "margin_seconds", "stagger_tolerance_seconds", "takeover_delay_seconds",
        "fixed_watchdog_seconds",
    ];

    public static readonly string[] Policy =
    [
        "on_gateway_loss", "on_host_shutdown", "on_ambiguous", "lone_start", "fence_action", "boot_guard_wait_seconds", "master_return_seconds", "protect",
        "shrink_memory", "prefer_master",
        "start_attempts", "start_parallel", "start_ready_seconds", "failback", "fence_delay_seconds",
    ];

    public static readonly string[] Storage =
        ["probe", "probe_interval_seconds", "probe_timeout_seconds", "on_storage_loss", "reservation", "drbd"];

    public static readonly string[] Watchdog = ["device"];

    public static readonly string[] Alerts = ["xapi", "xapi_fields", "hook", "hook_from", "hook_timeout_seconds", "metrics_file", "otlp_endpoint", "otlp_ca_file", "otlp_interval_seconds"];

    public static readonly TextKey<PathsConfig>[] Paths =
    [
        new("key_file", p => p.KeyFile, (p, v) => p with { KeyFile = v }),
        new("state_directory", p => p.StateDirectory, (p, v) => p with { StateDirectory = v }),
        new("run_directory", p => p.RunDirectory, (p, v) => p with { RunDirectory = v }),
        new("control_socket", p => p.ControlSocket, (p, v) => p with { ControlSocket = v }),
        new("xapi_socket", p => p.XapiSocket, (p, v) => p with { XapiSocket = v }),
        new("pool_role_file", p => p.PoolRoleFile, (p, v) => p with { PoolRoleFile = v }),
        new("init_complete_cookie", p => p.InitCompleteCookie, (p, v) => p with { InitCompleteCookie = v }),
        new("inventory_file", p => p.InventoryFile, (p, v) => p with { InventoryFile = v }),
    ];

    public static readonly TextKey<ToolsConfig>[] Tools =
    [
        new("list_domains", t => t.ListDomains, (t, v) => t with { ListDomains = v }),
        new("destroy_domain", t => t.DestroyDomain, (t, v) => t with { DestroyDomain = v }),
        new("list_backends", t => t.ListBackends, (t, v) => t with { ListBackends = v }),
        new("kill_toolstack", t => t.KillToolstack, (t, v) => t with { KillToolstack = v }),
        new("stop_toolstack", t => t.StopToolstack, (t, v) => t with { StopToolstack = v }),
        new("start_toolstack", t => t.StartToolstack, (t, v) => t with { StartToolstack = v }),
        new("release_locks", t => t.ReleaseLocks, (t, v) => t with { ReleaseLocks = v }),
        new("reservations", t => t.Reservations, (t, v) => t with { Reservations = v }),
        new("drbd", t => t.Drbd, (t, v) => t with { Drbd = v }),
        new("block_peer", t => t.BlockPeer, (t, v) => t with { BlockPeer = v }),
        new("hypervisor_fence", t => t.HypervisorFence, (t, v) => t with { HypervisorFence = v }),
        new("reset_host", t => t.ResetHost, (t, v) => t with { ResetHost = v }),
        new("power_off_host", t => t.PowerOffHost, (t, v) => t with { PowerOffHost = v }),
    ];

    public static readonly string[] Arbiter =
        ["endpoints", "ca_file", "certificate_file", "key_file", "user", "password_file", "prefix", "lease_seconds"];

    private static readonly string[] s_ipmi = ["host", "agent", "address", "user", "password_file", "cipher", "timeout_seconds"];
    private static readonly string[] s_redfish = ["host", "agent", "address", "user", "password_file", "ca_file", "timeout_seconds"];
    private static readonly string[] s_program = ["host", "agent", "user", "password_file", "parameters", "timeout_seconds"];

    /// <summary>The keys of a <c>[fence NAME]</c> section, by what its agent is.</summary>
    public static string[] OfFence(FenceKind kind) => kind switch
    {
        FenceKind.Ipmi => s_ipmi,
        FenceKind.Redfish => s_redfish,
        FenceKind.Program => s_program,
        _ => throw new UnreachableException($"{kind} has no keys here"),
    };

    /// <summary>Sections without a name of their own, with their keys.</summary>
    public static readonly (string Section, string[] Keys)[] Plain =
    [
        ("", Top), ("gateway", Gateway), ("timing", Timing), ("policy", Policy), ("storage", Storage),
        ("watchdog", Watchdog), ("alerts", Alerts), ("paths", Names(Paths)), ("tools", Names(Tools)),
    ];

    /// <summary>The keys of a plain section; null when there is no such section.</summary>
    public static string[]? OfPlain(string section)
    {
        foreach (var (name, keys) in Plain)
        {
            if (name == section)
            {
                return keys;
            }
        }

        return null;
    }

    /// <summary>The section a key belongs to, as it is written in the file; null when no section has it.</summary>
    public static string? SectionOf(string key)
    {
        foreach (var (name, keys) in Plain)
        {
            if (Array.IndexOf(keys, key) >= 0)
            {
                return name.Length == 0 ? "the top of the file, before the first section" : $"[{name}]";
            }
        }

        return Array.IndexOf(Host, key) >= 0 ? "[host NAME]" : null;
    }

    private static string[] Names<T>(TextKey<T>[] keys)
    {
        var names = new string[keys.Length];
        for (var index = 0; index < keys.Length; index++)
        {
            names[index] = keys[index].Key;
        }

        return names;
    }
}
