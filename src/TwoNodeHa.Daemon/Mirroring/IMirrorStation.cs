using TwoNodeHa.Daemon.Alerts;

namespace TwoNodeHa.Daemon.Mirroring;

/// <summary>What XAPI's database keeps of this pool and this host.</summary>
/// <param name="Pool">Pool.uuid.</param>
/// <param name="Config">The configuration's entry; null: none.</param>
/// <param name="State">This host's entry; null: none.</param>
internal sealed record Entries(string Pool, string? Config, string? State);

/// <summary>Where the copies are kept: the toolstack, or a test.</summary>
internal interface IMirrorStation
{
    /// <summary>The entries as they are; null when they cannot be read now.</summary>
    Task<Entries?> ReadAsync(CancellationToken cancel);

    /// <summary>Writes the pool's entry.</summary>
    Task<Delivery> WriteConfigAsync(string text, CancellationToken cancel);

    /// <summary>Writes this host's entry.</summary>
    Task<Delivery> WriteStateAsync(string text, CancellationToken cancel);
}
