using System.Globalization;

namespace TwoNodeHa.Core.Config;

/// <summary>
/// Reads typed values from one section. A bad value gives a finding and the default, so that reading goes on.
/// </summary>
internal sealed class SectionReader(IniSection? section, FindingList findings)
{
    /// <summary>Line of a key, else of the section; 0 when the section is absent.</summary>
    public int LineOf(string key) => section?.Find(key)?.Line ?? section?.Line ?? 0;

    /// <summary>Section and key as findings name them.</summary>
    public string PathOf(string key) => section?.Path(key) ?? key;

    public bool Has(string key) => section?.Find(key) is not null;

    /// <summary>Text of a key, or null when it is absent; an empty value is a finding unless it is allowed.</summary>
    public string? Text(string key, bool emptyAllowed = false)
    {
        if (section?.Find(key) is not { } entry)
        {
            return null;
        }

        if (entry.Value.Length == 0 && !emptyAllowed)
        {
            Error(key, "the value is missing: write one after the = or remove the line for the default");
            return null;
        }

        return entry.Value;
    }

    /// <summary>Text of a key that has no default.</summary>
    public string? Required(string key, string example)
    {
        if (section is not null && !Has(key))
        {
            findings.Error(section.Line, section.Path(key), $"missing in [{section.Title}]: write {key} = {example}");
        }

        return Text(key);
    }

    /// <summary>A duration in seconds, whole or with up to three decimals.</summary>
    public TimeSpan Seconds(string key, TimeSpan byDefault, double min, double max)
    {
        if (Text(key) is not { } text)
        {
            return byDefault;
        }

        if (!DecimalText.TryParse(text, out var seconds, out var advice))
        {
            advice ??= $"write a number from {Plain(min)} to {Plain(max)}, without a unit";
            Error(key, $"\"{text}\" is not a number of seconds: {advice}");
            return byDefault;
        }

        if (seconds < (decimal)min || seconds > (decimal)max)
        {
            Error(key, $"{text} is out of range: write a number of seconds from {Plain(min)} to {Plain(max)}");
            return byDefault;
        }

        return TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond));
    }

    /// <summary>A whole number.</summary>
    public int Number(string key, int byDefault, int min, int max)
    {
        if (Text(key) is not { } text)
        {
            return byDefault;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= min && number <= max)
        {
            return number;
        }

        Error(key, $"\"{text}\" is not a whole number from {min} to {max}: write one, for example {byDefault}");
        return byDefault;
    }

    /// <summary>One word of a closed set.</summary>
    public T Word<T>(string key, T byDefault, params ReadOnlySpan<(string Word, T Value)> words)
    {
        if (Text(key) is not { } text)
        {
            return byDefault;
        }

        var known = new string[words.Length];
        for (var index = 0; index < words.Length; index++)
        {
            if (words[index].Word == text)
            {
                return words[index].Value;
            }

            known[index] = words[index].Word;
        }

        var nearest = NearestWord.Of(text, known);
        Error(key, $"\"{text}\" is not known: write {(nearest is null ? string.Join(" or ", known) : nearest)}");
        return byDefault;
    }

    public void Error(string key, string message) => findings.Error(LineOf(key), PathOf(key), message);

    public void Warning(string key, string message) => findings.Warning(LineOf(key), PathOf(key), message);

    private static string Plain(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
