namespace TwoNodeHa.Core.Config;

/// <summary>Commands of dom0 that the daemon runs; the first word is a path, the others are arguments.</summary>
public sealed record ToolsConfig
{
    /// <summary>Lists the domains by hypercall.</summary>
    public string ListDomains { get; init; } = "/usr/bin/list_domains";

    /// <summary>Destroys a domain directly; the domid is appended.</summary>
    public string DestroyDomain { get; init; } = "/usr/sbin/xl destroy";

    /// <summary>Prints the back-ends' part of xenstore, one <c>PATH = "VALUE"</c> a line. Empty: nothing tells for whom a tapdisk works.</summary>
    public string ListBackends { get; init; } = "/usr/bin/xenstore-ls -f /local/domain/0/backend";

    /// <summary>
    /// Stops the toolstack at once, without its orderly shutdown. The domain builder is a service of its own (xenopsd-xc) and
    /// would finish a domain after xapi is dead: it goes too.
    /// </summary>
    public string KillToolstack { get; init; } = "/usr/bin/systemctl kill -s KILL xapi xenopsd-xc";

    /// <summary>Stops the toolstack's units.</summary>
    public string StopToolstack { get; init; } = "/usr/bin/systemctl stop xapi xenopsd-xc";

    /// <summary>Starts the toolstack's units.</summary>
    public string StartToolstack { get; init; } = "/usr/bin/systemctl start xenopsd-xc xapi";

    /// <summary>Releases storage locks; host uuid, SR uuid and, for the old master, <c>master</c> are appended.</summary>
    public string ReleaseLocks { get; init; } = "/opt/xensource/sm/resetvdis.py";

    /// <summary>Reads and changes persistent reservations; used only with <c>reservation</c> in [storage].</summary>
    public string Reservations { get; init; } = "/usr/bin/sg_persist";

    /// <summary>Tells the state of DRBD (9 or later); used only with <c>drbd</c> in [storage].</summary>
    public string Drbd { get; init; } = "/usr/sbin/drbdsetup";

    /// <summary>Rejects TCP to an address; <c>add|delete ADDRESS</c> is appended. Empty: not used.</summary>
    public string BlockPeer { get; init; } = "";

    /// <summary>
    /// Resets the host from below dom0: the toolstack's own last resort, which lets the hypervisor's watchdog expire at once.
    /// First rung of a reset; one that is missing or fails is passed over. Empty: not used.
    /// </summary>
    public string HypervisorFence { get; init; } = "/usr/libexec/xapi/fence.bin yesreally";

    /// <summary>Resets the host at once, in place of all rungs; empty: <see cref="HypervisorFence"/>, sysrq <c>b</c>, reboot(2).</summary>
    public string ResetHost { get; init; } = "";

    /// <summary>Powers the host off at once; empty: sysrq <c>o</c>.</summary>
    public string PowerOffHost { get; init; } = "";
}
