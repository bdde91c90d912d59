using System.Text.Json.Nodes;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Sim.Pool;

/// <summary>A domain as the hypervisor of one host sees it.</summary>
public sealed record Domain(int Domid, string VmUuid, string VmName)
{
    /// <summary>What a list shows in the place of the uuid; another than the VM's while it migrates (vm-facts: xenopsd's temporary uuids).</summary>
    public string Handle { get; init; } = VmUuid;

    public DomainState State { get; init; }

    /// <summary>The guest executes.</summary>
    public bool Executes => State == DomainState.Running;

    /// <summary>The VM is here, be it paused or about to end; not a shell of a migration.</summary>
    public bool IsWhole => Handle == VmUuid;

    /// <summary>The target of a migration before the switch.</summary>
    public static string IncomingHandle(string vmUuid) => vmUuid[..24] + "000000000001";

    /// <summary>The source behind it.</summary>
    public static string OutgoingHandle(string vmUuid) => vmUuid[..24] + "000000000000";
}

/// <summary>
/// The hypervisor of one host and the back-ends in its dom0: the truth about what runs there, independent of any database.
/// The back-ends have a life of their own: who destroys a domain ends none of them.
/// </summary>
public interface IDomains
{
    /// <summary>A domain is gone, for whatever reason. Its back-end may still write.</summary>
    event Action<Domain>? Ended;

    /// <summary>The back-end (tapdisk) of a VM is gone: from now on its disks are quiet.</summary>
    event Action<Domain>? Drained;

    IReadOnlyList<Domain> List();

    /// <summary>Back-ends whose domain is gone, as the domains they served.</summary>
    IReadOnlyList<Domain> Leftovers();

    bool HasBackend(int domid);

    /// <summary>A domain that runs, with its back-end.</summary>
    Domain Create(string vmUuid, string vmName);

    /// <summary>The target of a migration: paused, with a temporary handle, without a back-end.</summary>
    Domain CreateShell(string vmUuid, string vmName);

    /// <summary>The guest suspends itself: it executes nothing any more.</summary>
    void Suspend(int domid);

    /// <summary>The same domain goes on (checkpoint).</summary>
    void Resume(int domid);

    /// <summary>The source lets go: its back-end ends when it is drained, the handle becomes a temporary one.</summary>
    void Release(int domid);

    /// <summary>The target goes: the VM's own handle, a back-end, unpaused.</summary>
    Domain Go(int domid);

    /// <summary>Starts to destroy; <see cref="Ended"/> tells when it is done. False: the hypervisor refuses.</summary>
    bool Destroy(int domid);

    /// <summary>What xenopsd does behind the end of a domain: the back-end is closed in order, as soon as it is drained.</summary>
    void CloseBackend(int domid);
}

/// <summary>Calls to the other host. A call may fail, come back late, or hang for ever.</summary>
public interface IPeerToolstack
{
    /// <summary>
    /// Methods that begin with `emu.` are the emulator's own (database link, heartbeat, backup); all others are XAPI's.
    /// Throws <see cref="PeerUnreachableException"/> if nothing was sent, answers otherwise.
    /// </summary>
    Task<CallReply> CallAsync(string address, string method, JsonArray parameters);
}

/// <summary>One lock in the storage layer: this host has the disk open for writing (xapi.md 6.6).</summary>
public sealed record VdiLock(string VdiUuid, string SrUuid, string HostUuid);

/// <summary>The storage both hosts share: disk locks survive the host that took them.</summary>
public interface ISharedStorage
{
    /// <summary>Whether this host's storage path works.</summary>
    bool IsReachable(string hostUuid);

    IReadOnlyList<VdiLock> Locks();

    /// <summary>Takes the lock; a lock of another host is returned instead and nothing changes.</summary>
    VdiLock? TryLock(VdiLock wanted);

    void Unlock(string vdiUuid, string hostUuid);

    /// <summary>What resetvdis.py does: drops that host's locks and asks nobody. Returns how many.</summary>
    int Reset(string hostUuid, string srUuid);
}

/// <summary>The host's own disk: survives power loss.</summary>
public interface IHostDisk
{
    string? Read(string name);

    void Write(string name, string text);

    void Delete(string name);
}

/// <summary>What the toolstack can do to the machine it runs on.</summary>
public interface IHostPower
{
    void PowerOff();

    void Reset();
}
