using System.Collections.Immutable;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Advice;

/// <summary>What a check found at the path of a disk link.</summary>
/// <param name="Path">The path.</param>
/// <param name="Trouble">Why it could not be read or opened for writing, in words; empty when it could.</param>
public sealed record DiskFacts(string Path, string Trouble)
{
    /// <summary>Bytes that could be read from its start, at most <see cref="Protocol.DiskSlot.DiskBytes"/>.</summary>
    public int Bytes { get; init; }

    /// <summary>It holds something that is neither zeros nor a slot of a host.</summary>
    public bool IsForeign { get; init; }

    /// <summary>Owner (st_uid); null when it could not be read.</summary>
    public uint? Owner { get; init; }

    /// <summary>Anyone may write to it, by its mode.</summary>
    public bool OthersWrite { get; init; }
}

/// <summary>
/// What a check found on this host without the daemon; gathered by the caller, judged by <see cref="Checks"/>.
/// </summary>
public sealed record HostFacts
{
    /// <summary>The key file is there.</summary>
    public required bool KeyExists { get; init; }

    /// <summary>Size of the key file, bytes; 0 when unknown.</summary>
    public long KeyBytes { get; init; }

    /// <summary>Permission bits of the key file, as chmod(1) writes them in octal, for example 0600.</summary>
    public int KeyMode { get; init; }

    /// <summary>The watchdog's device or socket is there. It is not opened: opening a device starts it.</summary>
    public required bool WatchdogExists { get; init; }

    /// <summary>What sysfs says of the watchdog device; null for none and for a socket, or when it is not there.</summary>
    public WatchdogFacts? Watchdog { get; init; }

    /// <summary>XAPI's socket accepts a connection.</summary>
    public required bool XapiAccepts { get; init; }

    /// <summary>INSTALLATION_UUID of the inventory file; null when it could not be read.</summary>
    public Guid? InstallationUuid { get; init; }

    /// <summary>Programs of another HA solution that run here.</summary>
    public ImmutableArray<string> OtherHa { get; init; } = [];

    /// <summary>What keeps the alert hook from being run; empty when nothing does, or when there is none.</summary>
    public string HookTrouble { get; init; } = "";

    /// <summary>What keeps the file of metrics from being written; empty when nothing does, or when there is none.</summary>
    public string MetricsTrouble { get; init; } = "";

    /// <summary>The disk links, in the order of the configuration.</summary>
    public ImmutableArray<DiskFacts> Disks { get; init; } = [];
}
