using System.Text;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary><c>status</c>: what is, why, and how old the evidence is.</summary>
internal static class StatusVerb
{
    private const string ClearScreen = "\e[H\e[2J";

    public static int Run(CtlContext context, GlobalOptions options, bool watch)
    {
        var socket = LocalConfigFile.ControlSocket(options);
        for (var round = 1; ; round++)
        {
            var report = Report(socket, options);
            if (watch && context.IsTerminal && !options.Json)
            {
                context.Out.Write(ClearScreen);
            }

            var exitCode = Printer.Print(context, options.Json, report);
            context.Out.Flush();
            if (!watch || round >= context.RoundsMax)
            {
                return exitCode;
            }

            Thread.Sleep(context.RoundPause);
        }
    }

    private static CtlReport Report(string socket, GlobalOptions options)
    {
        var exchange = ControlClient.Ask(socket, new ControlRequest { Verb = "status" }, options.Timeout);
        if (exchange.Answer is { Ok: true, Status: { } status })
        {
            return new CtlReport
            {
                Verb = "status",
                ExitCode = ExitCode.Ok,
                Text = "",
                Status = status,
                Human = options.Json ? "" : StatusText.Render(status),
            };
        }

        return exchange.Answer is { } answer
            ? Refusal(answer)
            : WithoutDaemon(exchange, options);
    }

    private static CtlReport Refusal(ControlAnswer answer) => new()
    {
        Verb = "status",
        ExitCode = answer.Ok ? ExitCode.Garbled : ExitCode.Refused,
        Text = answer.Ok ? "the daemon's answer contains no status (another version?)" : answer.Text,
    };

    private static CtlReport WithoutDaemon(Exchange exchange, GlobalOptions options)
    {
        var known = HostInspector.WithoutDaemon(options);
        var text = new StringBuilder("This is what is known without the daemon:\n");
        foreach (var line in known)
        {
            text.Append("- ").Append(line).Append('\n');
        }

        return new CtlReport
        {
            Verb = "status",
            ExitCode = exchange.ExitCode,
            Text = exchange.Trouble,
            Known = known,
            Human = text.ToString(),
        };
    }
}
