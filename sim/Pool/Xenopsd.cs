using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Pool;

/// <summary>A disk of a VM that is about to start.</summary>
internal sealed record DiskSpec(string VdiUuid, string SrUuid, bool Shared);

/// <summary>What a host needs to know to build a domain; travels to the host that runs it.</summary>
/// <param name="Restarts">VM.actions_after_shutdown is restart: a domain that ends without an order is built again.</param>
/// <param name="Device">Uuid of the only host that has a device of it; empty when it has none.</param>
/// <param name="Memory">What its domain takes of the host, with overhead, bytes.</param>
internal sealed record VmSpec(string Uuid, string Name, IReadOnlyList<DiskSpec> Disks, bool Restarts = false, long Memory = 0, string Device = "")
{
    public JsonObject ToJson() => new()
    {
        ["uuid"] = Uuid,
        ["name"] = Name,
        ["restarts"] = Restarts,
        ["memory"] = Memory,
        ["device"] = Device,
        ["disks"] = new JsonArray([.. Disks.Select(disk => (JsonNode)new JsonObject
        {
            ["vdi"] = disk.VdiUuid,
            ["sr"] = disk.SrUuid,
            ["shared"] = disk.Shared,
        })]),
    };

    public static VmSpec FromJson(JsonNode node) => new(
        (string)node["uuid"]!,
        (string)node["name"]!,
        [.. node["disks"]!.AsArray().Select(disk =>
            new DiskSpec((string)disk!["vdi"]!, (string)disk["sr"]!, (bool)disk["shared"]!))],
        (bool?)node["restarts"] ?? false,
        node["memory"] is JsonValue memory ? Data.Numbers.ToLong(memory) : 0,
        (string?)node["device"] ?? "");
}

/// <summary>
/// Domain builder and storage manager of one host. A process of its own: it lives on while xapi is down or hangs, and
/// it takes and releases the disk locks. While it is dead nobody closes a back-end or takes a key out of a volume. Power loss
/// ends it without releasing anything.
/// </summary>
internal sealed partial class Xenopsd
{
    private readonly string _hostUuid;
    private readonly IDomains _domains;
    private readonly ISharedStorage _storage;
    private readonly IScheduler _scheduler;
    private readonly Dictionary<string, VmSpec> _specs = new(StringComparer.Ordinal);
    private readonly Dictionary<int, Signal> _drains = [];
    private readonly Dictionary<string, long> _building = new(StringComparer.Ordinal);
    private readonly Dictionary<int, long> _memory = [];
    private readonly HashSet<string> _rebuilding = new(StringComparer.Ordinal);
    private readonly HashSet<int> _ordered = [];
    private bool _alive = true;
    private int _boot;

    public Xenopsd(string hostUuid, IDomains domains, ISharedStorage storage, IScheduler scheduler)
    {
        _hostUuid = hostUuid;
        _domains = domains;
        _storage = storage;
        _scheduler = scheduler;
        domains.Ended += OnEnded;
        domains.Drained += OnDrained;
    }

    /// <summary>A domain is gone; xapi hears of it by event.</summary>
    public event Action<Domain>? Ended;

    /// <summary>A VM has a new domain although xapi ordered none: it restarted from inside, or was built again.</summary>
    public event Action<Domain>? Rebuilt;

    public IReadOnlyList<Domain> List() => _domains.List();

    /// <summary>The domain with that handle.</summary>
    public Domain? Find(string uuid) => _domains.List().FirstOrDefault(domain => domain.Handle == uuid);

    /// <summary>The VM has no domain for a moment, and is said to run all the same.</summary>
    public bool IsRebuilding(string vmUuid) => _rebuilding.Contains(vmUuid);

    /// <summary>Attaches the disks, waits the building time, creates the domain.</summary>
    public async Task<Domain> BuildAsync(VmSpec spec, TimeSpan duration)
    {
        // xapi may have died while its last order is still being carried out here.
        if (Find(spec.Uuid) is not null || _building.ContainsKey(spec.Uuid))
        {
            throw new ApiException("DOMAIN_EXISTS", Data.Database.RefOf("VM", spec.Uuid));
        }

        if (spec.Device.Length > 0 && spec.Device != _hostUuid)
        {
            throw new ApiException("INTERNAL_ERROR", "xenopsd: no such PCI device on this host");
        }

        Reserve(spec);
        _building.Add(spec.Uuid, spec.Memory);
        try
        {
            await PauseAsync(duration * 0.4).ConfigureAwait(false);
            await UntilDrainedAsync(spec.Uuid).ConfigureAwait(false);
            AttachDisks(spec);
            await PauseAsync(duration * 0.4).ConfigureAwait(false);
            _specs[spec.Uuid] = spec;
            Domain domain = _domains.Create(spec.Uuid, spec.Name);
            Holds(domain, spec);
            await PauseAsync(duration * 0.2).ConfigureAwait(false);
            return domain;
        }
        finally
        {
            _building.Remove(spec.Uuid);
        }
    }

    /// <summary>The host lost power: work in progress never continues, locks stay where they are.</summary>
    public void PowerLoss()
    {
        _boot++;
        _alive = true;
        _specs.Clear();
        _drains.Clear();
        _building.Clear();
        _memory.Clear();
        _rebuilding.Clear();
        _ordered.Clear();
    }

    /// <summary>The service is killed: what it was building is never finished; what runs goes on.</summary>
    public void Kill()
    {
        _alive = false;
        _boot++;
        _building.Clear();
        _rebuilding.Clear();
        _ordered.Clear();
    }

    /// <summary>The service is started again: what ended while it was dead is cleared away now, its keys among it.</summary>
    public void Start()
    {
        if (_alive)
        {
            return;
        }

        _alive = true;
        foreach (Domain left in _domains.Leftovers())
        {
            Finish(left);
        }

        foreach (VmSpec spec in _specs.Values.Where(spec => !_domains.List().Any(domain => domain.VmUuid == spec.Uuid)
            && !_domains.Leftovers().Any(domain => domain.VmUuid == spec.Uuid)).ToList())
        {
            _specs.Remove(spec.Uuid);
            DetachDisks(spec.Disks);
            Ended?.Invoke(new Domain(0, spec.Uuid, spec.Name));
        }
    }

    /// <summary>A VM that runs when the emulation begins: no delays, its locks are taken.</summary>
    public void CreateAtOnce(VmSpec spec)
    {
        AttachDisks(spec);
        _specs[spec.Uuid] = spec;
        Holds(_domains.Create(spec.Uuid, spec.Name), spec);
    }

    /// <summary>Destroys a domain and waits until its back-end is gone too.</summary>
    public Task DestroyAsync(string uuid)
    {
        Domain? domain = Find(uuid);
        if (domain is null)
        {
            return Task.CompletedTask;
        }

        if (!_drains.TryGetValue(domain.Domid, out Signal? drained))
        {
            _drains[domain.Domid] = drained = new Signal();
        }

        _ordered.Add(domain.Domid);
        return _domains.Destroy(domain.Domid)
            ? drained.Wait()
            : throw new ApiException("INTERNAL_ERROR", $"xenopsd: domain {domain.Domid} could not be destroyed");
    }

    /// <summary>Storage manager's question to this host: a back-end of a VM here has the disk open, or may have.</summary>
    public bool IsOpen(string vdiUuid) => _specs.Values.Any(spec => spec.Disks.Any(disk => disk.VdiUuid == vdiUuid)
        && (_building.ContainsKey(spec.Uuid) || _domains.List().Concat(_domains.Leftovers()).Any(domain => domain.VmUuid == spec.Uuid)));

    public VmSpec? Spec(string vmUuid) => _specs.GetValueOrDefault(vmUuid);

    private async Task PauseAsync(TimeSpan duration)
    {
        int boot = _boot;
        await _scheduler.Delay(duration).ConfigureAwait(false);
        if (boot != _boot)
        {
            await Never.Task().ConfigureAwait(false);
        }
    }

    /// <summary>The old back-end of the same VM still has the disks open.</summary>
    private async Task UntilDrainedAsync(string vmUuid)
    {
        while (_specs.ContainsKey(vmUuid))
        {
            await PauseAsync(TimeSpan.FromMilliseconds(50)).ConfigureAwait(false);
        }
    }

    private void AttachDisks(VmSpec spec)
    {
        foreach (DiskSpec disk in spec.Disks)
        {
            try
            {
                Attach(disk);
            }
            catch (ApiException)
            {
                DetachDisks(spec.Disks.TakeWhile(other => other != disk));
                throw;
            }
        }
    }

    private void Attach(DiskSpec disk)
    {
        if (disk.Shared && !_storage.IsReachable(_hostUuid))
        {
            throw new ApiException("SR_BACKEND_FAILURE_47", "", "The SR is not available [opterr=I/O error]", "");
        }

        VdiLock? holder = _storage.TryLock(new VdiLock(disk.VdiUuid, disk.SrUuid, _hostUuid));
        if (holder is not null)
        {
            throw new ApiException(
                "SR_BACKEND_FAILURE_46",
                "",
                $"The VDI is not available [opterr=VDI {disk.VdiUuid} already attached RW]",
                "")
            { Holder = holder };
        }
    }

    private void OnEnded(Domain domain)
    {
        bool ordered = _ordered.Remove(domain.Domid);
        if (!_alive && !ordered)
        {
            return;
        }

        // Destroyed from outside counts as a power-off of the guest (vm-facts 5.2).
        if (!ordered && domain.IsWhole && (_rebuilding.Contains(domain.VmUuid) || _specs.GetValueOrDefault(domain.VmUuid) is { Restarts: true }))
        {
            _ = RebuildAsync(domain);
        }

        Finish(domain);
    }

    private void Finish(Domain domain)
    {
        if (_domains.HasBackend(domain.Domid))
        {
            _domains.CloseBackend(domain.Domid);
        }
        else if (_drains.Remove(domain.Domid, out Signal? drained))
        {
            drained.Set();
        }

        Ended?.Invoke(domain);
    }

    private void OnDrained(Domain domain)
    {
        // Killed by somebody else while this service is dead: the keys stay in the volumes.
        if ((_alive || _drains.ContainsKey(domain.Domid)) && _specs.Remove(domain.VmUuid, out VmSpec? spec))
        {
            DetachDisks(spec.Disks);
        }

        if (_drains.Remove(domain.Domid, out Signal? drained))
        {
            drained.Set();
        }
    }

    /// <summary>Without its storage path a host cannot take its keys out of the volume: they stay behind.</summary>
    private void DetachDisks(IEnumerable<DiskSpec> disks)
    {
        foreach (DiskSpec disk in disks.Where(disk => !disk.Shared || _storage.IsReachable(_hostUuid)))
        {
            _storage.Unlock(disk.VdiUuid, _hostUuid);
        }
    }
}
