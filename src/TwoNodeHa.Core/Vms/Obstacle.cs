namespace TwoNodeHa.Core.Vms;

/// <summary>Why a VM cannot run on a host, or what will be different when it does.</summary>
public enum ObstacleKind
{
    /// <summary>The host takes no VM: it is disabled.</summary>
    HostDisabled,

    /// <summary>The toolstack's database does not know the VM.</summary>
    NotInDatabase,

    /// <summary>The start is in VM.blocked_operations.</summary>
    Blocked,

    /// <summary>A disk lies where the host has no path to.</summary>
    LocalDisk,

    /// <summary>The host has a path to a disk, and it is not plugged.</summary>
    UnpluggedStorage,

    /// <summary>An ISO image lies where the host has no path to.</summary>
    LocalIso,

    /// <summary>A drive of the other host is in use.</summary>
    HostDrive,

    /// <summary>A network that the host does not have.</summary>
    Network,

    /// <summary>A network without physical interface: on another host it is another network.</summary>
    InternalNetwork,

    /// <summary>A PCI device is passed through.</summary>
    PassedThroughDevice,

    /// <summary>A USB device is passed through.</summary>
    Usb,

    /// <summary>A virtual GPU.</summary>
    VirtualGpu,

    /// <summary>A virtual function of a network card.</summary>
    Sriov,

    /// <summary>More virtual CPUs than the host has.</summary>
    TooManyCpus,

    /// <summary>Not enough memory.</summary>
    Memory,

    /// <summary>CPU features: no live migration; a start is not affected.</summary>
    CpuFeatures,

    /// <summary>XAPI starts the VM by itself too (auto_poweron).</summary>
    RivalStarter,

    /// <summary>Another operation in VM.blocked_operations.</summary>
    BlockedOperation,
}

/// <summary>One obstacle.</summary>
/// <param name="Kind">Kind.</param>
/// <param name="Prevents">The VM cannot be started there; else it is a remark.</param>
/// <param name="Text">What it is, for people, without a full stop.</param>
public readonly record struct Obstacle(ObstacleKind Kind, bool Prevents, string Text)
{
    /// <summary>
    /// XAPI is asked all the same, last: what is known may be old, and XAPI has the last word. Not where it must refuse, where
    /// an admin said no, or where the memory is not there.
    /// </summary>
    public bool IsAskedAllTheSame => Kind is not (ObstacleKind.Blocked or ObstacleKind.Memory or ObstacleKind.NotInDatabase);

    /// <summary>It ends by itself, or by an order of this daemon: storage is plugged, the host enabled.</summary>
    public bool MayPass => Kind is ObstacleKind.UnpluggedStorage or ObstacleKind.HostDisabled;
}
