using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Machine;

/// <summary>Names below the directory that is the disk of one emulated host.</summary>
internal sealed record HostDirectory(string Root, string Shared)
{
    public string Bin => Path.Combine(Root, "bin");

    public string Domains => Path.Combine(Root, "domains");

    /// <summary>One file for each domain: its back-ends' part of xenstore, as `xenstore-ls -f` prints it.</summary>
    public string Xenstore => Path.Combine(Root, "xenstore");

    public string RefuseKill => Path.Combine(Root, "refuse-kill");

    /// <summary>One file for each strike: named STEP.before or STEP.after, content <c>daemon</c> or <c>host</c>.</summary>
    public string Strikes => Path.Combine(Root, "strikes");

    public string Locks => Path.Combine(Shared, "locks");

    public string XapiSocket => Path.Combine(Root, "xapi.sock");

    public string WatchdogSocket => Path.Combine(Root, "watchdog.sock");

    public string BmcSocket => Path.Combine(Root, "bmc.sock");

    public string Inventory => Path.Combine(Root, "xensource-inventory");

    public string ServiceFifo => Path.Combine(Root, "systemctl.fifo");

    public string ServiceAnswers => Path.Combine(Root, "systemctl.answers");

    public string NodeLog => Path.Combine(Root, "node.log");

    public string DaemonLog => Path.Combine(Root, "daemon.log");

    /// <summary>Creates what is missing and removes what a power loss left behind but a boot would not find.</summary>
    public void Prepare(HostDefinition host)
    {
        foreach (string directory in (string[])[Root, Bin, Domains, Xenstore, RefuseKill, Strikes, Shared, Locks, ServiceAnswers])
        {
            Directory.CreateDirectory(directory);
        }

        foreach (string stale in Directory.EnumerateFiles(Domains).Concat(Directory.EnumerateFiles(Xenstore)).Concat(Directory.EnumerateFiles(ServiceAnswers))
            .Concat(Directory.EnumerateFiles(RefuseKill)).Append(Path.Combine(Root, "init-complete.cookie")).Append(XapiSocket))
        {
            File.Delete(stale);
        }

        File.WriteAllText(Inventory, $"INSTALLATION_UUID='{host.Uuid}'\nPRODUCT_BRAND='Emulated'\n");
    }
}

/// <summary>The host's own disk as a directory. Files are replaced whole, as a journalled file system would keep them.</summary>
internal sealed class DirectoryDisk(string root) : IHostDisk
{
    public string? Read(string name)
    {
        string path = Path.Combine(root, name);
        return File.Exists(path) ? File.ReadAllText(path) : null;
    }

    public void Write(string name, string text)
    {
        string temporary = Path.Combine(root, name + ".new");
        File.WriteAllText(temporary, text);
        File.Move(temporary, Path.Combine(root, name), overwrite: true);
    }

    public void Delete(string name) => File.Delete(Path.Combine(root, name));
}

/// <summary>
/// Disk locks as files on the shared directory, one per VDI, content `host-uuid SR-uuid`. Taken with link(2), which fails
/// if the name exists; resetvdis.py removes them from outside.
/// </summary>
internal sealed class DirectoryStorage(string locks) : ISharedStorage
{
    private long _serial;

    /// <summary>This host's path to the storage; the other host has its own.</summary>
    public bool PathUp { get; set; } = true;

    public bool IsReachable(string hostUuid) => PathUp;

    public IReadOnlyList<VdiLock> Locks() => [.. Directory.EnumerateFiles(locks)
        .Where(path => !Path.GetFileName(path).StartsWith('.'))
        .Order(StringComparer.Ordinal).Select(Read).OfType<VdiLock>()];

    public VdiLock? TryLock(VdiLock wanted)
    {
        string path = Path.Combine(locks, wanted.VdiUuid);
        string temporary = Path.Combine(locks, $".{wanted.HostUuid}.{Environment.ProcessId}.{_serial++}");
        File.WriteAllText(temporary, $"{wanted.HostUuid} {wanted.SrUuid}\n");
        try
        {
            VdiLock? holder = null;
            for (int attempt = 0; attempt < 10; attempt++)
            {
                if (Native.Link(temporary, path) == 0)
                {
                    return null;
                }

                holder = Read(path);
                if (holder is not null)
                {
                    break;
                }
            }

            return holder?.HostUuid == wanted.HostUuid ? null : holder ?? wanted with { HostUuid = "unknown" };
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    public void Unlock(string vdiUuid, string hostUuid)
    {
        string path = Path.Combine(locks, vdiUuid);
        if (Read(path)?.HostUuid == hostUuid)
        {
            File.Delete(path);
        }
    }

    public int Reset(string hostUuid, string srUuid)
    {
        List<VdiLock> dropped = [.. Locks().Where(held => held.HostUuid == hostUuid && held.SrUuid == srUuid)];
        dropped.ForEach(held => File.Delete(Path.Combine(locks, held.VdiUuid)));
        return dropped.Count;
    }

    private static VdiLock? Read(string path)
    {
        try
        {
            string[] words = File.ReadAllText(path).Split(' ', StringSplitOptions.TrimEntries);
            return words.Length == 2 ? new VdiLock(Path.GetFileName(path), words[1], words[0]) : null;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}
