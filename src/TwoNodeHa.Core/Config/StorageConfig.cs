using System.Collections.Immutable;

namespace TwoNodeHa.Core.Config;

/// <summary>Reaction of a host that lost the storage of its VMs while its fit peer reaches it.</summary>
public enum OnStorageLoss
{
    /// <summary>Keep running and raise an alert.</summary>
    Alert,

    /// <summary>Fence attested, so that the peer takes over at once.</summary>
    Fence,
}

/// <summary>The storage of the protected VMs, as a host sees it.</summary>
public sealed record StorageConfig
{
    /// <summary>Files or devices that are read; every one must be readable. Empty: storage is not probed. At most eight.</summary>
    public ImmutableArray<string> Probes { get; init; } = [];

    /// <summary>Time between two readings; a reading that takes longer makes the storage doubtful.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The storage is lost when one path could not be read for this long without a break.</summary>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Devices of the LUNs on which both hosts hold SCSI-3 persistent reservations, the same names in the same order on both; the first
    /// one decides. Empty: no reservations. At most eight.
    /// </summary>
    public ImmutableArray<string> ReservedLuns { get; init; } = [];

    /// <summary>Resources of DRBD below the storage of the protected VMs, by name. Empty: none. At most eight.</summary>
    public ImmutableArray<string> DrbdResources { get; init; } = [];

    /// <summary>See <see cref="Config.OnStorageLoss"/>.</summary>
    public OnStorageLoss OnLoss { get; init; }
}
