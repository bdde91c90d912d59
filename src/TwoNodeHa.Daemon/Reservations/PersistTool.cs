using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Tools;

namespace TwoNodeHa.Daemon.Reservations;

/// <summary>Registered keys and reservation of a LUN, or what is wrong.</summary>
/// <param name="Keys">One for each registered path; null when they could not be read.</param>
/// <param name="Reservation">What is reserved; null when that could not be read.</param>
/// <param name="Trouble">Why not; empty when both were read.</param>
internal sealed record LunReading(ImmutableArray<ulong>? Keys, LunReservation? Reservation, string Trouble);

/// <summary>
/// Persistent reservations of a device by <c>sg_persist</c> (sg_persist(8)). A target tells each initiator once that something changed
/// (unit attention): such an answer is asked for again.
/// </summary>
internal sealed class PersistTool(ToolRunner tools, string tool)
{
    private const int ExitIllegalRequest = 5;
    private const int ExitUnitAttention = 6;
    private const int ExitInvalidOperation = 9;
    private const int ExitConflict = 24;

    /// <summary>Write exclusive, registrants only (SPC-4, table "persistent reservation type codes").</summary>
    private const string Type = "--prout-type=5";

    /// <summary>"TN", and what no hash of a pair gives but once in 2^48: a key of nobody.</summary>
    private const ulong Nobody = 0x544E_FFFF_FFFF_FFFF;

    /// <summary>Reads keys and reservation of a device. Changes nothing.</summary>
    public async Task<LunReading> ReadAsync(string device, TimeSpan limit)
    {
        var keys = RunAsync(device, limit, "--in", "--read-keys");
        var reservation = RunAsync(device, limit, "--in", "--read-reservation");
        var (first, second) = (await keys, await reservation);
        var known = first.SaidAll ? PersistOutput.Keys(first.Output) : null;
        var reserved = second.SaidAll ? PersistOutput.Reservation(second.Output) : null;
        return new LunReading(known, reserved, known is null ? Trouble(first) : reserved is null ? Trouble(second) : "");
    }

    /// <summary>Whether the target keeps registrations through a loss of power; null when it does not say. Changes nothing.</summary>
    public async Task<bool?> KeepsThroughPowerLossAsync(string device, TimeSpan limit)
    {
        var said = await RunAsync(device, limit, "--in", "--report-capabilities");
        return said.SaidAll ? PersistOutput.KeepsThroughPowerLoss(said.Output) : null;
    }

    /// <summary>Registers a key by each of the given paths, whatever was registered there. Null, or what is wrong.</summary>
    public async Task<string?> RegisterAsync(IReadOnlyList<string> paths, ulong key, TimeSpan limit)
    {
        string? trouble = null;
        foreach (var path in paths)
        {
            var done = await RunAsync(path, limit, "--out", "--register-ignore", $"--param-sark={Hex(key)}", "--param-aptpl");

            // Not every target can keep it through a loss of power: better registered until then than not at all.
            if (!done.Succeeded && done.End == ToolEnd.Exited && done.ExitCode != ExitConflict)
            {
                done = await RunAsync(path, limit, "--out", "--register-ignore", $"--param-sark={Hex(key)}");
            }

            trouble = done.Succeeded ? trouble : $"{path}: {Trouble(done)}";
        }

        return trouble;
    }

    /// <summary>Reserves for all who are registered. Null, or what is wrong.</summary>
    public async Task<string?> ReserveAsync(string device, ulong key, TimeSpan limit)
    {
        var done = await RunAsync(device, limit, "--out", "--reserve", $"--param-rk={Hex(key)}", Type);
        return done.Succeeded ? null : Trouble(done);
    }

    /// <summary>Takes another key away, and ends what its host has under way where the target can do that. Null, or what is wrong.</summary>
    public async Task<string?> PreemptAsync(string device, ulong key, ulong other, TimeSpan limit)
    {
        var done = await TakeAsync(device, "--preempt-abort", key, other, limit);

        // Not every target can end what is under way (tgtd cannot): better refused from now on than not at all.
        done = IsUnknown(done) ? await TakeAsync(device, "--preempt", key, other, limit) : done;
        return done.Succeeded ? null : Trouble(done);
    }

    /// <summary>
    /// Whether the target can take a key away and end what its host has under way; null when it does not say. Changes nothing: a key that nobody
    /// has cannot be taken away (SPC-4, 5.13.11.2.4: RESERVATION CONFLICT).
    /// </summary>
    public async Task<bool?> CanAbortAsync(string device, ulong key, TimeSpan limit)
    {
        var said = await TakeAsync(device, "--preempt-abort", key, Nobody, limit);
        return IsUnknown(said) ? false : said is { End: ToolEnd.Exited, ExitCode: ExitConflict } ? true : null;
    }

    /// <summary>A key as the tool takes and prints it.</summary>
    public static string Hex(ulong key) => string.Create(CultureInfo.InvariantCulture, $"0x{key:x}");

    private static bool IsUnknown(ToolResult result) => result is { End: ToolEnd.Exited, ExitCode: ExitIllegalRequest or ExitInvalidOperation };

    private Task<ToolResult> TakeAsync(string device, string how, ulong key, ulong other, TimeSpan limit) =>
        RunAsync(device, limit, "--out", how, $"--param-rk={Hex(key)}", $"--param-sark={Hex(other)}", Type);

    private async Task<ToolResult> RunAsync(string device, TimeSpan limit, params string[] arguments)
    {
        string[] all = ["--no-inquiry", .. arguments, device];
        var result = await tools.RunAsync(tool, all, limit);
        return result is { End: ToolEnd.Exited, ExitCode: ExitUnitAttention } ? await tools.RunAsync(tool, all, limit) : result;
    }

    private string Trouble(ToolResult result) => result switch
    {
        { End: ToolEnd.Exited, ExitCode: ExitConflict } => "the target refuses (RESERVATION CONFLICT)",
        { SaidAll: true } => $"what {tool} said is not understood: {result.Output.Trim()}",
        _ => result.Describe(tool),
    };
}
