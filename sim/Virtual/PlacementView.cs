using System.Collections.Immutable;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Vms;
using TwoNodeHa.Sim.Pool.Data;
using TwoNodeHa.Sim.Pool.Xapi;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>What the records say about where VMs can run, as the daemon's reader tells it: facts only.</summary>
internal static class PlacementView
{
    public static ImmutableArray<HostFact> Hosts(Database database, Dictionary<string, Guid> hosts) =>
        [.. database.All("host").Select(row => Host(database, row, hosts[row.Ref])).OrderBy(host => host.Uuid)];

    public static ImmutableArray<StorageFact> Storages(Database database, Dictionary<string, Guid> hosts) =>
    [
        .. database.All("VM").Where(DatabaseView.IsGuest).SelectMany(vm => VmPlacement.StorageOf(database, vm)).DistinctBy(sr => sr.Ref)
            .Select(sr => Storage(database, sr, hosts)).OrderBy(storage => storage.Uuid),
    ];

    public static ImmutableArray<NetworkFact> Networks(Database database, Dictionary<string, Guid> hosts)
    {
        if (database.All("VIF").Count == 0)
        {
            return [];
        }

        var used = database.All("VIF").Select(port => port.Text("network")).ToHashSet(StringComparer.Ordinal);
        return [.. database.All("network").Where(network => used.Contains(network.Ref)).Select(network => Network(database, network, hosts)).OrderBy(network => network.Uuid)];
    }

    /// <summary>XAPI works the overhead out at the first start; before that the daemon does.</summary>
    public static VmMemory MemoryOf(Row vm) => new(
        vm.Number("memory_static_max"), vm.Number("memory_dynamic_min"), vm.Number("memory_dynamic_max"),
        vm.Number("memory_overhead") is > 0 and var known ? known : MemoryRules.Overhead(vm.Number("memory_static_max"), vm.Number("VCPUs_max"), 1, vm.Text("domain_type")),
        IsFixed: vm.Text("domain_type") == "pv_in_pvh");

    public static VmDevices DevicesOf(Database database, Row vm) => new()
    {
        Drives = [.. vm.List("VBDs").Select(reference => database.Get("VBD", reference)).Where(vbd => !vbd.Flag("empty")).Select(vbd => Drive(database, vbd))],
        Networks = [.. vm.List("VIFs").Select(reference => Guid.Parse(database.Get("network", database.Get("VIF", reference).Text("network")).Uuid)).Distinct()],
        Pci = vm.Entry("other_config", "pci") is not null,
        Vcpus = (int)vm.Number("VCPUs_max"),
    };

    private static DriveFact Drive(Database database, Row vbd) =>
        new(Guid.Parse(database.Get("SR", database.Get("VDI", vbd.Text("VDI")).Text("SR")).Uuid), vbd.Text("type") == "CD");

    private static HostFact Host(Database database, Row host, Guid uuid) => new(uuid, host.Text("name_label"))
    {
        Enabled = host.Flag("enabled"),
        Version = Versions.Of(host),
        MemoryTotal = database.Metrics(host).Number("memory_total"),
        MemoryOverhead = host.Number("memory_overhead"),
        ControlDomains = database.All("VM").Where(vm => vm.Flag("is_control_domain") && vm.Text("resident_on") == host.Ref)
            .Sum(vm => vm.Number("memory_dynamic_min") + vm.Number("memory_overhead")),
    };

    private static StorageFact Storage(Database database, Row sr, Dictionary<string, Guid> hosts)
    {
        var paths = sr.List("PBDs").Select(reference => database.Get("PBD", reference)).Where(path => hosts.ContainsKey(path.Text("host"))).ToList();
        return new StorageFact(
            Guid.Parse(sr.Uuid), sr.Text("name_label"),
            sr.Text("type") == "udev" ? StorageKind.HostDrives : sr.Text("content_type") == "iso" ? StorageKind.Images : StorageKind.Disks,
            [.. paths.Select(path => hosts[path.Text("host")]).Order()],
            [.. paths.Where(path => path.Flag("currently_attached")).Select(path => hosts[path.Text("host")]).Order()]);
    }

    private static NetworkFact Network(Database database, Row network, Dictionary<string, Guid> hosts)
    {
        var ports = database.All("PIF").Where(port => port.Text("network") == network.Ref && hosts.ContainsKey(port.Text("host"))).ToList();
        return new NetworkFact(Guid.Parse(network.Uuid), network.Text("name_label"), [.. ports.Select(port => hosts[port.Text("host")]).Distinct().Order()])
        {
            IsInternal = ports.Count == 0,
        };
    }
}
