using System.Text;

namespace TwoNodeHa.Ctl.Output;

/// <summary>
/// Draws a picture over the one before: each line is written and cleared behind its end, what was below is cleared last,
/// all in one write. Nothing is blank in between, so nothing flickers.
/// </summary>
internal sealed class Frame(CtlContext context)
{
    private const string ClearAll = "\e[H\e[2J";
    private const string Home = "\e[H";
    private const string ClearLine = "\e[K";
    private const string ClearBelow = "\e[J";

    private bool _drawn;

    /// <summary>Draws one report as <see cref="Printer"/> would print it.</summary>
    public int Draw(CtlReport report)
    {
        using var picture = new StringWriter { NewLine = "\n" };
        var exitCode = Printer.Print(context with { Out = picture, Error = picture }, json: false, report);
        var height = context.Screen.Height > 1 ? context.Screen.Height - 1 : int.MaxValue;
        var text = new StringBuilder(_drawn ? Home : ClearAll);
        foreach (var line in picture.ToString().TrimEnd('\n').Split('\n').Take(height))
        {
            text.Append(line).Append(ClearLine).Append('\n');
        }

        _drawn = true;
        context.Out.Write(text.Append(ClearBelow));
        context.Out.Flush();
        return exitCode;
    }
}
