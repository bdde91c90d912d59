using System.Text.Encodings.Web;
using System.Text.Json;

namespace TwoNodeHa.Ctl.Output;

/// <summary>Prints one report, as JSON or as text, and gives its exit code.</summary>
internal static class Printer
{
    // Sentences contain δ and ≥; a terminal and jq read them as they are, and no HTML is made of them.
    private static readonly Lazy<CtlJson> s_json = new(() =>
        new CtlJson(new JsonSerializerOptions(CtlJson.Default.Options)
        {
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        }));

    public static int Print(CtlContext context, bool json, CtlReport report)
    {
        if (json)
        {
            context.Out.WriteLine(JsonSerializer.Serialize(report, s_json.Value.CtlReport));
            return report.ExitCode;
        }

        if (report.Human.Length > 0)
        {
            context.Out.Write(report.Human);
            if (!report.Human.EndsWith('\n'))
            {
                context.Out.WriteLine();
            }
        }

        if (report.Text.Length > 0)
        {
            // The summary below a list of checks belongs to the list, whatever they found.
            var isResult = report.ExitCode is ExitCode.Ok or ExitCode.Pending
                || (report.ExitCode == ExitCode.Findings && report.Human.Length > 0);
            var text = context.Screen.Shown(isResult ? report.Text : "ha-ctl: " + report.Text);
            foreach (var line in text.Split('\n').SelectMany(line => WordWrap.Lines(line, context.Screen.Width)))
            {
                (isResult ? context.Out : context.Error).WriteLine(line);
            }
        }

        return report.ExitCode;
    }
}
