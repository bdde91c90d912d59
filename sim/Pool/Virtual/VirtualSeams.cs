using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Pool.Virtual;

/// <summary>A hypervisor in memory.</summary>
public sealed class VirtualDomains(IScheduler scheduler) : IDomains
{
    private readonly SortedDictionary<int, Domain> _domains = [];
    private readonly SortedDictionary<int, Domain> _draining = [];
    private int _lastDomid;

    public event Action<Domain>? Created;

    public event Action<Domain>? Ended;

    public event Action<Domain>? Drained;

    /// <summary>How long the back-end of a destroyed VM goes on writing.</summary>
    public TimeSpan DrainTime { get; set; }

    /// <summary>VMs the hypervisor fails to destroy.</summary>
    public ISet<string> RefuseKill { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Uuids of VMs that run or whose back-end has not finished: who may still write.</summary>
    public IEnumerable<string> Writing => _domains.Values.Concat(_draining.Values).Select(domain => domain.VmUuid).Distinct();

    /// <summary>Back-ends that are open, of running and of destroyed domains.</summary>
    public int WritingCount => _domains.Count + _draining.Count;

    public bool IsWriting(string vmUuid)
    {
        foreach (var domain in _domains.Values)
        {
            if (domain.VmUuid == vmUuid)
            {
                return true;
            }
        }

        foreach (var domain in _draining.Values)
        {
            if (domain.VmUuid == vmUuid)
            {
                return true;
            }
        }

        return false;
    }

    public IReadOnlyList<Domain> List() => [.. _domains.Values];

    public Domain Create(string vmUuid, string vmName)
    {
        var domain = new Domain(++_lastDomid, vmUuid, vmName);
        _domains[domain.Domid] = domain;
        Created?.Invoke(domain);
        return domain;
    }

    public bool Destroy(int domid)
    {
        if (!_domains.TryGetValue(domid, out Domain? domain))
        {
            return true;
        }

        if (RefuseKill.Contains(domain.VmUuid))
        {
            return false;
        }

        _domains.Remove(domid);
        _draining[domid] = domain;

        // Through the scheduler: the caller must hear that it ended after the call returned, as from a real hypervisor.
        scheduler.After(TimeSpan.Zero, () => Ended?.Invoke(domain));
        scheduler.After(DrainTime, () => Drain(domain));
        return true;
    }

    /// <summary>The host lost power: everything stops at once and nobody hears of it.</summary>
    public void PowerLoss()
    {
        _domains.Clear();
        _draining.Clear();
    }

    private void Drain(Domain domain)
    {
        // Gone already if the host lost power in between.
        if (_draining.Remove(domain.Domid))
        {
            Drained?.Invoke(domain);
        }
    }
}

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
