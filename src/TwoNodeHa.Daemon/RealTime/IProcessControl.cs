using System.Runtime.InteropServices;

namespace TwoNodeHa.Daemon.RealTime;

/// <summary>What the kernel is asked for; a test answers in its place. Results are 0 or an errno (errno(3)).</summary>
internal interface IProcessControl
{
    /// <summary>mlockall(2).</summary>
    int LockMemory(int flags);

    /// <summary>Null when the process may lock any amount; otherwise why not (getrlimit(2), capabilities(7)).</summary>
    string? WhyMemoryIsBounded();

    /// <summary>sched_setscheduler(2) of the calling thread.</summary>
    int Schedule(int policy, int priority);

    /// <summary>setpriority(2) of one thread; 0 for the calling one.</summary>
    int Nice(int thread, int value);

    /// <summary>Ids of the threads of this process.</summary>
    IReadOnlyList<int> Threads();

    /// <summary>Writes /proc/self/oom_score_adj (proc_pid_oom_score_adj(5)); null or why it was refused.</summary>
    string? SetOomScore(int value);

    /// <summary>Moves the process out of its processor control group; null, or why not. See <see cref="CpuGroup.Leave"/>.</summary>
    string? LeaveCpuGroup();

    /// <summary>Undoes <see cref="LeaveCpuGroup"/>.</summary>
    void ReturnToCpuGroup();
}

/// <summary>The kernel of this host.</summary>
internal sealed partial class LinuxProcessControl : IProcessControl
{
    private const int RlimitMemlock = 8;
    private const int CapIpcLock = 14;
    private const int PrioProcess = 0;

    private readonly CpuGroup _cpuGroup = new("/sys/fs/cgroup", "/proc/self/cgroup");

    public int LockMemory(int flags) => MlockAll(flags) == 0 ? 0 : Marshal.GetLastPInvokeError();

    public string? WhyMemoryIsBounded()
    {
        if (GetRlimit(RlimitMemlock, out var limit) == 0 && limit.Soft == ulong.MaxValue)
        {
            return null;
        }

        var capabilities = File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith("CapEff:", StringComparison.Ordinal));
        var allowed = capabilities is not null
            && ulong.TryParse(capabilities.AsSpan(7).Trim(), System.Globalization.NumberStyles.HexNumber, null, out var set)
            && (set >> CapIpcLock & 1) != 0;
        return allowed ? null : $"RLIMIT_MEMLOCK is {limit.Soft / 1024} KiB; the unit needs LimitMEMLOCK=infinity";
    }

    public int Schedule(int policy, int priority) =>
        SetScheduler(0, policy, ref priority) == 0 ? 0 : Marshal.GetLastPInvokeError();

    public int Nice(int thread, int value) => SetPriority(PrioProcess, thread, value) == 0 ? 0 : Marshal.GetLastPInvokeError();

    public IReadOnlyList<int> Threads() =>
        [.. Directory.EnumerateDirectories("/proc/self/task").Select(path => int.Parse(Path.GetFileName(path), null))];

    public string? SetOomScore(int value)
    {
        try
        {
            File.WriteAllText("/proc/self/oom_score_adj", value.ToString(System.Globalization.CultureInfo.InvariantCulture));
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error.Message;
        }
    }

    public string? LeaveCpuGroup() => _cpuGroup.Leave();

    public void ReturnToCpuGroup() => _cpuGroup.Return();

    [LibraryImport("libc", EntryPoint = "mlockall", SetLastError = true)]
    private static partial int MlockAll(int flags);

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int GetRlimit(int resource, out Rlimit limit);

    // struct sched_param holds one int on Linux (sched.h).
    [LibraryImport("libc", EntryPoint = "sched_setscheduler", SetLastError = true)]
    private static partial int SetScheduler(int thread, int policy, ref int priority);

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static partial int SetPriority(int which, int thread, int value);

    [StructLayout(LayoutKind.Sequential)]
    private struct Rlimit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
