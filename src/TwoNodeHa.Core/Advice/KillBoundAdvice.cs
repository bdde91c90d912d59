using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Core.Advice;

/// <summary>What the fences that were measured say about <c>kill_bound_seconds</c> (K), which is a property of the site.</summary>
public static class KillBoundAdvice
{
    private const string Name = "kill bound";
    private const string Before = "fenced in ";

    /// <summary>A K of a watchdog device is armed in whole seconds, two at least.</summary>
    private const double SecondsMin = 2;

    /// <summary>The verdict on K.</summary>
    /// <param name="config">The configuration of the pair.</param>
    /// <param name="events">Events of one host, or of both.</param>
    public static CheckItem Of(HaConfig config, IEnumerable<EventLine> events)
    {
        var bound = config.Timing.KillBound.TotalSeconds;
        ImmutableArray<EventLine> kept = [.. events];
        ImmutableArray<double> fences = [.. kept.Select(Seconds).OfType<double>()];
        if (kept.LastOrDefault(line => line.Id == (int)HaEventId.FenceReset) is { } reset)
        {
            // History, which a longer K does not change: no finding.
            return new CheckItem(Name, CheckGrade.Note, $"a fence was not verified within K, {Text(bound)} s, and the host was reset: {reset.Sentence}",
                $"See what hung: ha-ctl explain E{reset.Id}. Where the storage is that slow: {Raise(config, Math.Max(2 * bound, Twice(fences)))}");
        }

        if (fences.IsEmpty)
        {
            return new CheckItem(Name, CheckGrade.Note, $"K is {Text(bound)} s, and no fence was measured on this host yet", "Measure one with a test VM: ha-ctl drill.");
        }

        var longest = fences.Max();
        var words = string.Create(CultureInfo.InvariantCulture, $"{(fences.Length == 1 ? "the one measured fence" : $"the longest of {fences.Length} measured fences")} took {longest:0.00} s; K is {Text(bound)} s");
        return longest > bound / 2
            ? new CheckItem(Name, CheckGrade.Warning, words + ", so less than half is left for more VMs or a slower disk", Raise(config, Twice(fences)))
            : new CheckItem(Name, CheckGrade.Ok, words);
    }

    /// <summary>What a shorter K would gain; empty when nothing.</summary>
    /// <param name="config">The configuration of the pair.</param>
    /// <param name="longest">The longest fence that was measured, seconds.</param>
    public static string Shorter(HaConfig config, double longest)
    {
        var next = Math.Max(SecondsMin, Math.Ceiling(4 * longest));
        var gain = config.Timing.TakeoverDelay - With(config, next);
        return next >= config.Timing.KillBound.TotalSeconds || gain <= TimeSpan.Zero ? ""
            : $"kill_bound_seconds = {Text(next)} would make a takeover by silence {TimingRules.Text(gain)} s faster. Only where this host never runs many more VMs, "
                + "and its storage never hangs longer, than in the drill.";
    }

    /// <summary>What a fence took, by its event; null for another event.</summary>
    internal static double? Seconds(EventLine line)
    {
        if (line.Id != (int)HaEventId.FenceVerified || !line.Sentence.StartsWith(Before, StringComparison.Ordinal))
        {
            return null;
        }

        var end = line.Sentence.IndexOf(' ', Before.Length);
        return end > 0 && double.TryParse(line.Sentence[Before.Length..end], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) ? seconds : null;
    }

    private static double Twice(ImmutableArray<double> fences) => fences.IsEmpty ? 0 : 2 * fences.Max();

    private static string Raise(HaConfig config, double seconds)
    {
        var next = Math.Max(SecondsMin, Math.Ceiling(seconds));
        return $"Set kill_bound_seconds = {Text(next)} on both hosts; the takeover delay is then computed as {TimingRules.Text(With(config, next))} s.";
    }

    private static TimeSpan With(HaConfig config, double killBound) =>
        TimingRules.Of(config.Timing with { KillBound = TimeSpan.FromSeconds(killBound) }, config.Gateway.Timeout).ComputedTakeoverDelay;

    private static string Text(double seconds) => seconds.ToString("0.###", CultureInfo.InvariantCulture);
}
