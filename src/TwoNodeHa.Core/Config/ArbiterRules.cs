namespace TwoNodeHa.Core.Config;

/// <summary>What follows from the life of the arbiter's lease.</summary>
public static class ArbiterRules
{
    /// <summary>Life of the lease where none is configured, also in the simulated world.</summary>
    public static TimeSpan LeaseOf(HaConfig config) => config.Arbiter?.LeaseTime ?? DefaultLease(config.Timing);

    /// <summary>One fence and the margin, in whole seconds, and ten more for a change of leader and a slow disk.</summary>
    public static TimeSpan DefaultLease(TimingConfig timing) =>
        TimeSpan.FromSeconds(Math.Ceiling((timing.FenceBound + timing.Margin).TotalSeconds) + 10);

    /// <summary>
    /// What a holder may use of its lease, counted from the send time of the renewal: one fence, the margin, and the drift of
    /// the store's clock before the store gives it to the other host.
    /// </summary>
    public static TimeSpan UsableOf(HaConfig config) =>
        (LeaseOf(config) / ArbiterConfig.Drift) - config.Timing.FenceBound - config.Timing.Margin;
}
