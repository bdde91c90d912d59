using TwoNodeHa.Core.Config;

namespace TwoNodeHa.Sim.Explore;

/// <summary>Smallest δ that broke a promise, seconds; null when none did.</summary>
/// <param name="AfterLink">From the cut of the path.</param>
/// <param name="AfterHeartbeat">From the newest heartbeat of the loser that passed.</param>
internal readonly record struct StaggerBreak(double? AfterLink, double? AfterHeartbeat)
{
    /// <summary>The smaller of each.</summary>
    public static StaggerBreak Min(StaggerBreak left, StaggerBreak right) =>
        new(Least(left.AfterLink, right.AfterLink), Least(left.AfterHeartbeat, right.AfterHeartbeat));

    private static double? Least(double? left, double? right) =>
        left is null || right is null ? left ?? right : Math.Min(left.Value, right.Value);
}

/// <summary>What a sweep found, beside what the rules print.</summary>
internal sealed record StaggerReport
{
    /// <summary>δ of the rules, from the newest heartbeat.</summary>
    public required double PrintedAfterHeartbeat { get; init; }

    /// <summary>δ of the rules, from the link.</summary>
    public required double PrintedAfterLink { get; init; }

    /// <summary>First δ at which a takeover was decided while the loser still ran a VM (S3).</summary>
    public required StaggerBreak Decided { get; init; }

    /// <summary>First δ at which a VM ran on both (S1).</summary>
    public required StaggerBreak Ran { get; init; }

    /// <summary>Nothing broke at or below what the rules print.</summary>
    public bool Holds => !(Decided.AfterLink <= PrintedAfterLink) && !(Decided.AfterHeartbeat <= PrintedAfterHeartbeat)
        && !(Ran.AfterLink <= PrintedAfterLink) && !(Ran.AfterHeartbeat <= PrintedAfterHeartbeat);

    /// <summary>Runs played.</summary>
    public required int Runs { get; init; }
}

/// <summary>
/// The path between the hosts is cut, and one host loses the gateway δ later: all δ and all phases of the cut against the
/// heartbeats, with the slowest fence that the kill bound allows (destroying hangs, the reset ends it).
/// </summary>
internal sealed class StaggerSweep(ExploreOptions options, TimeSpan step, int shiftCount)
{
    private int _runs;

    public StaggerReport Run()
    {
        var rules = new ExploreSite(options).Rules;
        return new StaggerReport
        {
            PrintedAfterHeartbeat = rules.StaggerMax.TotalSeconds,
            PrintedAfterLink = rules.StaggerAfterLink.TotalSeconds,
            Decided = Sweep("S3", rules),
            Ran = Sweep("S1", rules),
            Runs = _runs,
        };
    }

    private StaggerBreak Sweep(string promise, TimingRules rules)
    {
        var site = new ExploreSite(options with { Promises = [promise], Assumption = GatewayAssumption.Off });
        var least = default(StaggerBreak);
        for (byte loser = 0; loser < 2; loser++)
        {
            foreach (var settled in Shifted(SmallWorld.Settled(site), loser))
            {
                for (var phase = TimeSpan.Zero; phase < rules.Timing.HeartbeatInterval; phase += step)
                {
                    least = StaggerBreak.Min(least, OnePhase(settled, phase, loser));
                }
            }
        }

        return least;
    }

    /// <summary>
    /// The pair with the loser's probes and heartbeats at different distances from each other and from the feeding of its
    /// watchdog: answers that stayed away move the probes, a new daemon of the peer moves the heartbeats, long before.
    /// </summary>
    private IEnumerable<SmallWorld> Shifted(SmallWorld settled, byte loser)
    {
        yield return settled;
        var probe = settled.Site.Config.Gateway.ProbeInterval;
        var beat = settled.Site.Config.Timing.HeartbeatInterval;
        for (var shift = 0; shift < shiftCount * shiftCount; shift++)
        {
            var world = settled.Copy();
            world.RunTo(settled.Now + (beat * (shift / shiftCount) / shiftCount).Ticks);
            world.Apply(new Fault(FaultKind.Kill, (byte)(1 - loser), 0));
            var outageAt = world.Now + (5 * TimeSpan.TicksPerSecond);
            world.RunTo(outageAt);
            world.Apply(new Fault(FaultKind.Gateway, loser, 0));
            world.RunTo(outageAt + (probe * (shiftCount + (2 * (shift % shiftCount))) / shiftCount).Ticks);
            world.Apply(new Fault(FaultKind.Gateway, loser, 0));
            world.RunTo(settled.Now + (20 * TimeSpan.TicksPerSecond));
            yield return world;
        }
    }

    /// <summary>The first δ that breaks, for one moment of the cut.</summary>
    private StaggerBreak OnePhase(SmallWorld settled, TimeSpan phase, byte loser)
    {
        var world = settled.Copy();
        world.RunTo(settled.Now + phase.Ticks);
        var cutAt = world.Now;
        var heardAt = world.CarriedAt(loser);
        world.Apply(new Fault(FaultKind.Hang, 0, 0));
        world.Apply(new Fault(FaultKind.Hang, 1, 0));
        world.Apply(new Fault(FaultKind.Link, 0, 0));
        var longest = 2 * world.Site.Config.Timing.TakeoverDelay;
        for (var delta = TimeSpan.Zero; delta <= longest; delta += step)
        {
            world.RunTo(cutAt + delta.Ticks);
            var copy = world.Copy();
            if (copy.Violation is null)
            {
                copy.Apply(new Fault(FaultKind.Gateway, loser, 0));
                copy.RunTo(copy.Now + longest.Ticks);
            }

            _runs++;
            if (copy.Violation is not null)
            {
                return new StaggerBreak(delta.TotalSeconds, (cutAt + delta.Ticks - heardAt) / (double)TimeSpan.TicksPerSecond);
            }
        }

        return default;
    }
}
