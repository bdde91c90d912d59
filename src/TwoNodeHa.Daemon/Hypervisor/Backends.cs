using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Hypervisor;

/// <summary>
/// The programs of dom0 that hold disks open, read from /proc: tapdisk, the qemu of a domain, the storage garbage collector.
/// One may still write for a domain that is gone (A4). /proc answers at once where tap-ctl would wait for a tapdisk that hangs.
/// </summary>
internal sealed class Backends(string procfs = "/proc")
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(5);

    /// <summary>All that live now, ascending by pid. For whom they work is known of a qemu only.</summary>
    public ImmutableArray<BackendFact> Scan()
    {
        var found = ImmutableArray.CreateBuilder<BackendFact>();
        foreach (var pid in ProcFile.Pids(procfs))
        {
            if (ProcFile.Name(procfs, pid) is { } name && MayHoldDisks(name) && Read(pid) is { } backend)
            {
                found.Add(backend);
            }
        }

        found.Sort((left, right) => left.Pid.CompareTo(right.Pid));
        return found.ToImmutable();
    }

    /// <summary>
    /// SIGKILL to each, then waits until all are gone: the kernel lets a process go only when its submitted I/O is done. Those
    /// that are left at the deadline are given back.
    /// </summary>
    public async Task<ImmutableArray<BackendFact>> EndAsync(ImmutableArray<BackendFact> backends, TimeSpan deadline)
    {
        var end = Stopwatch.GetTimestamp() + (long)(deadline.TotalSeconds * Stopwatch.Frequency);
        foreach (var backend in backends)
        {
            Kill(backend);
        }

        while (true)
        {
            var left = backends.RemoveAll(backend => !Lives(backend));
            if (left.IsEmpty || Stopwatch.GetTimestamp() >= end)
            {
                return left;
            }

            await Task.Delay(Glance);
        }
    }

    private void Kill(BackendFact backend)
    {
        if (!Lives(backend))
        {
            return;
        }

        try
        {
            using var process = Process.GetProcessById(backend.Pid);
            process.Kill();
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // Gone meanwhile, or it cannot be killed: which of the two, the look after it tells.
        }
    }

    private bool Lives(BackendFact backend) => ProcessEntry.Read(procfs, backend.Pid) is { IsZombie: false } entry
        && entry.StartTicks == backend.StartTicks;

    /// <summary>Whether a second look is worth it; by <see cref="Read"/>, which decides.</summary>
    private static bool MayHoldDisks(string name) => name is "tapdisk" or "tapdisk2" or "vhd-util" or "cleanup.py"
        || name.StartsWith("qemu-", StringComparison.Ordinal) || name.StartsWith("python", StringComparison.Ordinal);

    private BackendFact? Read(int pid)
    {
        // Kernel threads and zombies have a name too; only a live process holds a disk.
        if (ProcessEntry.Read(procfs, pid) is not { IsZombie: false } entry)
        {
            return null;
        }

        var backend = new BackendFact(pid, BackendKind.Tapdisk) { StartTicks = entry.StartTicks };
        if (entry.Name is "tapdisk" or "tapdisk2")
        {
            return OpenImages.Of(procfs, backend);
        }

        if (entry.Name.StartsWith("qemu-", StringComparison.Ordinal))
        {
            return DomidOfQemu(entry.Arguments(procfs)) is { } domid
                ? backend with { Kind = BackendKind.DeviceModel, Owner = BackendOwner.Guest, Domid = domid }
                : ImageTools.Contains(entry.Name) ? OpenImages.Of(procfs, backend with { Kind = BackendKind.StorageCollector }) : null;
        }

        return entry.Name == "vhd-util" || (entry.Name.StartsWith("python", StringComparison.Ordinal) && IsCollector(entry.Arguments(procfs)))
            || entry.Name == "cleanup.py"
            ? backend with { Kind = BackendKind.StorageCollector }
            : null;
    }

    /// <summary>Programs of qemu that write images for no domain: the collector coalesces qcow2 by qemu-img. The kernel cuts a name after 15 characters.</summary>
    private static readonly string[] ImageTools = ["qemu-img", "qemu-nbd", "qemu-io", "qemu-dp", "qemu-storage-da"];

    private static bool IsCollector(string[] arguments) =>
        arguments.Any(argument => Path.GetFileName(argument) is "cleanup.py" or "cleanup");

    /// <summary>xenopsd names it qemu-dm-DOMID by its first argument; the program itself is told -xen-domid.</summary>
    private static int? DomidOfQemu(string[] arguments)
    {
        var text = arguments is [var name, ..] && name.StartsWith("qemu-dm-", StringComparison.Ordinal) ? name["qemu-dm-".Length..]
            : arguments.SkipWhile(argument => argument != "-xen-domid").ElementAtOrDefault(1);
        return int.TryParse(text, out var domid) && domid > 0 ? domid : null;
    }
}
