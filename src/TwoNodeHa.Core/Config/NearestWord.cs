namespace TwoNodeHa.Core.Config;

/// <summary>Finds the name that was probably meant, by Levenshtein distance.</summary>
public static class NearestWord
{
    /// <summary>The nearest of the known names, or null when none is near enough to be a slip of the fingers.</summary>
    public static string? Of(string word, IEnumerable<string> known)
    {
        string? best = null;
        var bestDistance = Math.Max(2, word.Length / 3) + 1;
        foreach (var candidate in known)
        {
            var distance = Distance(word, candidate);
            if (distance < bestDistance)
            {
                (best, bestDistance) = (candidate, distance);
            }
        }

        return best;
    }

    /// <summary>Insertions, deletions and substitutions that turn one word into the other.</summary>
    public static int Distance(string left, string right)
    {
        // Words of an untrusted file can be long; beyond this length no key is near anyway.
        if (left.Length > 80 || right.Length > 80)
        {
            return Math.Max(left.Length, right.Length);
        }

        var previous = new int[right.Length + 1];
        var current = new int[right.Length + 1];
        for (var column = 0; column <= right.Length; column++)
        {
            previous[column] = column;
        }

        for (var row = 1; row <= left.Length; row++)
        {
            current[0] = row;
            for (var column = 1; column <= right.Length; column++)
            {
                var substitution = previous[column - 1] + (left[row - 1] == right[column - 1] ? 0 : 1);
                current[column] = Math.Min(substitution, Math.Min(previous[column], current[column - 1]) + 1);
            }

            (previous, current) = (current, previous);
        }

        return previous[right.Length];
    }
}
