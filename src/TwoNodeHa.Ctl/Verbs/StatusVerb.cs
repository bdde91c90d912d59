using System.Text;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary><c>status</c>: what is, why, and how old the evidence is.</summary>
internal static class StatusVerb
{
    public static int Run(CtlContext context, GlobalOptions options, bool watch, bool verbose)
    {
        var socket = LocalConfigFile.ControlSocket(options);
        var frame = new Frame(context);
        for (var round = 1; ; round++)
        {
            var report = Report(socket, options, context.Screen, verbose);
            int exitCode;
            if (watch && context.Screen.IsTerminal && !options.Json)
            {
                exitCode = frame.Draw(report);
            }
            else
            {
                exitCode = Printer.Print(context, options.Json, report);
                context.Out.Flush();
            }

            if (!watch || round >= context.RoundsMax)
            {
                return exitCode;
            }

            Thread.Sleep(context.RoundPause);
        }
    }

    private static CtlReport Report(string socket, GlobalOptions options, Screen screen, bool verbose)
    {
        var exchange = ControlClient.Ask(socket, new ControlRequest.Status(), options.Timeout);
        if (exchange.Answer is { Ok: true, Status: { } status })
        {
            return new CtlReport
            {
                Verb = "status",
                ExitCode = ExitCode.Ok,
                Text = "",
                Status = status,
                Human = options.Json ? "" : verbose ? StatusText.Render(status, screen) : StatusScreen.Render(status, screen),
            };
        }

        return exchange.Answer is { } answer
            ? Refusal(answer)
            : WithoutDaemon(exchange, options, screen);
    }

    private static CtlReport Refusal(ControlAnswer answer) => new()
    {
        Verb = "status",
        ExitCode = answer.Ok ? ExitCode.Garbled : ExitCode.Refused,
        Text = answer.Ok ? "the daemon's answer contains no status (another version?)" : answer.Text,
    };

    private static CtlReport WithoutDaemon(Exchange exchange, GlobalOptions options, Screen screen)
    {
        var known = HostInspector.WithoutDaemon(options);
        var table = new TextTable();
        foreach (var line in known)
        {
            table.Add("-", line);
        }

        var text = new StringBuilder("This is what is known without the daemon:\n");
        table.AppendTo(text, screen);

        return new CtlReport
        {
            Verb = "status",
            ExitCode = exchange.ExitCode,
            Text = exchange.Trouble,
            Known = known,
            Human = screen.Shown(text.ToString()),
        };
    }
}
