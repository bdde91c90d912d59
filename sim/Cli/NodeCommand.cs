using System.CommandLine;
using System.Runtime.InteropServices;
using TwoNodeHa.Sim.Lab;
using TwoNodeHa.Sim.Lab.Cables;
using TwoNodeHa.Sim.Machine;
using TwoNodeHa.Sim.Machine.Iscsi;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Cli;

/// <summary>`sim node`: one emulated host as one process.</summary>
internal static class NodeCommand
{
    public static Command Create()
    {
        var name = new Option<string>("--name") { Required = true, Description = "host of the pool definition" };
        var directory = new Option<string>("--dir") { Required = true, Description = "the host's own disk" };
        var shared = new Option<string>("--shared") { Required = true, Description = "the shared storage" };
        var config = new Option<string>("--config") { Required = true, Description = "pool definition (JSON)" };
        Option<string> timings = CliOptions.Timings();
        var noToolstack = new Option<bool>("--no-toolstack-at-boot") { Description = "the daemon starts it" };
        var restart = new Option<string>("--daemon-restart")
        {
            DefaultValueFactory = _ => "0.1",
            Description = "seconds until a dead daemon is restarted, or 'never'",
        };
        var guard = new Option<string?>("--boot-guard") { Description = "command that holds the toolstack back at a boot after the first" };
        var seed = new Option<int?>("--seed") { Description = "of the drawn durations" };
        var first = new Option<string?>("--first-process")
        {
            Description = "this is the first process of a host of the lab; the argument is its run directory, empty after each boot",
        };
        var san = new Option<string?>("--san") { Description = "portal of the iSCSI target to whose LUNs the VMs write" };
        var luns = new Option<int>("--luns") { Description = "its LUNs", DefaultValueFactory = _ => 1 };
        var daemon = new Argument<string[]>("daemon")
        {
            Arity = ArgumentArity.ZeroOrMore,
            Description = "command line of the daemon: everything after --daemon or --",
        };
        var command = new Command("node", "Run one emulated host: toolstack, VMs, watchdog, daemon.")
        {
            name, directory, shared, config, timings, noToolstack, restart, guard, seed, first, san, luns, daemon,
        };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(first), () => new NodeOptions
        {
            Pool = PoolDefinition.Load(parsed.GetValue(config)!),
            HostName = parsed.GetValue(name)!,
            Directory = new HostDirectory(
                Path.GetFullPath(parsed.GetValue(directory)!), Path.GetFullPath(parsed.GetValue(shared)!)),
            Timings = CliOptions.ParseTimings(parsed.GetValue(timings)!),
            ToolstackAtBoot = !parsed.GetValue(noToolstack),
            BootGuard = parsed.GetValue(guard)?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [],
            DaemonRestart = CliOptions.ParseRestart(parsed.GetValue(restart)!),
            Daemon = parsed.GetValue(daemon) ?? [],
            San = parsed.GetValue(san) is { } portal ? new SanAddress(portal, parsed.GetValue(luns)) : null,
            Console = Console.Out,
            Seed = parsed.GetValue(seed) ?? Environment.ProcessId,
            Exit = parsed.GetValue(first) is null ? End : EndOfHost,
        }));
        return command;
    }

    /// <summary>`--daemon` ends the options: what follows belongs to the daemon, whatever it looks like.</summary>
    public static string[] SplitDaemon(string[] arguments)
    {
        int index = Array.IndexOf(arguments, "--daemon");
        return index < 0 ? arguments : [.. arguments[..index], "--", .. arguments[(index + 1)..]];
    }

    private static async Task<int> RunAsync(string? runDirectory, Func<NodeOptions> options)
    {
        if (runDirectory is not null)
        {
            FirstProcess.Prepare();
            // A tmpfs on a real host.
            if (Directory.Exists(runDirectory))
            {
                Directory.Delete(runDirectory, recursive: true);
            }

            Directory.CreateDirectory(runDirectory);
        }

        // Not disposed: the process ends through Exit, as a host does, at once and with everything in it.
        var node = new EmulatedNode(options());
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, node));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, node));
        await node.BootAsync().ConfigureAwait(false);
        while (true)
        {
            await Task.Delay(TimeSpan.FromSeconds(1)).ConfigureAwait(false);
            ChildProcess.ReapOrphans();
        }
    }

    private static void Stop(PosixSignalContext context, EmulatedNode node)
    {
        context.Cancel = true;
        _ = Task.Run(node.ShutdownAsync);
    }

    /// <summary>A machine that dies, or has no power any more, sends no frame: its connections do not end, they fall silent.</summary>
    private static void EndOfHost(int code)
    {
        NetDevices.AllDown();
        End(code);
    }

    private static void End(int code)
    {
        Console.Out.Flush();
        ChildProcess.KillAll();
        Native.ExitNow(code);
    }
}

/// <summary><c>sim first-process</c>: tries what the first process of a host must be allowed to do, and ends.</summary>
internal static class FirstProcessCommand
{
    public static Command Create()
    {
        var command = new Command("first-process", "Try what the first process of a lab's host does.") { Hidden = true };
        command.SetAction(_ =>
        {
            FirstProcess.Prepare();
            return File.Exists("/proc/1/stat") && Environment.ProcessId == 1 ? 0 : 1;
        });
        return command;
    }
}

/// <summary>Options several verbs share.</summary>
internal static class CliOptions
{
    public static Option<string> Timings()
    {
        var option = new Option<string>("--timings")
        {
            DefaultValueFactory = _ => "fast",
            Description = "durations of the toolstack",
        };
        option.AcceptOnlyFromAmong("fast", "realistic");
        return option;
    }

    /// <summary>A signal that asks, and does not kill.</summary>
    public static PosixSignalRegistration OnSignal(PosixSignal signal, TaskCompletionSource wish) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            wish.TrySetResult();
        });

    public static ToolstackTimings ParseTimings(string text) =>
        text == "realistic" ? ToolstackTimings.Realistic : ToolstackTimings.Fast;

    public static TimeSpan? ParseRestart(string text) =>
        text == "never" ? null : TimeSpan.FromSeconds(double.Parse(text, System.Globalization.CultureInfo.InvariantCulture));
}
