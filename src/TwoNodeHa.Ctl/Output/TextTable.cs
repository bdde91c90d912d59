using System.Text;

namespace TwoNodeHa.Ctl.Output;

/// <summary>Columns of text, as wide as their widest cell; the last one is not padded.</summary>
internal sealed class TextTable
{
    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells)
    {
        for (var column = 0; column < cells.Length; column++)
        {
            cells[column] = Words.Printable(cells[column]);
        }

        _rows.Add(cells);
    }

    public void AppendTo(StringBuilder text, string indent = "")
    {
        var widths = Widths();
        foreach (var row in _rows)
        {
            text.Append(indent);
            for (var column = 0; column < row.Length - 1; column++)
            {
                text.Append(row[column]).Append(' ', widths[column] - row[column].Length + 2);
            }

            text.Append(row[^1]);
            while (text.Length > 0 && text[^1] == ' ')
            {
                text.Length--;
            }

            text.Append('\n');
        }
    }

    private int[] Widths()
    {
        var widths = new int[16];
        foreach (var row in _rows)
        {
            for (var column = 0; column < row.Length; column++)
            {
                widths[column] = Math.Max(widths[column], row[column].Length);
            }
        }

        return widths;
    }
}
