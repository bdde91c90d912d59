using TwoNodeHa.Core.Config;

namespace TwoNodeHa.Core.Advice;

/// <summary>What the death of a host typically costs its VMs: the arithmetic of <c>ha-ctl timeline</c>, with typical times of XAPI.</summary>
public static class Downtime
{
    /// <summary>One start of a VM, until its domain runs (xapi.md 6.3, typical; a guest's own boot comes on top).</summary>
    public static TimeSpan Start { get; } = TimeSpan.FromSeconds(2);

    /// <summary>A promotion, within <see cref="StoryTimes.Promotion"/>.</summary>
    private static readonly TimeSpan s_promotion = TimeSpan.FromSeconds(50);

    /// <summary>From the death of a host until the other one orders the first start.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="wasMaster">The dead host was the pool's master: the other one is promoted first.</param>
    public static TimeSpan UntilFirstStart(HaConfig config, bool wasMaster) =>
        new StoryTimes(config).Silence.To + (wasMaster ? s_promotion : TimeSpan.Zero);
}
