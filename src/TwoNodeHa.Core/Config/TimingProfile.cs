namespace TwoNodeHa.Core.Config;

/// <summary>
/// The values a profile starts from. Keys of <c>[timing]</c> and <c>[gateway]</c> override single ones.
/// </summary>
/// <param name="Timing">Timing; T is zero, it is computed.</param>
/// <param name="GatewayTimeout">Soft end of the right that leans on the gateway.</param>
/// <param name="ProbeInterval">Time between two probe rounds.</param>
/// <param name="YieldAfter">How long a host waits for its gateway before it yields to a peer that has one (ADR 14).</param>
internal sealed record TimingProfile(TimingConfig Timing, TimeSpan GatewayTimeout, TimeSpan ProbeInterval, TimeSpan YieldAfter)
{
    public const string Default = "balanced";

    public static TimingProfile Of(string name) => name switch
    {
        "fast" => Make(name, interval: 0.5, stall: 0.3, kill: 2, margin: 0.2, gateway: 2.5, probe: 0.25, yield: 5),

        // Lives through a stall of dom0's storage of 20 s, the kind that made XAPI raise its own base time twice,
        // and through slow LACP and spanning tree.
        "patient" => Make(name, interval: 1, stall: 20, kill: 10, margin: 1, gateway: 20, probe: 0.5, yield: 50),
        _ => Make(Default, interval: 1, stall: 0.5, kill: 4, margin: 0.5, gateway: 5, probe: 0.5, yield: 10),
    };

    private static TimingProfile Make(
        string name, double interval, double stall, double kill, double margin, double gateway, double probe, double yield)
    {
        var timing = new TimingConfig
        {
            Profile = name,
            HeartbeatInterval = TimeSpan.FromSeconds(interval),
            LossesTolerated = 4,
            StallTolerance = TimeSpan.FromSeconds(stall),
            KillBound = TimeSpan.FromSeconds(kill),
            ClockDriftPpm = 500,
            Margin = TimeSpan.FromSeconds(margin),
            StaggerTolerance = TimeSpan.Zero,
            TakeoverDelay = TimeSpan.Zero,
            FixedWatchdog = TimeSpan.Zero,
        };
        return new TimingProfile(timing, TimeSpan.FromSeconds(gateway), TimeSpan.FromSeconds(probe), TimeSpan.FromSeconds(yield));
    }
}
