using TwoNodeHa.Sim.Pool.Xapi;

namespace TwoNodeHa.Sim.Pool;

/// <summary>
/// What the hypervisor has left: every domain that is there counts, whatever the database says of it, and so does one that is
/// being built. Guests balloon down to their minimum for a new one.
/// </summary>
internal sealed partial class Xenopsd
{
    /// <summary>Memory of the machine, MiB; what it is at a boot.</summary>
    public required long MachineMib { get; set; }

    /// <summary>What is left for a new domain, bytes.</summary>
    public long Free()
    {
        var used = MemoryCheck.TakenByHostMib * MemoryCheck.Mib;
        foreach (Domain domain in _domains.List())
        {
            // A VM that is being built counts once.
            used += _building.ContainsKey(domain.VmUuid) ? 0 : _memory.GetValueOrDefault(domain.Domid);
        }

        return Math.Max(0, (MachineMib * MemoryCheck.Mib) - used - _building.Values.Sum());
    }

    /// <summary>The balloon of a guest is set: its domain takes that much, bytes, with overhead.</summary>
    public void Resize(string vmUuid, long memory)
    {
        foreach (Domain domain in _domains.List().Where(domain => domain.VmUuid == vmUuid))
        {
            _memory[domain.Domid] = memory;
        }

        if (_specs.TryGetValue(vmUuid, out VmSpec? spec))
        {
            _specs[vmUuid] = spec with { Memory = memory };
        }
    }

    private void Reserve(VmSpec spec)
    {
        if (spec.Memory > Free())
        {
            throw MemoryCheck.Short(spec.Memory, Free());
        }
    }

    private void Holds(Domain domain, VmSpec spec) => _memory[domain.Domid] = spec.Memory;
}
