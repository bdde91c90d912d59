using System.Collections.Immutable;
using System.Globalization;

namespace TwoNodeHa.Core.Config;

/// <summary>
/// The arithmetic that relates the loser's end to the taker's wait (design, section 4). The parser refuses by it, the
/// check and the timeline print it: there is one place where the formula is written.
/// </summary>
public sealed record TimingRules
{
    private TimingRules(TimingConfig timing, TimeSpan gatewayTimeout)
    {
        Timing = timing;
        GatewayTimeout = gatewayTimeout;
    }

    /// <summary>The values the rules are about.</summary>
    public TimingConfig Timing { get; }

    /// <summary>Soft end of the right that leans on the gateway.</summary>
    public TimeSpan GatewayTimeout { get; }

    /// <summary>Latest end of a right to run after the failure: max(S, gateway timeout + stagger tolerance).</summary>
    public TimeSpan RightEnd
    {
        get
        {
            var gatewayEnd = GatewayTimeout + Timing.StaggerTolerance;
            return Timing.Lease >= gatewayEnd ? Timing.Lease : gatewayEnd;
        }
    }

    /// <summary>The loser is surely dead this long after the failure, on its own clock: right end plus one fence.</summary>
    public TimeSpan LoserEnd => RightEnd + Timing.FenceBound;

    /// <summary>Smallest sound T: the loser's end stretched by drift, plus margin; rounded up to a millisecond.</summary>
    public TimeSpan TakeoverBound => RoundUp(Stretched(LoserEnd) + Timing.Margin);

    /// <summary>T must be above 2f + margin, or an attestation could be acted on when the attesting host's own wait ends.</summary>
    public TimeSpan AttestFloor => (2 * Timing.AttestWindow) + Timing.Margin;

    /// <summary>The T that is used when none is configured: the bound, or just above the floor where that is higher.</summary>
    public TimeSpan ComputedTakeoverDelay =>
        TakeoverBound > AttestFloor ? TakeoverBound : AttestFloor + TimeSpan.FromMilliseconds(1);

    /// <summary>T is not below its bound and above its floor.</summary>
    public bool Holds => Timing.TakeoverDelay >= TakeoverBound && Timing.TakeoverDelay > AttestFloor;

    /// <summary>
    /// δ_max: how much later than the links the loser's gateway may be lost in safety class C; negative when not even
    /// both at once are covered.
    /// </summary>
    public TimeSpan StaggerMax =>
        TimeSpan.FromTicks((long)(Timing.TakeoverDelay.Ticks / DriftFactor)) - GatewayTimeout - Timing.FenceBound;

    /// <summary>1 + 2·drift: one clock may run slow while the other runs fast.</summary>
    private decimal DriftFactor => 1m + (2m * Timing.ClockDriftPpm / 1_000_000m);

    /// <summary>Rules of a configuration.</summary>
    public static TimingRules Of(HaConfig config) => new(config.Timing, config.Gateway.Timeout);

    /// <summary>Rules of values that are not a whole configuration yet; T may still be zero.</summary>
    public static TimingRules Of(TimingConfig timing, TimeSpan gatewayTimeout) => new(timing, gatewayTimeout);

    /// <summary>The bound of T with its numbers, on one line.</summary>
    public string BoundLine() => string.Create(
        CultureInfo.InvariantCulture,
        $"T ≥ (max(S {Text(Timing.Lease)}, gateway timeout {Text(GatewayTimeout)} + stagger {Text(Timing.StaggerTolerance)})"
        + $" + max(K {Text(Timing.KillBound)}, fixed watchdog {Text(Timing.FixedWatchdog)}))"
        + $" · (1 + 2 · {Timing.ClockDriftPpm} ppm) + margin {Text(Timing.Margin)}"
        + $" = ({Text(RightEnd)} + {Text(Timing.FenceBound)}) · {DriftFactor:0.######} + {Text(Timing.Margin)}"
        + $" = {Text(TakeoverBound)} s");

    /// <summary>The floor of T with its numbers, on one line.</summary>
    public string FloorLine() => string.Create(
        CultureInfo.InvariantCulture,
        $"T > 2 · f + margin = 2 · {Text(Timing.AttestWindow)} + {Text(Timing.Margin)} = {Text(AttestFloor)} s");

    /// <summary>All rules with their numbers, one line each, for the check and the timeline.</summary>
    public ImmutableArray<string> Lines() =>
    [
        string.Create(
            CultureInfo.InvariantCulture,
            $"S = ({Timing.LossesTolerated} + 1) · interval {Text(Timing.HeartbeatInterval)}"
            + $" + stall {Text(Timing.StallTolerance)} = {Text(Timing.Lease)} s"),
        BoundLine(),
        FloorLine(),
        $"T = {Text(Timing.TakeoverDelay)} s: {(Holds ? "both rules hold" : "BELOW ITS BOUND, a double run is possible")}",
        string.Create(
            CultureInfo.InvariantCulture,
            $"staggered loss: δ ≤ T / (1 + 2 · drift) − gateway timeout − fence = {Text(Timing.TakeoverDelay)} / "
            + $"{DriftFactor:0.######} − {Text(GatewayTimeout)} − {Text(Timing.FenceBound)} = {Text(StaggerMax)} s"),
    ];

    /// <summary>Seconds with up to three decimals, without a unit.</summary>
    public static string Text(TimeSpan duration) =>
        (duration.Ticks / (decimal)TimeSpan.TicksPerSecond).ToString("0.###", CultureInfo.InvariantCulture);

    private TimeSpan Stretched(TimeSpan duration) =>
        TimeSpan.FromTicks((long)decimal.Ceiling(duration.Ticks * DriftFactor));

    private static TimeSpan RoundUp(TimeSpan duration)
    {
        var milliseconds = (duration.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;
        return TimeSpan.FromTicks(milliseconds * TimeSpan.TicksPerMillisecond);
    }
}
