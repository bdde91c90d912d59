using System.Diagnostics;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary>
/// The units that hold a host's boot or its shutdown back: before the toolstack starts, until the daemon has settled who is
/// master; before the VMs stop, until the mastership was handed over. Neither is held back for long: without a daemon there is
/// nobody to ask, and a host that nobody answers must come up, or go down, alone.
/// </summary>
internal static class GuardVerb
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a daemon that does not answer is waited for: it is started again after 100 ms.</summary>
    private static readonly TimeSpan WithoutDaemon = TimeSpan.FromSeconds(3);

    /// <summary>At boot the daemon waits for its peer as boot_guard_wait_seconds allows, at most 600 s; this is for one that never decides.</summary>
    public static readonly TimeSpan BootLimit = TimeSpan.FromSeconds(610);

    /// <summary>At shutdown the daemon waits 60 s for the hand-over.</summary>
    public static readonly TimeSpan DepartLimit = TimeSpan.FromSeconds(75);

    public static int Run(CtlContext context, GlobalOptions options, OperatorRequest request, TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        var answered = TimeSpan.Zero;
        while (true)
        {
            var exchange = ControlClient.Ask(LocalConfigFile.ControlSocket(options), request, TimeSpan.FromSeconds(1));
            answered = exchange.Answer is null ? answered : watch.Elapsed;
            var waits = exchange.Answer is { Ok: true, Pending: true } ? watch.Elapsed < limit : exchange.Answer is null && watch.Elapsed - answered < WithoutDaemon;
            if (!waits)
            {
                return Printer.Print(context, options.Json, new CtlReport
                {
                    Verb = request.Verb,
                    ExitCode = exchange.Answer is { Ok: true, Pending: false } ? ExitCode.Ok : exchange.Answer is null ? exchange.ExitCode : ExitCode.Refused,
                    Text = exchange.Answer?.Text ?? $"{exchange.Trouble}; not waiting",
                });
            }

            Thread.Sleep(Interval);
        }
    }
}
