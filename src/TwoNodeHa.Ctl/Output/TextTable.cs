using System.Text;

namespace TwoNodeHa.Ctl.Output;

/// <summary>Columns of text, as wide as their widest cell; the last one is wrapped where the screen ends.</summary>
internal sealed class TextTable
{
    private const int Gap = 2;
    private const int LastColumnMin = 20;

    private readonly List<(string[] Cells, Paint? Paint)> _rows = [];

    /// <summary>Rows so far.</summary>
    public int Count => _rows.Count;

    public void Add(params string[] cells) => AddPainted(null, cells);

    /// <summary>A row whose first cell has a colour.</summary>
    public void AddPainted(Paint? paint, params string[] cells)
    {
        for (var column = 0; column < cells.Length; column++)
        {
            cells[column] = Words.Printable(cells[column]);
        }

        _rows.Add((cells, paint));
    }

    public void AppendTo(StringBuilder text, string indent = "") => AppendTo(text, Screen.None, indent);

    public void AppendTo(StringBuilder text, Screen screen, string indent = "")
    {
        var widths = Widths();
        foreach (var (cells, paint) in _rows)
        {
            var start = indent.Length;
            for (var column = 0; column < cells.Length - 1; column++)
            {
                start += widths[column] + Gap;
            }

            var room = screen.Width == 0 ? 0 : Math.Max(LastColumnMin, screen.Width - start);
            var isFirst = true;
            foreach (var line in WordWrap.Lines(cells[^1], room))
            {
                var before = text.Length;
                AppendLine(text, screen, indent, isFirst ? cells : null, widths, start, paint, line);
                isFirst = false;
                TrimEnd(text, before);
                text.Append('\n');
            }
        }
    }

    private static void AppendLine(
        StringBuilder text, Screen screen, string indent, string[]? cells, int[] widths, int start, Paint? paint, string last)
    {
        if (cells is null)
        {
            text.Append(' ', start).Append(last);
            return;
        }

        text.Append(indent);
        for (var column = 0; column < cells.Length - 1; column++)
        {
            text.Append(column == 0 && paint is { } colour ? screen.Paint(cells[column], colour) : cells[column])
                .Append(' ', widths[column] - cells[column].Length + Gap);
        }

        text.Append(cells.Length == 1 && paint is { } only ? screen.Paint(last, only) : last);
    }

    private static void TrimEnd(StringBuilder text, int start)
    {
        while (text.Length > start && text[^1] == ' ')
        {
            text.Length--;
        }
    }

    private int[] Widths()
    {
        var widths = new int[16];
        foreach (var (cells, _) in _rows)
        {
            for (var column = 0; column < cells.Length; column++)
            {
                widths[column] = Math.Max(widths[column], cells[column].Length);
            }
        }

        return widths;
    }
}
