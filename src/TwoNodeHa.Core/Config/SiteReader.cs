using System.Text;

namespace TwoNodeHa.Core.Config;

/// <summary>Reads what a site chooses: <c>[policy]</c>, <c>[watchdog]</c>, <c>[paths]</c> and <c>[tools]</c>.</summary>
internal sealed class SiteReader(IniDocument document, FindingList findings)
{
    // sockaddr_un holds 108 bytes with the closing zero.
    private const int SocketPathBytesMax = 107;

    public PolicyConfig ReadPolicy()
    {
        var reader = Section("policy");
        var standard = new PolicyConfig();
        var policy = new PolicyConfig
        {
            OnHostShutdown = reader.Word(
                "on_host_shutdown", standard.OnHostShutdown, ("failover", OnHostShutdown.Failover), ("wait", OnHostShutdown.Wait)),
            OnGatewayLoss = reader.Word(
                "on_gateway_loss", standard.OnGatewayLoss, ("yield", OnGatewayLoss.Yield), ("stay", OnGatewayLoss.Stay)),
            OnAmbiguous = reader.Word(
                "on_ambiguous", standard.OnAmbiguous, ("hold", OnAmbiguous.Hold), ("takeover", OnAmbiguous.Takeover)),
            LoneStart = reader.Word(
                "lone_start", standard.LoneStart, ("takeover", LoneStart.Takeover), ("hold", LoneStart.Hold)),
            FenceAction = reader.Word(
                "fence_action",
                standard.FenceAction,
                ("kill", FenceAction.Kill),
                ("reboot", FenceAction.Reboot),
                ("poweroff", FenceAction.PowerOff)),
            BootGuardWait = reader.Seconds("boot_guard_wait_seconds", standard.BootGuardWait, 8, 600),
            MasterReturn = reader.Seconds("master_return_seconds", standard.MasterReturn, 0, 3600),
            Protect = reader.Word("protect", standard.Protect, ("all", ProtectMode.All), ("marked", ProtectMode.Marked)),
            ShrinkMemory = reader.Word("shrink_memory", standard.ShrinkMemory, ("yes", true), ("no", false)),
            PreferMaster = reader.Word(
                "prefer_master", standard.PreferMaster, ("none", PreferMaster.None), ("emptier", PreferMaster.Emptier)),
            StartAttempts = reader.Number("start_attempts", standard.StartAttempts, 1, 20),
            StartParallel = reader.Number("start_parallel", standard.StartParallel, 1, 50),
            FenceDelay = reader.Seconds("fence_delay_seconds", standard.FenceDelay, 0, 60),
            Failback = reader.Word("failback", standard.Failback, ("manual", Failback.Manual), ("auto", Failback.Auto)),
            StartReady = reader.Seconds("start_ready_seconds", standard.StartReady, 0, 600),
        };
        WarnAboutAmbiguity(reader, policy);
        return policy;
    }

    public WatchdogConfig ReadWatchdog()
    {
        var reader = Section("watchdog");
        switch (reader.Text("device"))
        {
            case null:
                return new WatchdogConfig(WatchdogKind.Device, "/dev/watchdog");
            case "none":
                reader.Warning("device", "without a watchdog a host that hangs is not reset, and its VMs may run "
                    + "twice: write a device where there is one");
                return new WatchdogConfig(WatchdogKind.None, "");
            case var text when text.StartsWith("socket:", StringComparison.Ordinal):
                return new WatchdogConfig(WatchdogKind.Socket, SocketPath(reader, "device", text["socket:".Length..]));
            case var text:
                if (!text.StartsWith('/'))
                {
                    reader.Error("device", $"\"{text}\" is not a watchdog: write a device like /dev/watchdog, "
                        + "socket:/path, or none");
                }

                return new WatchdogConfig(WatchdogKind.Device, text);
        }
    }

    public PathsConfig ReadPaths()
    {
        var reader = Section("paths");
        var paths = new PathsConfig();
        foreach (var key in ConfigKeys.Paths)
        {
            if (reader.Text(key.Key) is not { } text)
            {
                continue;
            }

            if (!text.StartsWith('/') || text.EndsWith('/'))
            {
                reader.Error(key.Key, $"\"{text}\" is not an absolute path: write one like {key.Get(paths)}, "
                    + "without a slash at its end");
                continue;
            }

            var isSocket = key.Key.EndsWith("_socket", StringComparison.Ordinal);
            paths = key.Set(paths, isSocket ? SocketPath(reader, key.Key, text) : text);
        }

        CheckDirectories(reader, paths);
        return paths;
    }

    public ToolsConfig ReadTools()
    {
        var reader = Section("tools");
        var tools = new ToolsConfig();
        var standard = new ToolsConfig();
        foreach (var key in ConfigKeys.Tools)
        {
            // A tool that is optional by default may be written as empty; the others have nothing to fall back to.
            var optional = key.Get(standard).Length == 0;
            if (reader.Text(key.Key, emptyAllowed: optional) is not { } text)
            {
                continue;
            }

            if (text.Length > 0 && !text.StartsWith('/'))
            {
                reader.Error(key.Key, $"\"{text}\" does not start with a path: write the command with its absolute "
                    + "path, like /usr/sbin/xl destroy");
                continue;
            }

            tools = key.Set(tools, text);
        }

        return tools;
    }

    private SectionReader Section(string name) => new(document.Find(name), findings);

    private static void WarnAboutAmbiguity(SectionReader reader, PolicyConfig policy)
    {
        if (policy.OnAmbiguous != OnAmbiguous.Takeover)
        {
            return;
        }

        reader.Warning("on_ambiguous", "not safe: a peer that still answers may still write to its disks; write hold");
        if (policy.LoneStart == LoneStart.Hold)
        {
            reader.Warning(
                "lone_start", "on_ambiguous = takeover undoes this hold: a peer that was never heard is ambiguous; "
                    + "write on_ambiguous = hold");
        }
    }

    private static string SocketPath(SectionReader reader, string key, string path)
    {
        if (!path.StartsWith('/'))
        {
            reader.Error(key, $"\"{path}\" is not an absolute path: write one like /run/twonodeha/control.sock");
        }
        else if (Encoding.UTF8.GetByteCount(path) > SocketPathBytesMax)
        {
            reader.Error(key, $"the path is longer than the {SocketPathBytesMax} bytes that a unix socket can have: "
                + "write a shorter one");
        }

        return path;
    }

    private static void CheckDirectories(SectionReader reader, PathsConfig paths)
    {
        if (paths.StateDirectory == paths.RunDirectory)
        {
            reader.Error(
                "run_directory",
                "is the state directory too: a lease record must not survive a reboot and the state must; write a "
                    + "directory below /run");
        }

        if (paths.StateDirectory.StartsWith("/run/", StringComparison.Ordinal)
            || paths.StateDirectory.StartsWith("/var/run/", StringComparison.Ordinal)
            || paths.StateDirectory.StartsWith("/dev/shm/", StringComparison.Ordinal))
        {
            reader.Error("state_directory", $"{paths.StateDirectory} is lost at a reboot: write a directory on a "
                + "disk, like /var/lib/twonodeha");
        }
    }
}
