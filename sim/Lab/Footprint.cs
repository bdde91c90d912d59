using System.Diagnostics;
using System.Globalization;

namespace TwoNodeHa.Sim.Lab;

/// <summary>What a daemon costs while nothing happens.</summary>
/// <param name="Host">Host.</param>
/// <param name="ResidentMib">Resident memory at the end.</param>
/// <param name="CpuPercent">Share of one processor over the time.</param>
internal sealed record Footprint(string Host, double ResidentMib, double CpuPercent)
{
    // USER_HZ is 100 on every architecture that Linux offers to programs (proc_pid_stat(5), sysconf(3)).
    private const double TicksPerSecond = 100;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(60);

    /// <summary>Measures both daemons at the same time.</summary>
    public static async Task<Footprint[]> MeasureAsync(LabHarness lab, TimeSpan duration)
    {
        string[] hosts = ["a", "b"];
        int[] pids = [.. hosts.Select(host => lab.DaemonPid(host)
            ?? throw new InvalidOperationException($"no daemon on {host}"))];

        // The first minute is compilation and first readings; a daemon runs for months.
        await Task.Delay(WarmUp);
        double[] before = [.. pids.Select(CpuSeconds)];
        var watch = Stopwatch.StartNew();
        await Task.Delay(duration);
        double seconds = watch.Elapsed.TotalSeconds;
        return
        [
            .. hosts.Select((host, index) => new Footprint(
                host, ResidentMibOf(pids[index]), 100 * (CpuSeconds(pids[index]) - before[index]) / seconds)),
        ];
    }

    /// <summary>Wall time of <c>ha-ctl status</c>, run as an operator runs it; milliseconds.</summary>
    public static double[] StatusMilliseconds(LabHarness lab, int runs) =>
        [.. Enumerable.Range(0, runs).Select(_ => StatusOnce(lab))];

    private static double StatusOnce(LabHarness lab)
    {
        string[] command = lab.CtlCommand("a", "status");
        var watch = Stopwatch.StartNew();
        var (code, text) = Shell.Run(command[0], command[1..]);
        return code == 0
            ? watch.Elapsed.TotalMilliseconds
            : throw new InvalidOperationException($"ha-ctl status ended with {code}: {text}");
    }

    /// <summary>Processor time of a process so far.</summary>
    public static double CpuSeconds(int pid)
    {
        string stat = File.ReadAllText($"/proc/{pid}/stat");
        // Field 2 is the name in brackets and may hold spaces; user and system time are fields 14 and 15.
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (Number(fields[11]) + Number(fields[12])) / TicksPerSecond;
    }

    /// <summary>Resident memory of a process.</summary>
    public static double ResidentMibOf(int pid)
    {
        string line = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return Number(line.Split(' ', '\t', StringSplitOptions.RemoveEmptyEntries)[1]) / 1024;
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
