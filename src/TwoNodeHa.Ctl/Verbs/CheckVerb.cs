using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary><c>check</c>: is the protection what the admin believes it to be?</summary>
internal static class CheckVerb
{
    public static int Run(CtlContext context, GlobalOptions options, bool offline, bool fileOnly)
    {
        var parsed = LocalConfigFile.Parse(options.ConfigFile);
        var socket = options.Socket ?? parsed.Config?.Paths.ControlSocket ?? LocalConfigFile.ControlSocket(options);
        var exchange = offline || fileOnly ? null : ControlClient.Ask(socket, new ControlRequest.Status(), options.Timeout);
        var facts = parsed.Config is { } config && !fileOnly ? HostInspector.Facts(config, options.Timeout) : null;
        var events = exchange?.Answer?.Status is null ? null : ControlClient.Ask(socket, new ControlRequest.Events(), options.Timeout).Answer?.Events;
        var report = Checks.Run(parsed, facts, exchange?.Answer?.Status, exchange is null ? null : Silence(exchange), events);
        return Printer.Print(context, options.Json, new CtlReport
        {
            Verb = "check",
            ExitCode = report.HasFindings ? ExitCode.Findings : ExitCode.Ok,
            Text = CheckText.Summary(report),
            Checks = Json(report),
            Timing = parsed.Config is null ? null : TimingRules.Of(parsed.Config).Lines(),
            Human = options.Json ? "" : CheckText.Render(report, context.Screen),
        });
    }

    private static string Silence(Exchange exchange) => exchange.Answer switch
    {
        null => exchange.Trouble,
        { Ok: false } refusal => "the daemon refused its status: " + refusal.Text,
        _ => "the daemon answered without a status (another version?)",
    };

    private static CheckJson[] Json(CheckReport report)
    {
        var items = new CheckJson[report.Items.Length];
        for (var index = 0; index < items.Length; index++)
        {
            var item = report.Items[index];
            items[index] = new CheckJson(item.Name, CheckText.Word(item.Grade), item.Sentence, item.Advice);
        }

        return items;
    }
}
