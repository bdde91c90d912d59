using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Situation;

/// <summary>What would not come back after the failure of a host, as it was last worked out and told.</summary>
public sealed record CoverageView
{
    /// <summary>The reading of the database that it was worked out from.</summary>
    internal DatabaseFacts? Database { get; init; }

    /// <summary>The own record that it was worked out from.</summary>
    internal ImmutableArray<VmRecord> Vms { get; init; } = [];

    /// <summary>Which VMs would not come back; empty when all would.</summary>
    public string Missing { get; init; } = "";

    /// <summary>The same in sentences.</summary>
    public string Sentence { get; init; } = "";

    /// <summary>Since when <see cref="Missing"/> is as it is.</summary>
    public Instant Since { get; init; }

    /// <summary><see cref="Missing"/> as it was told last.</summary>
    public string Told { get; init; } = "";
}
