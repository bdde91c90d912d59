namespace TwoNodeHa.Sim.Pool.Virtual;

/// <summary>Shared storage in memory, with a path per host that can be cut.</summary>
public sealed class VirtualStorage : ISharedStorage
{
    private readonly SortedDictionary<string, VdiLock> _locks = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unreachable = new(StringComparer.Ordinal);

    /// <summary>A lock was dropped by resetvdis: a checker compares this with what still runs.</summary>
    public event Action<VdiLock>? Forced;

    public bool IsReachable(string hostUuid) => !_unreachable.Contains(hostUuid);

    public void SetReachable(string hostUuid, bool reachable)
    {
        if (reachable)
        {
            _unreachable.Remove(hostUuid);
        }
        else
        {
            _unreachable.Add(hostUuid);
        }
    }

    public IReadOnlyList<VdiLock> Locks() => [.. _locks.Values];

    public VdiLock? TryLock(VdiLock wanted)
    {
        if (_locks.TryGetValue(wanted.VdiUuid, out VdiLock? holder) && holder.HostUuid != wanted.HostUuid)
        {
            return holder;
        }

        _locks[wanted.VdiUuid] = wanted;
        return null;
    }

    public void Unlock(string vdiUuid, string hostUuid)
    {
        if (_locks.TryGetValue(vdiUuid, out VdiLock? holder) && holder.HostUuid == hostUuid)
        {
            _locks.Remove(vdiUuid);
        }
    }

    public int Reset(string hostUuid, string srUuid)
    {
        List<VdiLock> dropped = [.. _locks.Values.Where(l => l.HostUuid == hostUuid && l.SrUuid == srUuid)];
        foreach (VdiLock held in dropped)
        {
            _locks.Remove(held.VdiUuid);
            Forced?.Invoke(held);
        }

        return dropped.Count;
    }
}

/// <summary>A disk in memory; survives everything, as it outlives the host object's power state.</summary>
public sealed class MemoryDisk : IHostDisk
{
    private readonly SortedDictionary<string, string> _files = new(StringComparer.Ordinal);

    public string? Read(string name) => _files.GetValueOrDefault(name);

    public void Write(string name, string text) => _files[name] = text;

    public void Delete(string name) => _files.Remove(name);
}
