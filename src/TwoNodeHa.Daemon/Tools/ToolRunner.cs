using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace TwoNodeHa.Daemon.Tools;

/// <summary>How a tool ended.</summary>
internal enum ToolEnd
{
    /// <summary>It exited by itself.</summary>
    Exited,

    /// <summary>It was still running at the deadline and was killed; what it did is unknown.</summary>
    TimedOut,

    /// <summary>It could not be started; nothing happened.</summary>
    NotStarted,
}

/// <summary>Result of a tool.</summary>
/// <param name="End">How it ended.</param>
/// <param name="ExitCode">Exit code when it exited.</param>
/// <param name="Output">Standard output, cut at 64 KiB.</param>
/// <param name="Error">Standard error, or why it was not started.</param>
internal sealed record ToolResult(ToolEnd End, int ExitCode, string Output, string Error)
{
    public bool Succeeded => End == ToolEnd.Exited && ExitCode == 0;

    /// <summary>All that it wrote to standard output is in <see cref="Output"/>: neither cut nor unread at the deadline.</summary>
    public bool Whole { get; init; } = true;

    /// <summary>It succeeded, and all that it said was read: an output that is parsed is parsed whole or not at all.</summary>
    public bool SaidAll => Succeeded && Whole;

    /// <summary>One line for the operator.</summary>
    public string Describe(string tool) => End switch
    {
        ToolEnd.NotStarted => $"{tool}: {Error}",
        ToolEnd.TimedOut => $"{tool} did not end in time and was killed",
        ToolEnd.Exited when Succeeded && !Whole => $"{tool} ended, but its output was not read to its end in time, or is longer than 64 KiB",
        _ => $"{tool} ended with {ExitCode}: {(Error.Length > 0 ? Error : Output).Trim().Split('\n')[^1]}",
    };
}

/// <summary>Runs the tools of dom0, each with a deadline. A tool that hangs in the kernel is left behind, not waited for.</summary>
internal sealed class ToolRunner
{
    private const int OutputMax = 64 * 1024;

    /// <param name="command">Path and fixed arguments, separated by spaces.</param>
    /// <param name="arguments">Further arguments, taken literally.</param>
    /// <param name="deadline">Bound of the run.</param>
    /// <param name="input">Standard input; at most what a pipe holds, 64 KiB, so that writing it never waits.</param>
    /// <param name="environment">Variables besides the daemon's own.</param>
    public async Task<ToolResult> RunAsync(string command, IEnumerable<string> arguments, TimeSpan deadline, string input = "",
        IReadOnlyDictionary<string, string>? environment = null)
    {
        var words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var start = new ProcessStartInfo(words[0])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var argument in words.Skip(1).Concat(arguments))
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        Process? process;
        try
        {
            process = Process.Start(start);
        }
        catch (Exception error) when (error is Win32Exception or IOException or InvalidOperationException)
        {
            return new ToolResult(ToolEnd.NotStarted, -1, "", error.Message);
        }

        return process is null
            ? new ToolResult(ToolEnd.NotStarted, -1, "", "no process")
            : await WatchAsync(process, deadline, input);
    }

    private static async Task<ToolResult> WatchAsync(Process process, TimeSpan deadline, string input)
    {
        using var running = process;
        using var patience = new CancellationTokenSource(deadline);
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading it: its exit code says why.
        }

        var output = ReadAsync(process.StandardOutput, patience.Token);
        var error = ReadAsync(process.StandardError, patience.Token);
        try
        {
            await process.WaitForExitAsync(patience.Token);
            var (said, whole) = await output;
            return new ToolResult(ToolEnd.Exited, process.ExitCode, said, (await error).Text) { Whole = whole };
        }
        catch (OperationCanceledException)
        {
            Kill(process);
            return new ToolResult(ToolEnd.TimedOut, -1, "", "");
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception error) when (error is InvalidOperationException or Win32Exception or AggregateException)
        {
            // Gone already, or it cannot be killed now: both are as good as killed for the caller.
        }
    }

    /// <summary>What was read until the deadline, and whether that is all.</summary>
    private static async Task<(string Text, bool Whole)> ReadAsync(StreamReader reader, CancellationToken cancel)
    {
        var text = new StringBuilder();
        var buffer = new char[4096];
        var whole = true;
        try
        {
            while (await reader.ReadAsync(buffer, cancel) is > 0 and var read)
            {
                whole &= text.Length + read <= OutputMax;
                text.Append(buffer, 0, Math.Min(read, Math.Max(0, OutputMax - text.Length)));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            // For the operator what was read until then is enough; for a parser it is not.
            whole = false;
        }

        return (text.ToString(), whole);
    }
}
