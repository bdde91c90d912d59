using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;
using TwoNodeHa.Ctl.Remote;

namespace TwoNodeHa.Ctl.Fleet;

/// <summary>How a pool is, worst first.</summary>
internal enum FleetGrade
{
    /// <summary>A protected VM that is to run runs nowhere.</summary>
    Down = 0,

    /// <summary>A failure is not covered.</summary>
    NotCovered = 1,

    /// <summary>Neither host answers, or not in time: nothing is known.</summary>
    Silent = 2,

    /// <summary>Covered, and something is to be looked at, or one of the hosts did not answer.</summary>
    Warned = 3,

    /// <summary>Covered.</summary>
    Covered = 4,
}

/// <summary>A pool in one line.</summary>
/// <param name="Pool">Name of the list.</param>
/// <param name="Grade">How it is.</param>
/// <param name="Host">Host that answered; empty for none.</param>
/// <param name="State">Its HA state.</param>
/// <param name="Down">Protected VMs that are to run and run nowhere.</param>
/// <param name="Why">The worst of it in a sentence.</param>
/// <param name="Advice">What to do; empty when nothing.</param>
internal sealed record FleetRow(string Pool, FleetGrade Grade, string Host, string State, int Down, string Why, string Advice)
{
    /// <summary>Asks the hosts of a pool one after the other, until one answers.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="context">Programs.</param>
    /// <param name="limit">Bound of all of it.</param>
    public static FleetRow Of(FleetPool pool, CtlContext context, TimeSpan limit)
    {
        var started = TimeProvider.System.GetTimestamp();
        var silent = new List<string>();
        foreach (var (index, target) in pool.Targets.Index())
        {
            // A first host that hangs leaves time for the second one.
            var left = limit - TimeProvider.System.GetElapsedTime(started);
            var share = left / (pool.Targets.Length - index);
            if (share <= TimeSpan.FromMilliseconds(100))
            {
                silent.Add($"{target}: no time left");
                continue;
            }

            var result = Ssh.Run(context, target, "ha-ctl status --json", "", share);
            if (Parse(result.Output) is { } status)
            {
                return Judge(pool, status, silent);
            }

            silent.Add($"{target}: {Trouble(result)}");
        }

        return new FleetRow(pool.Name, FleetGrade.Silent, "", "", 0, string.Join("; ", silent), "Look at its hosts; is ssh with a key set up (BatchMode)?");
    }

    private static FleetRow Judge(FleetPool pool, StatusReport status, List<string> silent)
    {
        var verdict = Verdict.Of(status);
        var down = Verdict.Down(status.Vms).Length;
        var grade = down > 0 ? FleetGrade.Down : !verdict.Covered ? FleetGrade.NotCovered : verdict.Remarks.IsEmpty && silent.Count == 0 ? FleetGrade.Covered : FleetGrade.Warned;
        var (why, advice) = verdict.Remarks.IsEmpty ? ("", "") : (verdict.Remarks[0].Sentence, verdict.Remarks[0].Advice);
        why = silent.Count == 0 ? why : string.Join("; ", why.Length > 0 ? silent.Prepend(why) : silent);
        return new FleetRow(pool.Name, grade, status.Host, status.State, down, why, advice);
    }

    private static StatusReport? Parse(string output)
    {
        try
        {
            var line = output.Split('\n').FirstOrDefault(line => line.StartsWith('{'));
            return line is null ? null : JsonSerializer.Deserialize(Encoding.UTF8.GetBytes(line), CtlJson.Default.CtlReport)?.Status;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Trouble(ProgramResult result)
    {
        try
        {
            // A daemon that is away is said by ha-ctl itself.
            var line = result.Output.Split('\n').FirstOrDefault(line => line.StartsWith('{'));
            if (line is not null && JsonSerializer.Deserialize(Encoding.UTF8.GetBytes(line), CtlJson.Default.CtlReport) is { Text.Length: > 0 } report)
            {
                return report.Text;
            }
        }
        catch (JsonException)
        {
            return "its answer is of another version, or torn";
        }

        return result.LastWord.Length > 0 ? result.LastWord : "says nothing";
    }
}
