using System.Collections.Immutable;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Pool.Virtual;

/// <summary>A hypervisor in memory, and the programs of its dom0 that hold disks open.</summary>
public sealed class VirtualDomains(IScheduler scheduler) : IDomains
{
    private const int FirstPid = 1000;

    private readonly SortedDictionary<int, Domain> _domains = [];
    private readonly SortedDictionary<int, Open> _open = [];
    private readonly SortedDictionary<int, BackendFact> _own = [];
    private ImmutableArray<BackendFact>? _backends;
    private int _lastDomid;
    private int _lastPid = FirstPid;

    /// <summary>A VM began to execute here: built, or migrated here behind the switch.</summary>
    public event Action<Domain>? Created;

    public event Action<Domain>? Ended;

    public event Action<Domain>? Drained;

    /// <summary>How long a back-end that is closed or killed goes on writing what it has under way.</summary>
    public TimeSpan DrainTime { get; set; }

    /// <summary>VMs the hypervisor fails to destroy.</summary>
    public ISet<string> RefuseKill { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Uuids of VMs that execute or whose back-end is open: who may write.</summary>
    public IEnumerable<string> Writing => _domains.Values.Where(domain => domain.Executes)
        .Concat(_open.Values.Select(open => open.Domain)).Select(domain => domain.VmUuid).Distinct();

    /// <summary>Domains, running or destroyed, whose back-ends are open. What dom0 opens for itself is not among them.</summary>
    public int WritingCount => _open.Count;

    /// <summary>A program of dom0 that writes to shared storage without any VM.</summary>
    public bool DomZeroWrites => _own.Values.Any(own => own.IsWriter);

    /// <summary>What /proc shows, ascending by pid; the same object until it changes.</summary>
    public ImmutableArray<BackendFact> Backends => _backends ??=
        [.. _own.Values.Concat(_open.Values.SelectMany(open => open.Facts)).OrderBy(fact => fact.Pid)];

    public bool IsWriting(string vmUuid)
    {
        foreach (var domain in _domains.Values)
        {
            if (domain.VmUuid == vmUuid && domain.Executes)
            {
                return true;
            }
        }

        foreach (var open in _open.Values)
        {
            if (open.Domain.VmUuid == vmUuid)
            {
                return true;
            }
        }

        return false;
    }

    public IReadOnlyList<Domain> List() => [.. _domains.Values];

    public IReadOnlyList<Domain> Leftovers() => [.. _open.Where(open => !_domains.ContainsKey(open.Key)).Select(open => open.Value.Domain)];

    public bool Lives(int domid) => _domains.ContainsKey(domid);

    public bool HasBackend(int domid) => _open.ContainsKey(domid);

    public Domain Create(string vmUuid, string vmName)
    {
        var domain = new Domain(++_lastDomid, vmUuid, vmName);
        _domains[domain.Domid] = domain;
        OpenBackend(domain);
        Created?.Invoke(domain);
        return domain;
    }

    public Domain CreateShell(string vmUuid, string vmName)
    {
        var shell = new Domain(++_lastDomid, vmUuid, vmName) { Handle = Domain.IncomingHandle(vmUuid), State = DomainState.Paused };
        return _domains[shell.Domid] = shell;
    }

    public void Suspend(int domid) => Change(domid, domain => domain with { State = DomainState.Shutdown });

    public void Resume(int domid) => Change(domid, domain => domain with { State = DomainState.Running });

    public void Release(int domid)
    {
        Change(domid, domain => domain with { Handle = Domain.OutgoingHandle(domain.VmUuid) });
        CloseBackend(domid);
    }

    public Domain Go(int domid)
    {
        Change(domid, domain => domain with { Handle = domain.VmUuid, State = DomainState.Running });
        var domain = _domains[domid];
        OpenBackend(domain);
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

        // Through the scheduler: the caller must hear that it ended after the call returned, as from a real hypervisor.
        scheduler.After(TimeSpan.Zero, () => Ended?.Invoke(domain));
        return true;
    }

    public void CloseBackend(int domid)
    {
        if (_open.ContainsKey(domid))
        {
            scheduler.After(DrainTime, () => Drain(domid));
        }
    }

    /// <summary>SIGKILL to processes of dom0; done when they are gone, which is when their outstanding I/O is.</summary>
    public async Task EndAsync(ImmutableArray<BackendFact> backends)
    {
        await scheduler.Delay(DrainTime).ConfigureAwait(false);
        foreach (var backend in backends)
        {
            if (_own.Remove(backend.Pid))
            {
                _backends = null;
            }

            if (_open.FirstOrDefault(open => open.Value.Facts.Any(fact => fact.Pid == backend.Pid)) is { Value: { } open, Key: var domid })
            {
                _open[domid] = open with { Facts = open.Facts.RemoveAll(fact => fact.Pid == backend.Pid) };
                _backends = null;
                if (backend.Kind == BackendKind.Tapdisk)
                {
                    Drain(domid);
                }
            }
        }
    }

    /// <summary>dom0 opens a disk for itself, or its storage manager begins to collect garbage.</summary>
    public BackendFact OpenOwn(BackendKind kind, bool shared = true, bool writes = true)
    {
        var own = new BackendFact(++_lastPid, kind)
        {
            Owner = kind == BackendKind.StorageCollector ? BackendOwner.Unknown : BackendOwner.ControlDomain,
            MayBeShared = shared,
            MayWrite = writes,
        };
        _own[own.Pid] = own;
        _backends = null;
        return own;
    }

    /// <summary>dom0 is done with its disks.</summary>
    public void CloseOwn(BackendKind kind)
    {
        foreach (var own in _own.Values.Where(own => own.Kind == kind).ToList())
        {
            _own.Remove(own.Pid);
        }

        _backends = null;
    }

    /// <summary>The host lost power: everything stops at once and nobody hears of it.</summary>
    public void PowerLoss()
    {
        _domains.Clear();
        _open.Clear();
        _own.Clear();
        _backends = null;
    }

    private void Change(int domid, Func<Domain, Domain> change)
    {
        if (_domains.TryGetValue(domid, out Domain? domain))
        {
            _domains[domid] = change(domain);
        }
    }

    /// <summary>One tapdisk per image: one that nobody ended serves the next domain of its VM.</summary>
    private void OpenBackend(Domain domain)
    {
        var left = _open.FirstOrDefault(open => open.Value.Domain.VmUuid == domain.VmUuid && !_domains.ContainsKey(open.Key));
        if (left.Value is not null)
        {
            _open.Remove(left.Key);
        }

        var tapdisk = left.Value?.Facts.FirstOrDefault(fact => fact.Kind == BackendKind.Tapdisk)
            ?? new BackendFact(++_lastPid, BackendKind.Tapdisk) { Owner = BackendOwner.Guest };
        var model = new BackendFact(++_lastPid, BackendKind.DeviceModel) { Owner = BackendOwner.Guest, Domid = domain.Domid };
        _open[domain.Domid] = new Open(domain, [tapdisk with { Domid = domain.Domid }, model]);
        _backends = null;
    }

    private void Drain(int domid)
    {
        // Gone already if the host lost power in between.
        if (_open.Remove(domid, out Open? open))
        {
            _backends = null;
            Drained?.Invoke(open.Domain);
        }
    }

    /// <summary>Tapdisk and qemu of a domain, which may be gone.</summary>
    private sealed record Open(Domain Domain, ImmutableArray<BackendFact> Facts);
}
