using System.Diagnostics;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary>
/// The boot guard's unit: holds the toolstack's start back until the daemon has settled who is master. It never holds it back
/// for long: without a daemon there is nobody to ask, and a host that nobody answers must come up alone.
/// </summary>
internal static class GuardVerb
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a daemon that does not answer is waited for: it is started again after 100 ms.</summary>
    private static readonly TimeSpan WithoutDaemon = TimeSpan.FromSeconds(3);

    /// <summary>The daemon waits 8 s for its peer; this is for one that never decides.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(12);

    public static int Run(CtlContext context, GlobalOptions options)
    {
        var watch = Stopwatch.StartNew();
        var answered = TimeSpan.Zero;
        while (true)
        {
            var exchange = ControlClient.Ask(LocalConfigFile.ControlSocket(options), new ControlRequest { Verb = "guard" }, TimeSpan.FromSeconds(1));
            answered = exchange.Answer is null ? answered : watch.Elapsed;
            var waits = exchange.Answer is { Ok: true, Pending: true } ? watch.Elapsed < Limit : exchange.Answer is null && watch.Elapsed - answered < WithoutDaemon;
            if (!waits)
            {
                return Printer.Print(context, options.Json, new CtlReport
                {
                    Verb = "guard",
                    ExitCode = exchange.Answer is { Ok: true, Pending: false } ? ExitCode.Ok : exchange.Answer is null ? exchange.ExitCode : ExitCode.Refused,
                    Text = exchange.Answer?.Text ?? $"{exchange.Trouble}; the toolstack starts in the role it had",
                });
            }

            Thread.Sleep(Interval);
        }
    }
}
