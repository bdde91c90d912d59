using System.Text.Json.Nodes;

namespace TwoNodeHa.Sim.Pool;

/// <summary>A running VM as the hypervisor of one host sees it.</summary>
public sealed record Domain(int Domid, string VmUuid, string VmName);

/// <summary>The hypervisor of one host: the truth about what runs there, independent of any database.</summary>
public interface IDomains
{
    /// <summary>A VM stopped running, for whatever reason. Its back-end may still write.</summary>
    event Action<Domain>? Ended;

    /// <summary>The back-end (tapdisk) of an ended VM is gone: from now on its disks are quiet.</summary>
    event Action<Domain>? Drained;

    IReadOnlyList<Domain> List();

    Domain Create(string vmUuid, string vmName);

    /// <summary>Starts to destroy; <see cref="Ended"/> tells when it is done. False: the hypervisor refuses.</summary>
    bool Destroy(int domid);
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
