using System.Diagnostics;
using System.Globalization;

namespace TwoNodeHa.Sim.Lab;

/// <summary>What presses on the machine while the loop is watched.</summary>
internal enum PressureKind
{
    /// <summary>Nothing.</summary>
    Idle,

    /// <summary>Two busy loops per processor.</summary>
    Cpu,

    /// <summary>A process that touches memory up to a bound, frees it, and begins again.</summary>
    Memory,

    /// <summary>Two writers with an fsync behind each mebibyte.</summary>
    Disk,

    /// <summary>All of them.</summary>
    All,
}

/// <summary>
/// Processes of their own with ordinary priority, outside of the emulated hosts. Each ends when its standard input does, so
/// none outlives this program.
/// </summary>
internal sealed class Pressure : IDisposable
{
    private const int WritersOfDisk = 2;
    private readonly List<Process> _processes = [];

    private Pressure()
    {
    }

    /// <summary>Starts a pressure.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="memoryPercent">Bound of the memory, percent of MemAvailable (proc_meminfo(5)) at the start.</param>
    public static Pressure Start(PressureKind kind, int memoryPercent)
    {
        var pressure = new Pressure();
        if (kind is PressureKind.Cpu or PressureKind.All)
        {
            pressure.Run(2 * Environment.ProcessorCount, "cpu");
        }

        if (kind is PressureKind.Memory or PressureKind.All)
        {
            long mebibytes = AvailableMebibytes() * memoryPercent / 100;
            pressure.Run(1, "memory", "--mib", mebibytes.ToString(CultureInfo.InvariantCulture));
        }

        if (kind is PressureKind.Disk or PressureKind.All)
        {
            pressure.Run(WritersOfDisk, "disk", "--dir", Path.GetTempPath());
        }

        return pressure;
    }

    public void Dispose()
    {
        foreach (Process process in _processes)
        {
            process.Kill();
            process.WaitForExit(TimeSpan.FromSeconds(10));
            process.Dispose();
        }
    }

    private static long AvailableMebibytes()
    {
        string line = File.ReadLines("/proc/meminfo").First(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    private void Run(int count, params string[] words)
    {
        string[] command = [.. Repository.Sim, "pressure", .. words];
        for (int i = 0; i < count; i++)
        {
            var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, UseShellExecute = false };
            _processes.Add(Process.Start(start) ?? throw new InvalidOperationException($"{command[0]} was not started"));
        }
    }
}
