using System.Globalization;

namespace TwoNodeHa.Ctl;

/// <summary>
/// Durations that an operator types: 90s, 30m, 2h, 1d. A unit is required, so that 30 is never misread.
/// </summary>
internal static class DurationText
{
    /// <summary>Longest duration: a year.</summary>
    private const decimal SecondsMax = 365 * 86400m;

    /// <summary>Seconds, or null with what to write.</summary>
    public static double? Parse(string text, out string problem)
    {
        problem = "";
        var factor = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        if (factor == 0
            || !decimal.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            problem = $"\"{text}\" is not a duration: write a number with s, m, h or d, for example 90s, 30m, 2h, 1d";
            return null;
        }

        var seconds = number * factor;
        if (seconds is < 1 or > SecondsMax)
        {
            problem = $"\"{text}\" is out of range: write one second to 365d";
            return null;
        }

        return (double)seconds;
    }
}
