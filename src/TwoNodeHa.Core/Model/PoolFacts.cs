using System.Collections.Immutable;

namespace TwoNodeHa.Core.Model;

/// <summary>Memory of a VM in XAPI's database, bytes (VM.memory_*). What a start of it needs: <see cref="Vms.MemoryRules"/>.</summary>
/// <param name="StaticMax">VM.memory_static_max: the guest never gets more.</param>
/// <param name="DynamicMin">VM.memory_dynamic_min: ballooning never takes more away than down to this.</param>
/// <param name="DynamicMax">VM.memory_dynamic_max: what it gets where there is enough.</param>
/// <param name="Overhead">Memory that the hypervisor takes besides (VM.memory_overhead).</param>
/// <param name="IsFixed">The VM cannot be started below <paramref name="StaticMax"/> (domain type pv_in_pvh).</param>
public readonly record struct VmMemory(long StaticMax, long DynamicMin, long DynamicMax, long Overhead, bool IsFixed = false)
{
    /// <summary>A VM without a dynamic range.</summary>
    public static VmMemory Of(long bytes, long overhead = 0) => new(bytes, bytes, bytes, overhead);

    /// <summary>The figures cannot all be true: negative, or a range that ends before it begins.</summary>
    public bool IsContradictory => DynamicMin < 0 || Overhead < 0 || DynamicMax < DynamicMin || StaticMax < DynamicMax;
}

/// <summary>A drive of a VM that is not empty.</summary>
/// <param name="Storage">Uuid of the storage repository that its image lies on; empty when that is not known.</param>
/// <param name="IsCd">It is a CD drive: it can be ejected.</param>
public readonly record struct DriveFact(Guid Storage, bool IsCd);

/// <summary>What a VM needs of the host that it runs on, besides memory.</summary>
public sealed record VmDevices
{
    /// <summary>Needs nothing, or nothing is known.</summary>
    public static VmDevices None { get; } = new();

    /// <summary>Drives with something in them.</summary>
    public ImmutableArray<DriveFact> Drives { get; init; } = [];

    /// <summary>Uuids of the networks of its interfaces.</summary>
    public ImmutableArray<Guid> Networks { get; init; } = [];

    /// <summary>It has a virtual GPU.</summary>
    public bool VirtualGpu { get; init; }

    /// <summary>A USB device is passed through.</summary>
    public bool Usb { get; init; }

    /// <summary>A PCI device is passed through.</summary>
    public bool Pci { get; init; }

    /// <summary>VM.VCPUs_max; 0 when not known, or when the VM may have more than the host has.</summary>
    public int Vcpus { get; init; }

    /// <summary>CPU features that it was started with, as XAPI writes them; empty when not known. They matter to a live migration only.</summary>
    public string CpuFeatures { get; init; } = "";

    /// <summary>CPU vendor that it was started on; empty when not known.</summary>
    public string CpuVendor { get; init; } = "";
}

/// <summary>A host of the pool as XAPI's database describes it.</summary>
/// <param name="Uuid">Host.uuid.</param>
/// <param name="Name">Host.name_label.</param>
public sealed record HostFact(Guid Uuid, string Name)
{
    /// <summary>Host.enabled: VMs may start there. An admin's choice, or XAPI's.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Host_metrics.memory_total, bytes; 0 when not known.</summary>
    public long MemoryTotal { get; init; }

    /// <summary>Host.memory_overhead, bytes.</summary>
    public long MemoryOverhead { get; init; }

    /// <summary>Memory of its control domains with their overhead, bytes.</summary>
    public long ControlDomains { get; init; }

    /// <summary>CPUs that it has; 0 when not known.</summary>
    public int Cpus { get; init; }

    /// <summary>CPU features, as XAPI writes them; empty when not known.</summary>
    public string CpuFeatures { get; init; } = "";

    /// <summary>CPU vendor; empty when not known.</summary>
    public string CpuVendor { get; init; } = "";

    /// <summary>Version of the platform's software, to be compared only; empty when not known.</summary>
    public string Version { get; init; } = "";
}

/// <summary>What a storage repository is for a VM that must start on the other host.</summary>
public enum StorageKind
{
    /// <summary>Disks of VMs.</summary>
    Disks = 0,

    /// <summary>ISO images.</summary>
    Images = 1,

    /// <summary>Drives of the host itself (type udev): a physical CD, a USB stick.</summary>
    HostDrives = 2,
}

/// <summary>A storage repository on which VMs have drives.</summary>
/// <param name="Uuid">SR.uuid.</param>
/// <param name="Name">SR.name_label.</param>
/// <param name="Kind">What lies on it.</param>
/// <param name="Paths">Hosts with a path to it (PBD), plugged or not, ascending.</param>
/// <param name="Attached">Hosts on which that path is plugged, ascending: a record, no proof that the path works.</param>
public sealed record StorageFact(Guid Uuid, string Name, StorageKind Kind, ImmutableArray<Guid> Paths, ImmutableArray<Guid> Attached);

/// <summary>A network of VMs.</summary>
/// <param name="Uuid">network.uuid.</param>
/// <param name="Name">network.name_label.</param>
/// <param name="Hosts">Hosts that can attach it, ascending; default when any can.</param>
public sealed record NetworkFact(Guid Uuid, string Name, ImmutableArray<Guid> Hosts)
{
    /// <summary>No physical interface stands behind it: it lives on one host at a time.</summary>
    public bool IsInternal { get; init; }

    /// <summary>Its interfaces are virtual functions of one host's card (SR-IOV).</summary>
    public bool IsSriov { get; init; }
}

/// <summary>A vApp.</summary>
/// <param name="Uuid">VM_appliance.uuid.</param>
/// <param name="Name">VM_appliance.name_label.</param>
/// <param name="Lost">Members that the database names and does not hold.</param>
public sealed record ApplianceFact(Guid Uuid, string Name, int Lost = 0);
