using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Machine;

/// <summary>Everything the decision code knows. Immutable.</summary>
public sealed record HaState
{
    /// <summary>HA state.</summary>
    public HaStatus Status { get; init; }

    /// <summary>The state before <see cref="Observation.Started"/>.</summary>
    public static HaState Initial(LocalConfig config) => new();
}
