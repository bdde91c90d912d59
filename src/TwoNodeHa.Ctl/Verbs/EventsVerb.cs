using System.Globalization;
using System.Text;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary><c>events</c>: the newest lines of the daemon's event log, oldest first.</summary>
internal static class EventsVerb
{
    // While following, more are asked for than a second can produce, so that none is skipped between two rounds.
    private const int FollowWindow = 200;

    public static int Run(CtlContext context, GlobalOptions options, int last, bool follow)
    {
        var socket = LocalConfigFile.ControlSocket(options);
        EventLine? newest = null;
        for (var round = 1; ; round++)
        {
            var request = new ControlRequest.Events(round == 1 ? last : FollowWindow);
            var exchange = ControlClient.Ask(socket, request, options.Timeout);
            var fresh = Fresh(exchange.Answer?.Events ?? [], newest);
            var report = Report(exchange, fresh, options, context.Screen);
            if (round == 1 || fresh.Length > 0 || report.ExitCode != ExitCode.Ok)
            {
                Printer.Print(context, options.Json, report);
                context.Out.Flush();
            }

            // A daemon that restarts while its events are followed is the normal case, so following goes on.
            if (!follow || round >= context.RoundsMax)
            {
                return report.ExitCode;
            }

            newest = fresh.Length > 0 ? fresh[^1] : newest;
            Thread.Sleep(context.RoundPause);
        }
    }

    private static CtlReport Report(Exchange exchange, EventLine[] events, GlobalOptions options, Screen screen)
    {
        if (exchange.Answer is not { Ok: true } answer)
        {
            return new CtlReport
            {
                Verb = "events",
                ExitCode = exchange.Answer is null ? exchange.ExitCode : ExitCode.Refused,
                Text = exchange.Answer?.Text ?? exchange.Trouble,
            };
        }

        return new CtlReport
        {
            Verb = "events",
            ExitCode = ExitCode.Ok,
            Text = answer.Text,
            Events = events,
            Human = options.Json ? "" : Render(events, screen),
        };
    }

    /// <summary>The events behind the newest one that was printed already; all when it is not among them.</summary>
    private static EventLine[] Fresh(EventLine[] events, EventLine? newest)
    {
        if (newest is null)
        {
            return events;
        }

        for (var index = events.Length - 1; index >= 0; index--)
        {
            if (events[index] == newest)
            {
                return events[(index + 1)..];
            }
        }

        return events;
    }

    private static string Render(EventLine[] events, Screen screen)
    {
        var table = new TextTable();
        foreach (var line in events)
        {
            var local = Words.Local(line.UnixMs);
            table.Add(
                Words.Utc(line.UnixMs) + (local.Length > 0 ? $" ({local})" : ""),
                line.Severity,
                line.Id.ToString(CultureInfo.InvariantCulture),
                line.Sentence + Repeats(line));
        }

        var text = new StringBuilder();
        table.AppendTo(text, screen);
        return screen.Shown(text.ToString());
    }

    private static string Repeats(EventLine line) => line.Repeats > 0
        ? string.Create(CultureInfo.InvariantCulture, $" [{line.Repeats} more like it since {Words.Utc(line.SinceUnixMs)}]")
        : "";
}
