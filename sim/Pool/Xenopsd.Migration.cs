using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Pool;

/// <summary>Migration, suspension and restarts: where a VM has two domains, none, or another one (vm-facts 5.2, 5.3).</summary>
internal sealed partial class Xenopsd
{
    private static readonly TimeSpan RebuildTime = TimeSpan.FromSeconds(2);

    /// <summary>The target's domain: memory is copied into it, nothing runs in it.</summary>
    public Domain Receive(VmSpec spec)
    {
        Reserve(spec);
        Domain shell = _domains.CreateShell(spec.Uuid, spec.Name);
        Holds(shell, spec);
        return shell;
    }

    /// <summary>The switch, on the target: disks first, then the guest.</summary>
    public Domain Go(VmSpec spec, int domid)
    {
        if (!_domains.List().Any(domain => domain.Domid == domid))
        {
            throw new ApiException("INTERNAL_ERROR", $"xenopsd: domain {domid} is gone");
        }

        AttachDisks(spec);
        _specs[spec.Uuid] = spec;
        return _domains.Go(domid);
    }

    /// <summary>The guest stops; its domain stays.</summary>
    public void Suspend(Domain domain) => _domains.Suspend(domain.Domid);

    public void Resume(Domain domain) => _domains.Resume(domain.Domid);

    /// <summary>The switch, on the source: back-end flushed and gone, key taken out, another handle.</summary>
    public async Task ReleaseAsync(Domain domain)
    {
        var drained = new Signal();
        _drains[domain.Domid] = drained;
        _domains.Release(domain.Domid);
        await drained.Wait().ConfigureAwait(false);
    }

    /// <summary>A domain goes by its number: a shell of a migration that came to nothing.</summary>
    public void Drop(int domid)
    {
        _ordered.Add(domid);
        _domains.Destroy(domid);
    }

    /// <summary>The guest restarts from inside: for a moment there is no domain, then one with another number.</summary>
    public void Reboot(string vmUuid)
    {
        if (_alive && Find(vmUuid) is { } domain)
        {
            _rebuilding.Add(vmUuid);
            _domains.Suspend(domain.Domid);
            _domains.Destroy(domain.Domid);
        }
    }

    /// <summary>VM.actions_after_shutdown was set to restart.</summary>
    public void RestartWhenItEnds(string vmUuid)
    {
        if (_specs.TryGetValue(vmUuid, out VmSpec? spec))
        {
            _specs[vmUuid] = spec with { Restarts = true };
        }
    }

    private async Task RebuildAsync(Domain domain)
    {
        _rebuilding.Add(domain.VmUuid);
        VmSpec spec = _specs[domain.VmUuid];
        try
        {
            Rebuilt?.Invoke(await BuildAsync(spec, RebuildTime).ConfigureAwait(false));
            _rebuilding.Remove(domain.VmUuid);
        }
        catch (ApiException)
        {
            _rebuilding.Remove(domain.VmUuid);
            Ended?.Invoke(domain);
        }
    }
}
