using System.Diagnostics;
using System.Globalization;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary>
/// Verbs that order something of the daemon and print its sentence: enable, disable, maintenance, takeover, fence. One that
/// the other host must confirm is waited for, within a bound.
/// </summary>
internal static class OrderVerb
{
    /// <summary>Longer than any quiet window that a site configures.</summary>
    private static readonly TimeSpan SettleLimit = TimeSpan.FromMinutes(2);

    public static int Run(CtlContext context, GlobalOptions options, OperatorRequest request, double waitSeconds)
    {
        var socket = LocalConfigFile.ControlSocket(options);
        var exchange = ControlClient.Ask(socket, request with { By = context.Who }, options.Timeout);
        var confirmed = exchange.Answer is { Ok: true, Pending: true } && waitSeconds > 0
            ? Confirmed(context, socket, request, TimeSpan.FromSeconds(waitSeconds), options.Timeout)
            : null;
        return Printer.Print(context, options.Json, new CtlReport
        {
            Verb = request.Verb,
            ExitCode = confirmed?.ExitCode ?? CodeOf(exchange),
            Text = confirmed?.Text ?? exchange.Answer?.Text ?? exchange.Trouble,
        });

        // What still holds is in the daemon's own sentence; how long it was waited is added.
        (int ExitCode, string Text)? Confirmed(CtlContext from, string path, OperatorRequest asked, TimeSpan limit, TimeSpan patience)
        {
            var watch = Stopwatch.StartNew();
            while (true)
            {
                if (ControlClient.Ask(path, new ControlRequest.Status(), patience).Answer is { Ok: true, Status: { } status }
                    && Confirmation.Of(asked, status) is { } sentence)
                {
                    return (ExitCode.Ok, sentence);
                }

                if (watch.Elapsed >= limit)
                {
                    return (ExitCode.Pending, string.Create(CultureInfo.InvariantCulture,
                        $"{exchange.Answer!.Text}\nNot confirmed within {waitSeconds:0.#} s; 'ha-ctl status' shows when it is."));
                }

                Thread.Sleep(from.ConfirmPause);
            }
        }
    }

    /// <summary>An order that is judged anew each time: it is given again while the daemon still listens for something.</summary>
    public static int RunUntilSettled(CtlContext context, GlobalOptions options, OperatorRequest request)
    {
        var socket = LocalConfigFile.ControlSocket(options);
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var exchange = ControlClient.Ask(socket, request with { By = context.Who }, options.Timeout);
            if (exchange.Answer is { Ok: true, Pending: true } && watch.Elapsed < SettleLimit)
            {
                Thread.Sleep(context.ConfirmPause);
                continue;
            }

            return Printer.Print(context, options.Json, new CtlReport
            {
                Verb = request.Verb,
                ExitCode = CodeOf(exchange),
                Text = exchange.Answer?.Text ?? exchange.Trouble,
            });
        }
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
