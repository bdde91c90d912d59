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

    /// <summary>
    /// Between two renewals at most, from one's send time to the next: a third of the life, and early enough that one call may be missed, with
    /// a <see cref="ArbiterConfig.Spacing"/> for the answer of the next one.
    /// </summary>
    public static TimeSpan RenewalOf(HaConfig config)
    {
        var (third, spare) = (LeaseOf(config) / 3, UsableOf(config) - ArbiterConfig.CallBound - ArbiterConfig.Spacing);
        return third <= spare ? third : spare;
    }
}
