using TwoNodeHa.Sim.Pool.Xapi;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Judges;

/// <content>
/// Which VM has room, from the machines' memory and the domains that are there, dom0 and every overhead counted: no database and
/// no plan is asked. What a VM has at least and at most is the story's to say.
/// </content>
public sealed partial class PromiseChecker
{
    private readonly Dictionary<string, int> _boundTo = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long Least, long Most, long Largest)> _ranges = new(StringComparer.Ordinal);

    /// <summary>A VM's memory was set, MiB: the balloon's range, and what the guest can have at most.</summary>
    public void MemorySet(string vmUuid, long least, long most, long? largest = null)
    {
        _ranges[vmUuid] = (least, most, largest ?? RangeOf(vmUuid).Largest);
        Disturbed();
    }

    /// <summary>A VM can run on that host only: a disk, an image, a network or a device of it.</summary>
    public void BoundTo(string vmUuid, int host)
    {
        _boundTo[vmUuid] = host;
        Disturbed();
    }

    /// <summary>Nothing binds it any more.</summary>
    public void Unbound(string vmUuid)
    {
        _boundTo.Remove(vmUuid);
        Disturbed();
    }

    private (long Least, long Most, long Largest) RangeOf(string uuid)
    {
        if (!_ranges.TryGetValue(uuid, out var range))
        {
            var size = world.Pool.Vms.First(vm => vm.Uuid == uuid).MemoryMib;
            range = (size, size, size);
        }

        return range;
    }

    private bool Fits(string uuid) => world.Hosts.Any(host => host.PoweredOn && _boundTo.GetValueOrDefault(uuid, host.Index) == host.Index && Room(host) >= Takes(host, uuid));

    private long Room(VirtualHost host) =>
        host.Toolstack.MachineMib - MemoryCheck.TakenByHostMib - host.Domains.List().Sum(domain => Takes(host, domain.VmUuid));

    private long Takes(VirtualHost host, string uuid)
    {
        var (least, most, largest) = RangeOf(uuid);
        return MemoryCheck.OverheadMib(largest) + (host.Config.Config.Policy.ShrinkMemory ? least : most);
    }
}
