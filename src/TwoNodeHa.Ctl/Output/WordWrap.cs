namespace TwoNodeHa.Ctl.Output;

/// <summary>Breaks text between words; a word longer than a line is broken where the line ends.</summary>
internal static class WordWrap
{
    /// <summary>Lines of at most <paramref name="width"/> characters; one line when the width is 0.</summary>
    public static IEnumerable<string> Lines(string text, int width)
    {
        if (width <= 0)
        {
            yield return text;
            yield break;
        }

        var rest = text.AsMemory();
        while (rest.Length > width)
        {
            var end = rest.Span[..(width + 1)].LastIndexOf(' ');
            var (keep, skip) = end > 0 ? (end, end + 1) : (width, width);
            yield return rest[..keep].TrimEnd().ToString();
            rest = rest[skip..].TrimStart();
        }

        yield return rest.ToString();
    }

    /// <summary>At most so many lines; the last one ends with an ellipsis when there is more.</summary>
    public static List<string> Lines(string text, int width, int linesMax)
    {
        List<string> lines = [.. Lines(text, width).Take(linesMax + 1)];
        if (lines.Count <= linesMax)
        {
            return lines;
        }

        lines.RemoveRange(linesMax, lines.Count - linesMax);
        var last = lines[^1];
        lines[^1] = (last.Length < width ? last : last[..(width - 1)]) + "…";
        return lines;
    }
}
