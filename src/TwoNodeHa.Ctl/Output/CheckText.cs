using System.Globalization;
using System.Text;
using TwoNodeHa.Core.Advice;

namespace TwoNodeHa.Ctl.Output;

/// <summary>The checks as a person reads them.</summary>
internal static class CheckText
{
    public static string Render(CheckReport report)
    {
        var table = new TextTable();
        foreach (var item in report.Items)
        {
            table.Add(Mark(item.Grade), item.Name, item.Sentence);
            if (item.Advice.Length > 0)
            {
                table.Add("", "", "→ " + item.Advice);
            }
        }

        var text = new StringBuilder();
        table.AppendTo(text);
        return text.ToString();
    }

    public static string Summary(CheckReport report) => string.Create(
        CultureInfo.InvariantCulture,
        $"{report.Count(CheckGrade.Problem)} problems, {report.Count(CheckGrade.Warning)} warnings, "
        + $"{report.Count(CheckGrade.Unknown)} not checked, {report.Count(CheckGrade.Ok)} ok");

    public static string Word(CheckGrade grade) => grade switch
    {
        CheckGrade.Ok => "ok",
        CheckGrade.Warning => "warning",
        CheckGrade.Problem => "problem",
        _ => "unknown",
    };

    private static string Mark(CheckGrade grade) => grade switch
    {
        CheckGrade.Ok => "ok",
        CheckGrade.Warning => "WARN",
        CheckGrade.Problem => "FAIL",
        _ => "?",
    };
}
