using System.Globalization;

namespace TwoNodeHa.Ctl.Output;

/// <summary>Numbers and times in words.</summary>
internal static class Words
{
    public static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>A number with its noun: <c>1 problem</c>, <c>2 problems</c>.</summary>
    public static string Count(int number, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {noun}{(number == 1 ? "" : "s")}");

    /// <summary>XAPI's word for a restart priority.</summary>
    public static string Priority(string priority) => priority switch
    {
        "Restart" => "restart",
        "BestEffort" => "best-effort",
        _ => "-",
    };

    public static string YesNo(bool value) => value ? "yes" : "no";

    public static string Ago(double? seconds) => seconds is { } age ? Age(age) + " ago" : "never";

    /// <summary>
    /// Text without control characters: a VM's name is chosen by whoever may rename it, and must not steer the terminal
    /// of the administrator.
    /// </summary>
    public static string Printable(string text)
    {
        foreach (var character in text)
        {
            if (char.IsControl(character))
            {
                return string.Create(text.Length, text, static (span, source) =>
                {
                    for (var index = 0; index < span.Length; index++)
                    {
                        span[index] = char.IsControl(source[index]) ? '?' : source[index];
                    }
                });
            }
        }

        return text;
    }

    /// <summary>A duration with its leading unit, for a column.</summary>
    public static string ShortAge(double seconds) => seconds switch
    {
        < 10 => seconds.ToString("0.0", CultureInfo.InvariantCulture) + " s",
        < 60 => seconds.ToString("0", CultureInfo.InvariantCulture) + " s",
        < 3600 => ((int)(seconds / 60)).ToString(CultureInfo.InvariantCulture) + " min",
        < 172_800 => ((int)(seconds / 3600)).ToString(CultureInfo.InvariantCulture) + " h",
        _ => ((long)Math.Min(seconds / 86_400, 99_999)).ToString(CultureInfo.InvariantCulture) + " d",
    };

    /// <summary>A duration with its two leading units.</summary>
    public static string Age(double seconds)
    {
        if (seconds < 60)
        {
            return seconds.ToString("0.0", CultureInfo.InvariantCulture) + " s";
        }

        var span = TimeSpan.FromSeconds(Math.Min(seconds, 1e9));
        if (span.TotalHours < 1)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{span.Minutes} min {span.Seconds} s");
        }

        return span.TotalDays < 1
            ? string.Create(CultureInfo.InvariantCulture, $"{span.Hours} h {span.Minutes} min")
            : string.Create(CultureInfo.InvariantCulture, $"{span.Days} d {span.Hours} h");
    }

    /// <summary>Wall clock of this host beside the UTC time, where it differs; else empty.</summary>
    public static string Local(long unixMs)
    {
        var local = DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(unixMs, 0, 253402300799999)).ToLocalTime();
        return local.Offset == TimeSpan.Zero ? "" : local.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
    }

    /// <summary>Wall clock in UTC, so that the lines of both hosts can be laid side by side.</summary>
    public static string Utc(long unixMs) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(unixMs, 0, 253402300799999))
            .ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
}
