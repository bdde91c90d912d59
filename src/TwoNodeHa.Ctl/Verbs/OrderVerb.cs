using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary>
/// Verbs that order something of the daemon and print its sentence: enable, disable, maintenance, takeover, fence.
/// </summary>
internal static class OrderVerb
{
    public static int Run(CtlContext context, GlobalOptions options, ControlRequest request)
    {
        var exchange = ControlClient.Ask(LocalConfigFile.ControlSocket(options), request, options.Timeout);
        return Printer.Print(context, options.Json, new CtlReport
        {
            Verb = request.Verb,
            ExitCode = CodeOf(exchange),
            Text = exchange.Answer?.Text ?? exchange.Trouble,
        });
    }

    /// <summary>A request that is not sent, because the command line lacks what makes it deliberate.</summary>
    public static int NotConfirmed(CtlContext context, GlobalOptions options, string verb, string sentence) =>
        Printer.Print(context, options.Json, new CtlReport { Verb = verb, ExitCode = ExitCode.Usage, Text = sentence });

    private static int CodeOf(Exchange exchange) => exchange.Answer switch
    {
        null => exchange.ExitCode,
        { Ok: false } => ExitCode.Refused,
        { Pending: true } => ExitCode.Pending,
        _ => ExitCode.Ok,
    };
}
