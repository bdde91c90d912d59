using System.Globalization;
using System.Text;
using TwoNodeHa.Core.Advice;

namespace TwoNodeHa.Ctl.Output;

/// <summary>The checks as a person reads them.</summary>
internal static class CheckText
{
    /// <summary>Worst first; items of one grade in the order in which they were checked.</summary>
    public static string Render(CheckReport report, Screen screen)
    {
        var table = new TextTable();
        foreach (var item in report.Items.OrderBy(item => Gravity(item.Grade)))
        {
            var (mark, paint) = Mark(item.Grade);
            table.AddPainted(paint, mark, item.Name, item.Sentence);
            if (item.Advice.Length > 0)
            {
                table.Add("", "", "→ " + item.Advice);
            }
        }

        var text = new StringBuilder();
        table.AppendTo(text, screen);
        return screen.Shown(text.ToString());
    }

    public static string Summary(CheckReport report) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Words.Count(report.Count(CheckGrade.Problem), "problem")}, {Words.Count(report.Count(CheckGrade.Warning), "warning")}, "
        + $"{report.Count(CheckGrade.Unknown)} not checked, {Words.Count(report.Count(CheckGrade.Note), "note")}, {report.Count(CheckGrade.Ok)} ok");

    private static int Gravity(CheckGrade grade) => grade switch
    {
        CheckGrade.Problem => 0,
        CheckGrade.Warning => 1,
        CheckGrade.Unknown => 2,
        CheckGrade.Note => 3,
        _ => 4,
    };

    public static string Word(CheckGrade grade) => grade switch
    {
        CheckGrade.Ok => "ok",
        CheckGrade.Warning => "warning",
        CheckGrade.Problem => "problem",
        CheckGrade.Note => "note",
        _ => "unknown",
    };

    private static (string Mark, Paint? Paint) Mark(CheckGrade grade) => grade switch
    {
        CheckGrade.Ok => ("ok", Paint.Good),
        CheckGrade.Warning => ("WARN", Paint.Warning),
        CheckGrade.Problem => ("FAIL", Paint.Bad),
        CheckGrade.Note => ("note", null),
        _ => ("?", Paint.Warning),
    };
}
