using System.Globalization;

namespace TwoNodeHa.Sim.Play;

/// <summary>A stretch of a lane as it is drawn.</summary>
/// <param name="Left">Left edge, percent of the axis.</param>
/// <param name="Width">Width, percent of the axis.</param>
/// <param name="Class">a, b, down or twice.</param>
/// <param name="Says">What it is, in words.</param>
internal sealed record Band(double Left, double Width, string Class, string Says);

/// <summary>A straight axis of time under the lanes: the whole run while it is short, then its last stretch.</summary>
/// <param name="From">Its begin, seconds since second 0.</param>
/// <param name="Length">Its length, seconds.</param>
internal readonly record struct StripChart(double From, double Length)
{
    private static readonly double[] s_lengths = [60, 120, 300, 600, 1200];

    /// <summary>The axis at a time.</summary>
    public static StripChart At(double now)
    {
        var length = s_lengths.FirstOrDefault(length => now <= length, s_lengths[^1]);
        return new StripChart(Math.Max(0, now - length), length);
    }

    /// <summary>Where a time is, percent of the axis.</summary>
    public double X(double time) => Math.Clamp((time - From) / Length * 100, 0, 100);

    /// <summary>Numbers on the axis: percent, and seconds in words.</summary>
    public IEnumerable<(double X, string Text)> Ticks()
    {
        var step = Length / 6;
        for (var time = Math.Ceiling(From / step) * step; time <= From + Length; time += step)
        {
            yield return (X(time), time < 1200 ? Text(time) : string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(time / 60):0}:{time % 60:00}"));
        }
    }

    /// <summary>What of a lane is seen.</summary>
    public IEnumerable<Band> Bands(Lane lane, double now, IReadOnlyList<string> hosts)
    {
        for (var i = 0; i < lane.Stretches.Count; i++)
        {
            var (from, where) = lane.Stretches[i];
            var to = i + 1 < lane.Stretches.Count ? lane.Stretches[i + 1].From : now;
            if (to < From)
            {
                continue;
            }

            var (name, says) = where switch
            {
                Place.Nowhere => ("down", "is down"),
                Place.First => ("a", $"runs on {hosts[0]}"),
                Place.Second => ("b", $"runs on {hosts[1]}"),
                _ => ("twice", "RUNS ON BOTH HOSTS"),
            };
            yield return new Band(X(from), X(to) - X(from), name, string.Create(CultureInfo.InvariantCulture, $"{lane.Vm} {says}: {from:0.0} s to {to:0.0} s, {to - from:0.0} s"));
        }
    }

    private static string Text(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s");
}
