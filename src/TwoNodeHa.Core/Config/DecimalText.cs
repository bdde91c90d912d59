using System.Globalization;

namespace TwoNodeHa.Core.Config;

/// <summary>Reads a plain decimal number, and recognises the usual slips: a unit behind it, a comma in it.</summary>
internal static class DecimalText
{
    private static readonly (string Suffix, decimal Factor)[] s_units =
    [
        ("ms", 0.001m), ("msec", 0.001m), ("s", 1m), ("sec", 1m), ("secs", 1m), ("seconds", 1m), ("second", 1m),
        ("m", 60m), ("min", 60m), ("minutes", 60m), ("h", 3600m),
    ];

    /// <summary>
    /// Parses digits with at most three decimals. On failure <paramref name="advice"/> says what to write, or is
    /// null when the text resembles no number at all.
    /// </summary>
    public static bool TryParse(string text, out decimal value, out string? advice)
    {
        advice = null;
        if (TryDigits(text, out value))
        {
            if (value == decimal.Round(value, 3))
            {
                return true;
            }

            advice = "write at most three decimals";
            return false;
        }

        if (TryDigits(text.Replace(',', '.'), out var withPoint))
        {
            advice = $"write {Plain(withPoint)}, with a point";
            return false;
        }

        foreach (var (suffix, factor) in s_units)
        {
            if (text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
                && TryDigits(text[..^suffix.Length].Trim(), out var number))
            {
                advice = $"write {Plain(number * factor)}; the unit is in the name of the key";
                return false;
            }
        }

        return false;
    }

    private static bool TryDigits(string text, out decimal value)
    {
        value = 0;
        return text.Length is > 0 and <= 12
            && decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value);
    }

    private static string Plain(decimal value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
