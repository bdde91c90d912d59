using System.Collections.Immutable;

namespace TwoNodeHa.Core.Contract;

/// <summary>
/// What an operator's maintenance has come to: begun and being emptied, under the promise, or on its way back. It gives no
/// right and takes none away; the promise alone does.
/// </summary>
public sealed record MaintenanceJournal
{
    /// <summary>In the operator's words; may be empty.</summary>
    public string Reason { get; init; } = "";

    /// <summary>When it ends by itself, Unix milliseconds of the wall clock; 0 for never.</summary>
    public long UntilUnixMs { get; init; }

    /// <summary>A master stays master, also through reboots: for an update of the platform.</summary>
    public bool KeepsMastership { get; init; }

    /// <summary>Nobody asked this daemon: the host was disabled in XAPI and emptied, and it ends when it is enabled there.</summary>
    public bool ByToolstack { get; init; }

    /// <summary>It is over: what ran here is to come back.</summary>
    public bool Returning { get; init; }

    /// <summary>VMs that ran here when it began, ascending.</summary>
    public ImmutableArray<Guid> Vms { get; init; } = [];
}
