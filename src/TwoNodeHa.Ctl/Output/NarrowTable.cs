namespace TwoNodeHa.Ctl.Output;

/// <summary>Makes the rows of a table fit a screen: first without the columns that are missed least, then with shorter names.</summary>
internal static class NarrowTable
{
    private const int Gap = 2;
    private const int NameMin = 6;

    /// <param name="rows">Rows of equal length, the heads first.</param>
    /// <param name="dropped">Heads of the columns that may go, in this order.</param>
    /// <param name="width">Columns of the screen; 0 for any.</param>
    public static string[][] Fit(string[][] rows, IEnumerable<string> dropped, int width)
    {
        foreach (var head in dropped)
        {
            if (width == 0 || Wide(rows) <= width)
            {
                break;
            }

            var at = Array.IndexOf(rows[0], head);
            rows = [.. rows.Select(row => (string[])[.. row[..at], .. row[(at + 1)..]])];
        }

        var over = width == 0 ? 0 : Wide(rows) - width;
        if (over > 0)
        {
            var room = Math.Max(NameMin, rows.Max(row => row[0].Length) - over);
            rows = [.. rows.Select(row => (string[])[Cut(row[0], room), .. row[1..]])];
        }

        // The last column's head is the longest that says nothing of its cells.
        over = width == 0 ? 0 : Wide(rows) - width;
        return over <= 0 ? rows : [(string[])[.. rows[0][..^1], Cut(rows[0][^1], Math.Max(4, rows[0][^1].Length - over))], .. rows[1..]];
    }

    private static string Cut(string text, int room) => text.Length <= room ? text : text[..(room - 1)] + "…";

    private static int Wide(string[][] rows)
    {
        var wide = -Gap;
        for (var column = 0; column < rows[0].Length; column++)
        {
            wide += Gap + rows.Max(row => row[column].Length);
        }

        return wide;
    }
}
