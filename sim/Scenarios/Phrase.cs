using System.Globalization;
using TwoNodeHa.Core.Config;

namespace TwoNodeHa.Sim.Scenarios;

/// <summary>Who the words of a scenario mean: host names, VM names, and roles that a variant casts.</summary>
public sealed class Cast
{
    private readonly Dictionary<string, int> _hosts = new(StringComparer.Ordinal);

    public Cast(IReadOnlyList<string> hostNames, IReadOnlyList<string> vmNames, IReadOnlyList<string> linkNames, int x, int master = 0)
    {
        HostNames = hostNames;
        VmNames = vmNames;
        LinkNames = linkNames;
        (_hosts[hostNames[0]], _hosts[hostNames[1]]) = (0, 1);

        // As they are when a scenario begins.
        (_hosts["master"], _hosts["slave"]) = (master, 1 - master);
        (_hosts["x"], _hosts["y"]) = (x, 1 - x);
    }

    public IReadOnlyList<string> HostNames { get; }

    public IReadOnlyList<string> VmNames { get; }

    public IReadOnlyList<string> LinkNames { get; }

    public IReadOnlyDictionary<string, int> Hosts => _hosts;
}

/// <summary>The values of a matched sentence, in the order of the pattern.</summary>
public sealed class PhraseArguments
{
    private readonly List<object> _values = [];
    private int _next;

    public void Add(object value) => _values.Add(value);

    public int Host() => (int)_values[_next++];

    public int Link() => (int)_values[_next++];

    public double Share() => (double)_values[_next++];

    public TimeSpan Time() => (TimeSpan)_values[_next++];

    public int Number() => (int)_values[_next++];

    public string Word() => (string)_values[_next++];
}

/// <summary>
/// One sentence pattern: literal words and typed places in braces: {host}, {link}, {vm}, {time}, {share}, {number}, {word}
/// and {text} (quoted).
/// </summary>
/// <param name="Pattern">Words and places.</param>
/// <param name="Example">One sentence that matches.</param>
/// <param name="Meaning">What it does or expects; one sentence.</param>
/// <param name="Value">What stands behind it.</param>
public sealed record Phrase<T>(string Pattern, string Example, string Meaning, T Value)
{
    public string[] Words { get; } = Pattern.Split(' ');
}

/// <summary>A sentence that could not be understood; the message says what was meant, perhaps.</summary>
public sealed class PhraseException(string message) : Exception(message);

/// <summary>Finds the pattern of a sentence.</summary>
public sealed class PhraseBook<T>(IReadOnlyList<Phrase<T>> phrases)
{
    /// <summary>Names in a message; the nearest is said besides.</summary>
    private const int NamesMax = 12;

    public IReadOnlyList<Phrase<T>> Phrases => phrases;

    /// <summary>The phrase and its values.</summary>
    /// <exception cref="PhraseException">No pattern fits, or a place holds what it cannot.</exception>
    public (Phrase<T> Phrase, PhraseArguments Arguments) Match(string sentence, Cast cast)
    {
        var words = Split(sentence);
        string? trouble = null;
        foreach (var phrase in phrases)
        {
            if (phrase.Words.Length == words.Count && LiteralsFit(phrase, words))
            {
                var arguments = new PhraseArguments();
                trouble = Fill(phrase, words, cast, arguments);
                if (trouble is null)
                {
                    return (phrase, arguments);
                }
            }
        }

        throw new PhraseException(trouble ?? $"not understood: '{sentence}'{Hint(words)}");
    }

    private static List<string> Split(string sentence)
    {
        var words = new List<string>();
        var rest = sentence.Trim();
        while (rest.Length > 0)
        {
            var end = rest[0] == '"' ? rest.IndexOf('"', 1) + 1 : rest.IndexOf(' ', StringComparison.Ordinal);
            end = end <= 0 ? rest.Length : end;
            words.Add(rest[..end].Trim('"'));
            rest = rest[end..].TrimStart();
        }

        return words;
    }

    private static bool LiteralsFit(Phrase<T> phrase, List<string> words)
    {
        for (var i = 0; i < words.Count; i++)
        {
            if (phrase.Words[i][0] != '{' && phrase.Words[i] != words[i])
            {
                return false;
            }
        }

        return true;
    }

    private static string? Fill(Phrase<T> phrase, List<string> words, Cast cast, PhraseArguments arguments)
    {
        for (var i = 0; i < words.Count; i++)
        {
            if (phrase.Words[i][0] == '{' && Take(phrase.Words[i], words[i], cast, arguments) is { } trouble)
            {
                return trouble;
            }
        }

        return null;
    }

    private static string? Take(string place, string word, Cast cast, PhraseArguments arguments)
    {
        switch (place)
        {
            case "{host}" when cast.Hosts.TryGetValue(word, out var host):
                arguments.Add(host);
                return null;
            case "{host}":
                return $"no host '{word}': {string.Join(", ", cast.Hosts.Keys)}{Near(word, cast.Hosts.Keys)}";
            case "{link}" when cast.LinkNames.Contains(word):
                arguments.Add(cast.LinkNames.ToList().IndexOf(word));
                return null;
            case "{link}":
                return $"no link '{word}' here: {string.Join(", ", cast.LinkNames)}{Near(word, cast.LinkNames)}";
            case "{vm}" when cast.VmNames.Contains(word):
                arguments.Add(word);
                return null;
            case "{vm}":
                return $"no VM '{word}' here: {Some(cast.VmNames)}{Near(word, cast.VmNames)}";
            case "{time}" when Times.TryParse(word, out var time):
                arguments.Add(time);
                return null;
            case "{time}":
                return $"'{word}' is no time: write 500ms, 12s, 3min, 2h or 1d";
            case "{share}" when word.EndsWith('%') && double.TryParse(word[..^1], CultureInfo.InvariantCulture, out var percent)
                && percent is >= 0 and <= 100:
                arguments.Add(percent / 100);
                return null;
            case "{share}":
                return $"'{word}' is no share: write 30%";
            case "{number}" when int.TryParse(word, CultureInfo.InvariantCulture, out var number):
                arguments.Add(number);
                return null;
            case "{number}":
                return $"'{word}' is no whole number";
            default:
                arguments.Add(word);
                return null;
        }
    }

    private string Hint(List<string> words)
    {
        var spoken = string.Join(' ', words);
        var nearest = phrases.MinBy(phrase => NearestWord.Distance(spoken, phrase.Example) + (3 * Differing(phrase, words)))!;
        return $"; the nearest is '{nearest.Pattern}', as in '{nearest.Example}'";
    }

    private static int Differing(Phrase<T> phrase, List<string> words) =>
        phrase.Words.Count(word => word[0] != '{' && !words.Contains(word));

    private static string Some(IReadOnlyList<string> names) => names.Count == 0 ? "there is none" : names.Count <= NamesMax ? string.Join(", ", names)
        : string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", names.Take(NamesMax))} and {names.Count - NamesMax} more");

    private static string Near(string word, IEnumerable<string> known) =>
        NearestWord.Of(word, known) is { } near ? $"; meant '{near}'?" : "";
}

/// <summary>Times as scenarios write them.</summary>
public static class Times
{
    private static readonly (string Unit, double Seconds)[] Units =
        [("ms", 0.001), ("min", 60), ("s", 1), ("h", 3600), ("d", 86400)];

    public static bool TryParse(string text, out TimeSpan time)
    {
        foreach (var (unit, seconds) in Units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && double.TryParse(text[..^unit.Length], NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
                && value is >= -1e7 and <= 1e7)
            {
                time = TimeSpan.FromTicks((long)Math.Round(value * seconds * TimeSpan.TicksPerSecond));
                return true;
            }
        }

        time = default;
        return false;
    }

    public static string Text(TimeSpan time) => time.Ticks % TimeSpan.TicksPerSecond == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0}s")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.###}ms");
}
