using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Vms;
using TwoNodeHa.XenApi;
using XenHost = TwoNodeHa.XenApi.Host;

namespace TwoNodeHa.Daemon.Toolstack;

/// <summary>What the tables say about where VMs can run: memory, storage, networks, devices. Facts only; what they mean is decided in Core.</summary>
internal sealed class PlacementFacts
{
    private readonly PoolTables _tables;
    private readonly IReadOnlyDictionary<XenRef<XenHost>, Guid> _hosts;
    private readonly ILookup<XenRef<VM>, DriveFact> _drives;
    private readonly ILookup<XenRef<VM>, Guid> _networks;

    public PlacementFacts(PoolTables tables, IReadOnlyDictionary<XenRef<XenHost>, Guid> hosts)
    {
        (_tables, _hosts) = (tables, hosts);
        _drives = tables.Drives.Values.Where(static drive => !drive.Empty).ToLookup(
            static drive => drive.VM, drive => new DriveFact(StorageOf(drive), drive.Type == VbdType.CD));
        _networks = (tables.Interfaces?.Values.AsEnumerable() ?? []).ToLookup(static port => port.VM, port => UuidOf(tables.Networks, port.Network, static one => one.Uuid));
    }

    /// <summary>What a VM needs of its host.</summary>
    public VmDevices DevicesOf(XenRef<VM> reference, VMRecord vm) => new()
    {
        Drives = [.. _drives[reference]],
        Networks = [.. _networks[reference].Where(static network => network != Guid.Empty).Distinct()],
        VirtualGpu = vm.HasVirtualGpu,
        Usb = vm.HasUsb,
        Pci = vm.HasPci,
        Vcpus = vm.Platform.GetValueOrDefault("vcpu-unrestricted") == "true" ? 0 : (int)Math.Clamp(vm.VcpusMax, 0, int.MaxValue),
        CpuFeatures = vm.LastBootCpuFlags.GetValueOrDefault("features", ""),
        CpuVendor = vm.LastBootCpuFlags.GetValueOrDefault("vendor", ""),
    };

    /// <summary>Memory of a VM. XAPI works the overhead out at the first start; before that it is worked out here.</summary>
    public static VmMemory MemoryOf(VMRecord vm) => new(
        vm.MemoryStaticMax, vm.MemoryDynamicMin, vm.MemoryDynamicMax,
        vm.MemoryOverhead > 0 ? vm.MemoryOverhead : MemoryRules.Overhead(vm.MemoryStaticMax, vm.VcpusMax, vm.ShadowMultiplier, vm.DomainType),
        IsFixed: vm.DomainType == "pv_in_pvh");

    public ImmutableArray<HostFact> Hosts() =>
    [
        .. _tables.Hosts.Where(host => _hosts.ContainsKey(host.Key)).Select(host => Host(host.Key, host.Value)).OrderBy(static host => host.Uuid),
    ];

    public ImmutableArray<StorageFact> Storages()
    {
        var used = _drives.SelectMany(static drives => drives).Select(static drive => drive.Storage).ToHashSet();
        return
        [
            .. _tables.Storages.Where(sr => Guid.TryParse(sr.Value.Uuid, out var uuid) && used.Contains(uuid))
                .Select(sr => Storage(sr.Key, sr.Value)).OrderBy(static storage => storage.Uuid),
        ];
    }

    public ImmutableArray<NetworkFact> Networks()
    {
        if (_tables is not { Networks: { } networks, Ports: { } ports })
        {
            return [];
        }

        var used = _networks.SelectMany(static one => one).ToHashSet();
        var carried = ports.Values.Where(static port => !port.IsBondMember).ToLookup(static port => port.Network);
        return
        [
            .. networks.Where(network => Guid.TryParse(network.Value.Uuid, out var uuid) && used.Contains(uuid))
                .Select(network => Network(network.Value, [.. carried[network.Key]])).OrderBy(static network => network.Uuid),
        ];
    }

    public ImmutableArray<ApplianceFact> Appliances() =>
    [
        .. (_tables.Appliances?.Values.AsEnumerable() ?? []).Where(static appliance => Guid.TryParse(appliance.Uuid, out _))
            .Select(appliance => new ApplianceFact(
                Guid.Parse(appliance.Uuid), appliance.NameLabel, appliance.VMs.Count(vm => !_tables.Vms.ContainsKey(vm) && _tables.Vms.Unreadable.All(odd => odd.Ref != vm))))
            .OrderBy(static appliance => appliance.Uuid),
    ];

    /// <summary>Uuid of a VM's vApp; empty when it is in none.</summary>
    public Guid ApplianceOf(VMRecord vm) => UuidOf(_tables.Appliances, vm.Appliance, static one => one.Uuid);

    private HostFact Host(XenRef<XenHost> reference, HostRecord host) => new(_hosts[reference], host.NameLabel)
    {
        Enabled = host.Enabled,
        MemoryTotal = _tables.Metrics?.GetValueOrDefault(host.Metrics)?.MemoryTotal ?? 0,
        MemoryOverhead = host.MemoryOverhead,
        ControlDomains = _tables.Vms.Values.Where(vm => vm.IsControlDomain && vm.ResidentOn == reference)
            .Sum(static vm => MemoryRules.Sum(vm.MemoryDynamicMin, vm.MemoryOverhead)),
        Cpus = int.TryParse(host.CpuInfo.GetValueOrDefault("cpu_count"), NumberStyles.None, CultureInfo.InvariantCulture, out var cpus) ? cpus : 0,
        CpuFeatures = host.CpuInfo.GetValueOrDefault("features_hvm", ""),
        CpuVendor = host.CpuInfo.GetValueOrDefault("vendor", ""),
        Version = string.Join(' ', new[] { "product_version", "build_number", "xapi_build" }.Select(key => host.SoftwareVersion.GetValueOrDefault(key, "")))
            .Trim(),
    };

    private StorageFact Storage(XenRef<SR> reference, SRRecord sr)
    {
        var paths = _tables.Paths.Values.Where(path => path.SR == reference && _hosts.ContainsKey(path.Host)).ToList();
        return new StorageFact(
            Guid.Parse(sr.Uuid), sr.NameLabel,
            sr.Type == "udev" ? StorageKind.HostDrives : sr.ContentType == "iso" ? StorageKind.Images : StorageKind.Disks,
            [.. paths.Select(path => _hosts[path.Host]).Order()],
            [.. paths.Where(static path => path.CurrentlyAttached).Select(path => _hosts[path.Host]).Order()]);
    }

    private NetworkFact Network(NetworkRecord network, ImmutableArray<PIFRecord> ports) => new(
        Guid.Parse(network.Uuid), network.NameLabel,
        network.IsAssumedShared ? default : [.. ports.Where(port => _hosts.ContainsKey(port.Host)).Select(port => _hosts[port.Host]).Distinct().Order()])
    {
        IsInternal = ports.IsEmpty && !network.IsAssumedShared,
        IsSriov = ports.Any(static port => port.IsSriov),
    };

    private Guid StorageOf(VBDRecord drive) => _tables.Images.TryGetValue(drive.VDI, out var image)
        ? UuidOf(_tables.Storages, image.SR, static sr => sr.Uuid) : Guid.Empty;

    private static Guid UuidOf<T, TRecord>(RecordTable<T, TRecord>? table, XenRef<T> reference, Func<TRecord, string> uuid)
        where TRecord : class =>
        table is not null && table.TryGetValue(reference, out var record) && Guid.TryParse(uuid(record), out var found) ? found : Guid.Empty;
}
