using System.Collections.Immutable;

namespace TwoNodeHa.Core.Model;

/// <summary>What the hypervisor's flags of a domain say (xc_domaininfo: dying, shutdown, paused, blocked, running).</summary>
public enum DomainState
{
    /// <summary>Running or blocked: the guest executes. Also whatever is not understood: a domain counts as running until it is known not to.</summary>
    Running = 0,

    /// <summary>Paused: it executes nothing, and may be unpaused at any moment.</summary>
    Paused = 1,

    /// <summary>Shut down: power-off, reboot, suspend or crash; it waits for the toolstack.</summary>
    Shutdown = 2,

    /// <summary>Being destroyed; it still holds memory and devices.</summary>
    Dying = 3,
}

/// <summary>Which part in a VM's life a domain has, by its handle (xenopsd, migration and destruction).</summary>
public enum DomainPart
{
    /// <summary>The VM itself: the handle is the VM's uuid, or nothing else is known of it.</summary>
    Whole = 0,

    /// <summary>Target of a migration under way: the handle ends with 000000000001.</summary>
    Incoming = 1,

    /// <summary>Source of a migration behind the switch: the handle ends with 000000000000.</summary>
    Outgoing = 2,

    /// <summary>xenopsd destroys it: the handle is deadbeef-dead-beef-dead-beef0000 and the domid.</summary>
    Ending = 3,
}

/// <summary>A guest domain by the hypervisor's own list.</summary>
/// <param name="Domid">Domain id, above 0.</param>
/// <param name="Vm">The domain's handle as the adapter reads it; <see cref="DomainHandle"/> puts the VM's uuid in its place.</param>
public sealed record DomainFact(int Domid, Guid Vm)
{
    /// <summary>The hypervisor's flags.</summary>
    public DomainState State { get; init; }

    /// <summary>Its part in the VM's life.</summary>
    public DomainPart Part { get; init; }

    /// <summary>
    /// Memory and devices without a running guest: an incoming migration before the switch, an outgoing one behind it, a
    /// domain that is being destroyed. It counts as a domain, but the VM does not run by it. A paused VM is no shell.
    /// </summary>
    public bool IsShell => Part != DomainPart.Whole && State != DomainState.Running;
}

/// <summary>Kinds of programs of dom0 that write for a VM, or to shared storage.</summary>
public enum BackendKind
{
    /// <summary>tapdisk: one per open image.</summary>
    Tapdisk = 0,

    /// <summary>qemu of a domain: holds its CDs and qdisks.</summary>
    DeviceModel = 1,

    /// <summary>The garbage collector of the SR master (cleanup.py) and the vhd-util it runs: they write without any VM.</summary>
    StorageCollector = 2,
}

/// <summary>For whom a back-end works.</summary>
public enum BackendOwner
{
    /// <summary>Nothing tells: taken for a VM's where that is the safe side.</summary>
    Unknown = 0,

    /// <summary>A guest domain, which may be gone by now.</summary>
    Guest = 1,

    /// <summary>dom0 itself: import, backup, VDI copy, ISO.</summary>
    ControlDomain = 2,
}

/// <summary>A program of dom0 that holds disks open.</summary>
/// <param name="Pid">Its process id, above 0.</param>
/// <param name="Kind">What it is.</param>
public sealed record BackendFact(int Pid, BackendKind Kind)
{
    /// <summary>Start time of the process in clock ticks since boot (proc_pid_stat(5), starttime): a pid can be given out twice.</summary>
    public long StartTicks { get; init; }

    /// <summary>For whom it works.</summary>
    public BackendOwner Owner { get; init; }

    /// <summary>Domain that it serves or served; 0 when that is dom0 or not known.</summary>
    public int Domid { get; init; }

    /// <summary>Uuid of the VDI that it writes to; empty when not known.</summary>
    public Guid Vdi { get; init; }

    /// <summary>False only when the image is proven to lie on this host's own disks.</summary>
    public bool MayBeShared { get; init; } = true;

    /// <summary>False only when every image is proven to be open for reading alone.</summary>
    public bool MayWrite { get; init; } = true;

    /// <summary>
    /// It may write to a disk that the other host may open. dom0's own attachments are among them on shared storage only:
    /// the peer's takeover releases this host's locks.
    /// </summary>
    public bool IsWriter => MayWrite && (MayBeShared || Owner != BackendOwner.ControlDomain);
}

/// <summary>What one reading of the hypervisor showed.</summary>
/// <param name="Guests">All guest domains; dom0 is left out.</param>
/// <param name="OpenBackends">Disk back-ends of which nothing but their number is known; they count as writers.</param>
public sealed record HypervisorFacts(ImmutableArray<DomainFact> Guests, int OpenBackends)
{
    /// <summary>The back-ends that are known one by one, ascending by pid.</summary>
    public ImmutableArray<BackendFact> Backends { get; init; } = [];

    /// <summary>No guest domain, not even a shell, and nothing in dom0 that may write where the other host writes.</summary>
    public bool IsQuiet => Guests.IsEmpty && OpenBackends == 0 && !Backends.Any(static backend => backend.IsWriter);

    /// <summary>
    /// No guest domain, and no writer of one that is gone: nothing here needs a right to run. What dom0 opened for itself is
    /// none (a copy, a backup, an ISO).
    /// </summary>
    public bool IsEmpty => Guests.IsEmpty && OpenBackends == 0
        && !Backends.Any(static backend => backend is { Owner: BackendOwner.Guest, IsWriter: true });

    /// <summary>Writers that serve no domain of the list, ascending by pid: nobody but a fence ends them any more.</summary>
    public ImmutableArray<BackendFact> Unserved => Backends.RemoveAll(backend => !backend.IsWriter || (backend.Domid == 0
        ? !Guests.IsEmpty && backend.Kind != BackendKind.StorageCollector
        : Guests.Any(guest => guest.Domid == backend.Domid)));
}
