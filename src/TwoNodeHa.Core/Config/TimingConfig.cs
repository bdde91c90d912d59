namespace TwoNodeHa.Core.Config;

/// <summary>The timing rules of both hosts. All values are durations on a monotonic clock.</summary>
public sealed record TimingConfig
{
    /// <summary>Name of the profile the values started from: fast, balanced or patient.</summary>
    public required string Profile { get; init; }

    /// <summary>Time between two heartbeats on each link.</summary>
    public required TimeSpan HeartbeatInterval { get; init; }

    /// <summary>Heartbeats in a row that may be lost without any effect.</summary>
    public required int LossesTolerated { get; init; }

    /// <summary>Longest stall (scheduling, storage, round trip) of either host that must have no effect.</summary>
    public required TimeSpan StallTolerance { get; init; }

    /// <summary>K: from "decide to fence" to "verified that nothing runs and no back-end writes", else reset.</summary>
    public required TimeSpan KillBound { get; init; }

    /// <summary>A3: bound of the drift between the two monotonic clocks, parts per million.</summary>
    public required int ClockDriftPpm { get; init; }

    /// <summary>Added to the bound of the takeover delay for what the formula does not know.</summary>
    public required TimeSpan Margin { get; init; }

    /// <summary>Longest time by which loss of the gateway may trail loss of the links (reconvergence of switches).</summary>
    public required TimeSpan StaggerTolerance { get; init; }

    /// <summary>T: silence of the peer after which a takeover is due. Computed unless configured; never below its bound.</summary>
    public required TimeSpan TakeoverDelay { get; init; }

    /// <summary>Timeout of a watchdog that cannot take one per feeding; zero when it can.</summary>
    public required TimeSpan FixedWatchdog { get; init; }

    /// <summary>S: soft end of the lease, counted from the send time of the newest acknowledged heartbeat.</summary>
    public TimeSpan Lease => new(((LossesTolerated + 1) * HeartbeatInterval.Ticks) + StallTolerance.Ticks);

    /// <summary>f: how fresh an attestation must be for T1: two intervals plus link delay.</summary>
    public TimeSpan AttestWindow => new((2 * HeartbeatInterval.Ticks) + (200 * TimeSpan.TicksPerMillisecond));

    /// <summary>How long something heard one way, or a sign of life, keeps a takeover by silence away.</summary>
    public TimeSpan QuietWindow => Lease + HeartbeatInterval;

    /// <summary>
    /// Lateness of the loop above which the host counts as starved. A late heartbeat eats the stall tolerance, a late
    /// fence eats the margin: half of the smaller one is left for everything else.
    /// </summary>
    public TimeSpan LatenessLimit => (StallTolerance <= Margin ? StallTolerance : Margin) / 2;

    /// <summary>What one fence costs the taker's wait: K, or the fixed watchdog where that is longer.</summary>
    public TimeSpan FenceBound => KillBound >= FixedWatchdog ? KillBound : FixedWatchdog;
}
