using System.Collections.Immutable;
using System.Globalization;

namespace TwoNodeHa.Core.Config;

/// <summary>
/// The arithmetic that relates the loser's end to the taker's wait (protocol.md, "Timing"). The parser refuses by it, the
/// check and the timeline print it: there is one place where the formula is written.
/// </summary>
public sealed record TimingRules
{
    private TimingRules(TimingConfig timing, TimeSpan gatewayTimeout)
    {
        Timing = timing;
        GatewayTimeout = gatewayTimeout;

        // Asked for several times in every turn, and decimal arithmetic is slow.
        OneWayFence = RoundUp(Stretched(timing.FenceBound) + timing.Margin);
        var hold = OneWayFence + (2 * timing.HeartbeatInterval) + PeerProbeRest;
        SignOfLifeHold = hold >= timing.QuietWindow ? hold : timing.QuietWindow;
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

    /// <summary>
    /// The loser is surely dead this long after the failure, on its own clock: right end plus one fence.
    /// </summary>
    public TimeSpan LoserEnd => RightEnd + Timing.FenceBound;

    /// <summary>
    /// Smallest sound T: the loser's end stretched by drift, plus margin; rounded up to a millisecond.
    /// </summary>
    public TimeSpan TakeoverBound => RoundUp(Stretched(LoserEnd) + Timing.Margin);

    /// <summary>
    /// T must be above 2f + margin, or an attestation could be acted on when the attesting host's own wait ends.
    /// </summary>
    public TimeSpan AttestFloor => (2 * Timing.AttestWindow) + Timing.Margin;

    /// <summary>
    /// The taker counts from the newest heartbeat it received, which may be one interval older than the failure, while
    /// the loser's newest answered probe may be as young as the failure. The lease has no such gap: it counts from the
    /// send time of a heartbeat that the taker received. So the gateway path has a bound of its own, which bites where
    /// the gateway timeout is longer than the lease.
    /// </summary>
    public TimeSpan GatewayPathBound =>
        RoundUp(Stretched(GatewayTimeout + Timing.StaggerTolerance + Timing.HeartbeatInterval + Timing.FenceBound));

    /// <summary>The T that is used when none is configured: the smallest one for which all rules hold.</summary>
    public TimeSpan ComputedTakeoverDelay
    {
        get
        {
            var bound = TakeoverBound >= GatewayPathBound ? TakeoverBound : GatewayPathBound;
            return bound > AttestFloor ? bound : AttestFloor + TimeSpan.FromMilliseconds(1);
        }
    }

    /// <summary>T is not below its bounds and above its floor.</summary>
    public bool Holds => Timing.TakeoverDelay >= ComputedTakeoverDelay;

    /// <summary>
    /// δ_max: how much later than the newest heartbeat the loser's gateway may be lost in safety class C; not below
    /// one interval where the rules hold.
    /// </summary>
    public TimeSpan StaggerMax =>
        TimeSpan.FromTicks((long)(Timing.TakeoverDelay.Ticks / DriftFactor)) - GatewayTimeout - Timing.FenceBound;

    /// <summary>
    /// What is left of δ_max when the newest heartbeat is one interval old as the link fails: the worst case.
    /// </summary>
    public TimeSpan StaggerAfterLink => StaggerMax - Timing.HeartbeatInterval;

    /// <summary>Between two questions to a peer whose kernel answers.</summary>
    public static readonly TimeSpan PeerProbeRest = TimeSpan.FromSeconds(0.5);

    /// <summary>
    /// How long before the announced takeover a host that is heard one way must be without a right: one fence, stretched by
    /// drift, plus margin.
    /// </summary>
    public TimeSpan OneWayFence { get; }

    /// <summary>
    /// Q: how long a sign of life of the peer's kernel keeps a takeover by silence away. Not below one fence of a peer that hears
    /// of it one way, plus what an announcement is old: two heartbeat intervals and the rest between two questions.
    /// </summary>
    public TimeSpan SignOfLifeHold { get; }

    /// <summary>The shortest time on the own clock in which so much passes on the peer's.</summary>
    public TimeSpan AtLeastHere(TimeSpan onPeersClock) => TimeSpan.FromTicks((long)decimal.Floor(onPeersClock.Ticks / DriftFactor));

    /// <summary>1 + 2·drift: one clock may run slow while the other runs fast.</summary>
    private decimal DriftFactor => 1m + (2m * Timing.ClockDriftPpm / 1_000_000m);

    /// <summary>Rules of a configuration.</summary>
    public static TimingRules Of(HaConfig config) => new(config.Timing, config.Gateway.Timeout);

    /// <summary>Rules of values that are not a whole configuration yet; T may still be zero.</summary>
    public static TimingRules Of(TimingConfig timing, TimeSpan gatewayTimeout) => new(timing, gatewayTimeout);

    /// <summary>The bound of T with its numbers, on one line.</summary>
    public string BoundLine() => string.Create(
        CultureInfo.InvariantCulture,
        $"T ≥ (max(S {Text(Timing.Lease)}, gateway timeout {Text(GatewayTimeout)} + stagger "
            + $"{Text(Timing.StaggerTolerance)})"
        + $" + max(K {Text(Timing.KillBound)}, fixed watchdog {Text(Timing.FixedWatchdog)}))"
        + $" · (1 + 2 · {Timing.ClockDriftPpm} ppm) + margin {Text(Timing.Margin)}"
        + $" = ({Text(RightEnd)} + {Text(Timing.FenceBound)}) · {DriftFactor:0.######} + {Text(Timing.Margin)}"
        + $" = {Text(TakeoverBound)} s");

    /// <summary>The rule that decides the smallest T of this configuration, with its numbers.</summary>
    public string BindingLine() =>
        ComputedTakeoverDelay > TakeoverBound && ComputedTakeoverDelay > GatewayPathBound ? FloorLine()
        : GatewayPathBound > TakeoverBound ? GatewayPathLine()
        : BoundLine();

    /// <summary>The bound of T on the gateway path with its numbers, on one line.</summary>
    public string GatewayPathLine() => string.Create(
        CultureInfo.InvariantCulture,
        $"T ≥ (gateway timeout {Text(GatewayTimeout)} + stagger {Text(Timing.StaggerTolerance)} + interval "
        + $"{Text(Timing.HeartbeatInterval)} + fence {Text(Timing.FenceBound)}) · {DriftFactor:0.######} = "
        + $"{Text(GatewayPathBound)} s");

    /// <summary>The floor of T with its numbers, on one line.</summary>
    public string FloorLine() => string.Create(
        CultureInfo.InvariantCulture,
        $"T > 2 · f + margin = 2 · {Text(Timing.AttestWindow)} + {Text(Timing.Margin)} = {Text(AttestFloor)} s");

    /// <summary>The hold for a sign of life with its numbers, on one line.</summary>
    public string SignOfLifeLine() => string.Create(
        CultureInfo.InvariantCulture,
        $"a sign of life holds a takeover back for Q = max(S + interval {Text(Timing.QuietWindow)}, fence "
        + $"{Text(Timing.FenceBound)} · {DriftFactor:0.######} + margin {Text(Timing.Margin)} + 2 · interval "
        + $"{Text(Timing.HeartbeatInterval)} + rest {Text(PeerProbeRest)}) = {Text(SignOfLifeHold)} s; a host that is heard one "
        + $"way ends {Text(OneWayFence)} s before the announced takeover");

    /// <summary>All rules with their numbers, one line each, for the check and the timeline.</summary>
    public ImmutableArray<string> Lines() =>
    [
        string.Create(
            CultureInfo.InvariantCulture,
            $"S = ({Timing.LossesTolerated} + 1) · interval {Text(Timing.HeartbeatInterval)}"
            + $" + stall {Text(Timing.StallTolerance)} = {Text(Timing.Lease)} s"),
        BoundLine(),
        GatewayPathLine(),
        FloorLine(),
        SignOfLifeLine(),
        $"T = {Text(Timing.TakeoverDelay)} s: "
            + $"{(Holds ? "all rules hold" : "BELOW ITS BOUND, a double run is possible")}",
        string.Create(
            CultureInfo.InvariantCulture,
            $"staggered loss: δ ≤ T / (1 + 2 · drift) − gateway timeout − fence = {Text(Timing.TakeoverDelay)} / "
            + $"{DriftFactor:0.######} − {Text(GatewayTimeout)} − {Text(Timing.FenceBound)} = {Text(StaggerMax)} s "
            + $"after the newest heartbeat, in the worst case {Text(StaggerAfterLink)} s after the link"),
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
