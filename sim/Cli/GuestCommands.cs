using System.Collections.Concurrent;
using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Lab;
using TwoNodeHa.Sim.Machine;

namespace TwoNodeHa.Sim.Cli;

/// <summary>`sim bmc`: one request to the control socket of an emulated host, from a shell.</summary>
internal static class BaseboardCommand
{
    public static Command Create()
    {
        var socket = new Option<string>("--socket") { Required = true, Description = "bmc.sock of the host" };
        var seconds = new Option<double>("--timeout") { DefaultValueFactory = _ => 10, Description = "seconds to wait" };
        var request = new Argument<string>("request") { Description = "a verb, or a JSON object" };
        var command = new Command("bmc", "Ask the control socket of an emulated host.") { socket, seconds, request };
        command.SetAction((parsed, _) => AskAsync(
            parsed.GetValue(socket)!, parsed.GetValue(request)!, TimeSpan.FromSeconds(parsed.GetValue(seconds))));
        return command;
    }

    private static async Task<int> AskAsync(string socket, string request, TimeSpan limit)
    {
        JsonObject body = request.StartsWith('{') ? JsonNode.Parse(request)!.AsObject() : new JsonObject { ["verb"] = request };
        await using BaseboardSession session = await BaseboardSession.OpenAsync(socket).ConfigureAwait(false);
        try
        {
            JsonObject answer = await session.AskAsync(body).WaitAsync(limit).ConfigureAwait(false);
            Console.WriteLine(answer.ToJsonString());
            return (bool?)answer["ok"] == true ? 0 : 1;
        }
        catch (TimeoutException)
        {
            await Console.Error.WriteLineAsync($"no answer within {limit.TotalSeconds} s").ConfigureAwait(false);
            return 6;
        }
    }
}

/// <summary>
/// `sim unit`: the process a real service manager sees of an emulated service. It lives and dies with the service: SIGTERM
/// stops that in order, and a SIGKILL is felt by the emulated host as the end of the connection.
/// </summary>
internal static class UnitCommand
{
    public static Command Create()
    {
        var socket = new Option<string>("--socket") { Required = true, Description = "bmc.sock of the host" };
        var unit = new Argument<string>("unit") { Description = "which service" };
        unit.AcceptOnlyFromAmong("xapi", "xenopsd-xc");
        var command = new Command("unit", "Stand for a service of an emulated host.") { socket, unit };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(socket)!, parsed.GetValue(unit)!));
        return command;
    }

    private static async Task<int> RunAsync(string socket, string unit)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration term = CliOptions.OnSignal(PosixSignal.SIGTERM, stop);
        await using BaseboardSession session = await BaseboardSession.OpenAsync(socket).ConfigureAwait(false);
        await session.AskAsync(new JsonObject { ["verb"] = "attend", ["unit"] = unit }).ConfigureAwait(false);

        // Nothing more is said on this line: its end is the end of the emulated host, or of this process.
        Task<string?> gone = session.ReadLineAsync();
        if (await Task.WhenAny(stop.Task, gone).ConfigureAwait(false) == gone)
        {
            return 1;
        }

        if (unit == "xapi")
        {
            await using BaseboardSession order = await BaseboardSession.OpenAsync(socket).ConfigureAwait(false);
            await order.AskAsync(new JsonObject { ["verb"] = "stop" }).ConfigureAwait(false);
        }

        return 0;
    }
}

/// <summary>`sim watchdog`: the emulated watchdog as a device of the chassis; exits with 78 when it fires.</summary>
internal static class WatchdogCommand
{
    public static Command Create()
    {
        var socket = new Option<string>("--socket") { Required = true, Description = "where it is fed" };
        var command = new Command("watchdog", "Wait to be armed and fed; exit with 78 when it is not.") { socket };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(socket)!));
        return command;
    }

    private static async Task<int> RunAsync(string socket)
    {
        var fired = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watchdog = new Watchdog(socket, fired.SetResult);
        await fired.Task.ConfigureAwait(false);
        return EmulatedNode.ExitWatchdog;
    }
}

/// <summary>
/// `sim truth`: watches which host runs which VM until SIGTERM. Exits with 1 when a VM was ever on both. Files in the
/// directory: `now` (a line per host), `changes`, `doubles`, and at the end `summary`.
/// </summary>
internal static class TruthCommand
{
    private static readonly string[] Hosts = ["a", "b"];
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(25);

    public static Command Create()
    {
        var lab = new Option<string>("--lab") { Required = true, Description = "id of the lab" };
        var spaces = new Option<string>("--spaces")
        {
            Required = true, Description = "file of `sim network --spaces`, read again when it changes",
        };
        var directory = new Option<string>("--dir") { Required = true, Description = "where to write" };
        var command = new Command("truth", "Watch that no VM runs on both hosts.") { lab, spaces, directory };
        command.SetAction((parsed, _) => RunAsync(
            parsed.GetValue(lab)!,
            parsed.GetValue(spaces)!,
            parsed.GetValue(directory)!));
        return command;
    }

    private static async Task<int> RunAsync(string lab, string spaces, string directory)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration term = CliOptions.OnSignal(PosixSignal.SIGTERM, stop);
        var hostOf = new ConcurrentDictionary<string, string>();
        Read(spaces, hostOf);
        using var truth = new TruthChecker(lab, hostOf);
        (int changes, int doubles, string now) = (0, 0, "");
        do
        {
            await Task.WhenAny(stop.Task, Task.Delay(Glance)).ConfigureAwait(false);
            Read(spaces, hostOf);
            changes = Append(Path.Combine(directory, "changes"), [.. truth.Changes], changes);
            doubles = Append(Path.Combine(directory, "doubles"), [.. truth.DoubleRuns], doubles);
            string seen = string.Concat(Hosts.Select(host => $"{host} {string.Join(' ', truth.On(host))}\n"));
            if (seen != now)
            {
                now = seen;
                string file = Path.Combine(directory, "now");
                await File.WriteAllTextAsync(file + ".new", now).ConfigureAwait(false);
                File.Move(file + ".new", file, overwrite: true);
            }
        }
        while (!stop.Task.IsCompleted);

        string summary = string.Create(
            CultureInfo.InvariantCulture,
            $"{truth.Samples} samples, longest gap {truth.LongestGap.TotalMilliseconds:0} ms, {changes} changes, {doubles} doubles\n");
        await File.WriteAllTextAsync(Path.Combine(directory, "summary"), summary).ConfigureAwait(false);
        return doubles == 0 ? 0 : 1;
    }

    /// <summary>A host that boots has a new namespace; that is known long before its first VM runs.</summary>
    private static void Read(string file, ConcurrentDictionary<string, string> hostOf)
    {
        foreach (string[] words in File.ReadLines(file).Select(line => line.Split(' ')).Where(words => words.Length > 1))
        {
            hostOf[words[1]] = words[0];
        }
    }

    private static int Append(string file, object[] lines, int known)
    {
        if (lines.Length > known)
        {
            File.AppendAllLines(file, lines.Skip(known).Select(line => $"{line}"));
        }

        return lines.Length;
    }
}
