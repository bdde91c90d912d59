using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Machine;

/// <summary>The decision code: (state, observation, now) to (state, commands).</summary>
public static partial class HaMachine
{
    /// <summary>One turn of the machine.</summary>
    /// <param name="config">Configuration, seen from this host.</param>
    /// <param name="state">State so far.</param>
    /// <param name="observation">The fact that arrived.</param>
    /// <param name="now">Monotonic time of this turn; never before the time of an earlier turn.</param>
    public static Turn Step(LocalConfig config, HaState state, Observation observation, Instant now) =>
        new(state, [], now + TimeSpan.FromSeconds(1));

    /// <summary>What the operator sees; cheap enough for every turn.</summary>
    public static StatusReport Status(LocalConfig config, HaState state, Instant now) =>
        throw new InvalidOperationException("not started");
}
