using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace TwoNodeHa.Ctl.Remote;

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">Its exit code; null when it was not started, or was killed at its limit.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error, or why there is no exit code.</param>
internal sealed record ProgramResult(int? ExitCode, string Output, string Error)
{
    public bool Succeeded => ExitCode == 0;

    /// <summary>The last line that it said, for a person.</summary>
    public string LastWord => (Error.Trim().Length > 0 ? Error : Output).Trim().Split('\n')[^1].Trim();
}

/// <summary>Runs programs of this host; tests bring their own.</summary>
internal interface IPrograms
{
    /// <param name="program">Name or path; never a line for a shell.</param>
    /// <param name="arguments">Taken literally. Visible to every user of the host: no secret belongs here.</param>
    /// <param name="input">Standard input.</param>
    /// <param name="limit">It is killed when it runs longer.</param>
    ProgramResult Run(string program, IReadOnlyList<string> arguments, string input, TimeSpan limit);
}

/// <summary>The real ones.</summary>
internal sealed class Programs : IPrograms
{
    private const int OutputMax = 16 * 1024 * 1024;

    /// <inheritdoc/>
    public ProgramResult Run(string program, IReadOnlyList<string> arguments, string input, TimeSpan limit) =>
        RunAsync(program, arguments, input, limit).GetAwaiter().GetResult();

    private static async Task<ProgramResult> RunAsync(string program, IReadOnlyList<string> arguments, string input, TimeSpan limit)
    {
        var start = new ProcessStartInfo(program)
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var patience = new CancellationTokenSource(limit);
        try
        {
            using var process = Process.Start(start)!;
            try
            {
                var output = ReadAsync(process.StandardOutput, patience.Token);
                var error = ReadAsync(process.StandardError, patience.Token);
                await FeedAsync(process, input, patience.Token);
                await process.WaitForExitAsync(patience.Token);
                return new ProgramResult(process.ExitCode, await output, await error);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                return new ProgramResult(null, "", $"{program} did not end within {Output.Words.Number(limit.TotalSeconds)} s");
            }
        }
        catch (Exception error) when (error is Win32Exception or IOException or InvalidOperationException)
        {
            return new ProgramResult(null, "", $"{program} cannot be run: {error.Message}");
        }
    }

    private static async Task FeedAsync(Process process, string input, CancellationToken cancel)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancel);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading all: its exit code says why.
        }
    }

    private static async Task<string> ReadAsync(StreamReader reader, CancellationToken cancel)
    {
        var text = new StringBuilder();
        var buffer = new char[16 * 1024];
        while (await reader.ReadAsync(buffer, cancel) is > 0 and var read)
        {
            text.Append(buffer, 0, Math.Min(read, Math.Max(0, OutputMax - text.Length)));
        }

        return text.ToString();
    }
}
