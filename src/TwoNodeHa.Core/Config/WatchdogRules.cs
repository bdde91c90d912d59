using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Config;

/// <summary>Whether a watchdog does what the arithmetic of <see cref="TimingRules"/> counts with (assumption A2).</summary>
public static class WatchdogRules
{
    /// <summary>
    /// Why a host with this watchdog must not promise to be dead in time; null when it may. A fixed timeout W costs
    /// max(K, W): one that is not longer than what the configuration counts with is sound.
    /// </summary>
    /// <param name="timing">Timing that both hosts agreed on.</param>
    /// <param name="facts">What the adapter found.</param>
    public static string? Trouble(TimingConfig timing, WatchdogFacts facts)
    {
        if (!facts.Present)
        {
            return facts.Description;
        }

        if (facts.TimeoutPerFeeding)
        {
            return null;
        }

        if (facts.FixedTimeout is not { } fixedTimeout)
        {
            // What it does not tell, the configuration must; then its word is taken.
            return timing.FixedWatchdog > TimeSpan.Zero ? null
                : $"{facts.Description} does not take the remaining time: write its own timeout as fixed_watchdog_seconds on both hosts";
        }

        return fixedTimeout <= timing.FenceBound ? null
            : $"{facts.Description} resets this host up to {TimingRules.Text(fixedTimeout)} s after its last feeding, the takeover "
                + $"delay counts with {TimingRules.Text(timing.FenceBound)} s: write fixed_watchdog_seconds = "
                + $"{TimingRules.Text(fixedTimeout)} on both hosts";
    }

    /// <summary>What costs time or guards less than it seems, although it is sound; empty when there is nothing.</summary>
    /// <param name="timing">Timing that both hosts agreed on.</param>
    /// <param name="facts">What the adapter found.</param>
    public static string Reservation(TimingConfig timing, WatchdogFacts facts)
    {
        if (facts.Weakness.Length > 0)
        {
            return $"{facts.Description}: {facts.Weakness}";
        }

        var real = facts.TimeoutPerFeeding ? TimeSpan.Zero : facts.FixedTimeout;
        return real < timing.FixedWatchdog && timing.FixedWatchdog > timing.KillBound
            ? $"{facts.Description}: fixed_watchdog_seconds = {TimingRules.Text(timing.FixedWatchdog)} lengthens the takeover, "
                + $"{TimingRules.Text(real.Value)} is enough"
            : "";
    }
}
