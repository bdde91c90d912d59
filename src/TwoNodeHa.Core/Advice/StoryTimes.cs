using TwoNodeHa.Core.Config;

namespace TwoNodeHa.Core.Advice;

/// <summary>The times that several stories share, counted from the failure.</summary>
internal sealed class StoryTimes(HaConfig config)
{
    private readonly TimingConfig _timing = config.Timing;

    /// <summary>
    /// What a promotion typically costs: XAPI's fuse of 5 to 10 s, then 20 to 90 s of start-up, mostly storage
    /// (xapi.md 4.2 and 4.4).
    /// </summary>
    public static TimeRange Promotion { get; } = new(TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(100));

    /// <summary>The newest heartbeat is up to one interval old when the failure strikes.</summary>
    public TimeRange Silence => new(_timing.TakeoverDelay - _timing.HeartbeatInterval, _timing.TakeoverDelay);

    /// <summary>The peer has no acknowledged lease any more and begins to count.</summary>
    public TimeRange LeaseEnd => new(_timing.Lease - _timing.HeartbeatInterval, _timing.Lease);

    /// <summary>The newest answered probe is up to one probe interval old when the gateway is lost.</summary>
    public TimeRange GatewayEnd => new(config.Gateway.Timeout - config.Gateway.ProbeInterval, config.Gateway.Timeout);

    /// <summary>A host without gateway yields to a peer that has one: the newest answered probe is up to one interval old.</summary>
    public TimeRange YieldEnd => new(config.Gateway.YieldAfter, config.Gateway.YieldAfter + config.Gateway.ProbeInterval);

    /// <summary>A host without peer and gateway has no right to run from here on; beside an arbiter the gateway gives none.</summary>
    public TimeRange RightEnd => config.Policy.UsesArbiter ? LeaseEnd : new(Later(LeaseEnd.From, GatewayEnd.From), Later(LeaseEnd.To, GatewayEnd.To));

    /// <summary>Its VMs are verified dead, or it was reset.</summary>
    public TimeRange Dead => new(RightEnd.From, RightEnd.To + _timing.FenceBound);

    /// <summary>One heartbeat later: what the one host says is known to the other.</summary>
    public TimeRange Heard(TimeRange said) => said.Plus(TimeSpan.Zero, _timing.HeartbeatInterval);

    private static TimeSpan Later(TimeSpan left, TimeSpan right) => left >= right ? left : right;
}
