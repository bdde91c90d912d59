using System.Collections.Immutable;

namespace TwoNodeHa.Core.Control;

/// <summary>What would happen if a host failed now.</summary>
/// <param name="Fails">Name of the host that fails.</param>
/// <param name="Survivor">Name of the other one.</param>
public sealed record FailureOutlook(string Fails, string Survivor)
{
    /// <summary>All protected VMs come back; best-effort ones are not counted.</summary>
    public required bool Covered { get; init; }

    /// <summary>Names of the VMs that are started, in order.</summary>
    public required ImmutableArray<string> Starts { get; init; }

    /// <summary>Typical time from the failure until the first of them runs, seconds; null when none is started.</summary>
    public double? FirstSeconds { get; init; }

    /// <summary>The same for the last of them.</summary>
    public double? LastSeconds { get; init; }

    /// <summary>VMs that are not started, with the reason.</summary>
    public ImmutableArray<OutlookMiss> Missing { get; init; } = [];

    /// <summary>Memory of the survivor that is free for them, bytes; -1 when it is not known.</summary>
    public long FreeBytes { get; init; } = -1;

    /// <summary>What does not come back, as a sentence; empty when all does.</summary>
    public string Gap { get; init; } = "";
}

/// <summary>A VM that would not come back.</summary>
/// <param name="Name">Name.</param>
/// <param name="Why">The reason.</param>
/// <param name="BestEffort">It is best-effort.</param>
public sealed record OutlookMiss(string Name, string Why, bool BestEffort);

/// <summary>Everything that <c>ha-ctl vm</c> shows.</summary>
public sealed record VmReport
{
    /// <summary>Age of the records behind it, seconds; null when none were read.</summary>
    public double? FactsAgeSeconds { get; init; }

    /// <summary>All VMs of the pool, in the order of their names.</summary>
    public required ImmutableArray<VmDetail> Vms { get; init; }
}

/// <summary>One VM in full.</summary>
/// <param name="Uuid">VM.uuid.</param>
/// <param name="Name">VM.name_label.</param>
public sealed record VmDetail(Guid Uuid, string Name)
{
    /// <summary>HA keeps it running.</summary>
    public required bool Protected { get; init; }

    /// <summary>Which word decides that.</summary>
    public required string ProtectedWhy { get; init; }

    /// <summary>restart, ordinary or best-effort; empty when it is not protected.</summary>
    public string Class { get; init; } = "";

    /// <summary>VM.order.</summary>
    public int Order { get; init; }

    /// <summary>VM.start_delay, seconds.</summary>
    public double StartDelaySeconds { get; init; }

    /// <summary>VM.shutdown_delay, seconds; 0 for XAPI's own bound.</summary>
    public double ShutdownDelaySeconds { get; init; }

    /// <summary>Name of its vApp; empty when it is in none.</summary>
    public string Appliance { get; init; } = "";

    /// <summary>It ran, and nobody stopped it through XAPI.</summary>
    public bool Wanted { get; init; }

    /// <summary>Name of the host that it runs on, by the hypervisors' own lists; empty when on none.</summary>
    public string On { get; init; } = "";

    /// <summary>What a start takes from a host, bytes.</summary>
    public long NeedBytes { get; init; }

    /// <summary>VM.memory_dynamic_min, bytes.</summary>
    public long DynamicMinBytes { get; init; }

    /// <summary>VM.memory_dynamic_max, bytes.</summary>
    public long DynamicMaxBytes { get; init; }

    /// <summary>Each host, and whether the VM can run there.</summary>
    public ImmutableArray<VmPlace> Places { get; init; } = [];

    /// <summary>What happens to it if the host that it runs on fails; empty when it runs nowhere, or is not protected.</summary>
    public string IfItsHostFails { get; init; } = "";

    /// <summary>It comes back if that host fails.</summary>
    public bool ComesBack { get; init; }

    /// <summary>Typical time until it runs again if a master fails under it, seconds; null when it does not come back.</summary>
    public double? DownOnMasterSeconds { get; init; }

    /// <summary>The same for a slave.</summary>
    public double? DownOnSlaveSeconds { get; init; }

    /// <summary>What is odd about its record, and what is made of it.</summary>
    public ImmutableArray<string> Remarks { get; init; } = [];
}

/// <summary>A VM on a host.</summary>
/// <param name="Host">Name of the host.</param>
/// <param name="Can">The VM can run there.</param>
/// <param name="Obstacles">Why not, and what else is to be known.</param>
public sealed record VmPlace(string Host, bool Can, ImmutableArray<string> Obstacles);
