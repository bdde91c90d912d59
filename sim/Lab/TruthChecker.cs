using System.Collections.Immutable;

namespace TwoNodeHa.Sim.Lab;

/// <summary>A VM appeared on a host or vanished from it.</summary>
internal sealed record VmChange(DateTimeOffset At, string Vm, string Host, bool Started)
{
    public override string ToString() => $"{At:HH:mm:ss.fff} {Vm} {(Started ? "starts" : "stops")} on {Host}";
}

/// <summary>One VM, or its disk back-end (it writes, design A4), was seen alive on both hosts at the same time.</summary>
internal sealed record DoubleRun(DateTimeOffset At, string Vm, VmProcess OnA, VmProcess OnB)
{
    public override string ToString() => $"{At:HH:mm:ss.fff} {Vm} is on both hosts: {Word(OnA)} and {Word(OnB)}";

    private static string Word(VmProcess process) =>
        $"on {process.Host} as {(process.IsBackend ? "disk back-end" : "VM")} {process.Pid}";
}

/// <summary>
/// Watches from outside which host runs which VM, twenty times a second. It is the judge of S1, so it shares nothing
/// with what it judges: it reads the processes themselves.
/// </summary>
internal sealed class TruthChecker : IDisposable
{
    /// <summary>With a longer gap between two samples a run proves nothing: a double run would fit into it.</summary>
    public static readonly TimeSpan GapMax = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    private readonly string _lab;
    private readonly IReadOnlyDictionary<string, string> _hostOf;
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _stop = new();
    private readonly Thread _thread;
    private readonly List<VmChange> _changes = [];
    private readonly List<DoubleRun> _doubleRuns = [];
    private ImmutableSortedDictionary<string, ImmutableSortedSet<string>> _now =
        ImmutableSortedDictionary<string, ImmutableSortedSet<string>>.Empty;

    private long _samples;
    private TimeSpan _longestGap;

    public TruthChecker(string lab, IReadOnlyDictionary<string, string> hostOf)
    {
        (_lab, _hostOf) = (lab, hostOf);
        // A thread of its own, above the others: a loaded machine must not thin out the samples.
        _thread = new Thread(Run) { IsBackground = true, Name = "truth", Priority = ThreadPriority.Highest };
        _thread.Start();
    }

    /// <summary>Samples taken.</summary>
    public long Samples => Interlocked.Read(ref _samples);

    /// <summary>Longest time between two samples.</summary>
    public TimeSpan LongestGap => Locked(() => _longestGap);

    /// <summary>Why the run is void; null when it was watched closely enough.</summary>
    public string? Void => VoidBy(LongestGap);

    /// <summary>Why a run with this longest gap is void; null when it is short enough.</summary>
    public static string? VoidBy(TimeSpan gap) => gap > GapMax
        ? $"VOID: two samples of the truth were {gap.TotalMilliseconds:F0} ms apart, more than {GapMax.TotalMilliseconds:F0} ms" : null;

    /// <summary>All appearances and disappearances, oldest first.</summary>
    public ImmutableArray<VmChange> Changes => Locked(() => _changes.ToImmutableArray());

    /// <summary>Violations of S1, oldest first.</summary>
    public ImmutableArray<DoubleRun> DoubleRuns => Locked(() => _doubleRuns.ToImmutableArray());

    /// <summary>Hosts of each running VM, by name of the VM, as of the newest sample.</summary>
    public ImmutableSortedDictionary<string, ImmutableSortedSet<string>> Now => Locked(() => _now);

    /// <summary>Names of the VMs that run on a host, ascending.</summary>
    public ImmutableArray<string> On(string host) =>
        [.. Now.Where(entry => entry.Value.Contains(host)).Select(entry => entry.Key)];

    /// <summary>Waits until a sample was taken that began after this call.</summary>
    public async Task NextSampleAsync()
    {
        long wanted = Samples + 2;
        while (Samples < wanted && !_stop.IsSet)
        {
            await Task.Delay(10);
        }
    }

    public void Dispose()
    {
        _stop.Set();
        _thread.Join();
        _stop.Dispose();
    }

    private void Run()
    {
        DateTimeOffset last = DateTimeOffset.UtcNow;
        do
        {
            List<VmProcess> seen = VmProcess.Scan(_lab, _hostOf);
            DateTimeOffset at = DateTimeOffset.UtcNow;
            Record(at, at - last, seen, Doubles(at, seen));
            last = at;
            Interlocked.Increment(ref _samples);
        }
        while (!_stop.Wait(Period));
    }

    /// <summary>
    /// One scan reads the processes one after the other. A VM that stops on one host and starts on the other while it is
    /// under way would look like two; so both are read once more: the one that was read first is alive after the second.
    /// </summary>
    private List<DoubleRun> Doubles(DateTimeOffset at, List<VmProcess> seen)
    {
        var result = new List<DoubleRun>();
        foreach (var group in seen.GroupBy(process => process.Uuid))
        {
            VmProcess? onA = group.FirstOrDefault(process => process.Host == "a");
            VmProcess? onB = group.FirstOrDefault(process => process.Host == "b");
            if (onA is not null && onB is not null && StillThere(onA) && StillThere(onB))
            {
                string name = group.Select(process => process.Name).FirstOrDefault(name => name.Length > 0, $"{group.Key}");
                result.Add(new DoubleRun(at, name, onA, onB));
            }
        }

        return result;
    }

    private bool StillThere(VmProcess vm) => VmProcess.Read(vm.Pid, _lab, _hostOf) == vm;

    private void Record(DateTimeOffset at, TimeSpan gap, List<VmProcess> seen, List<DoubleRun> doubles)
    {
        var next = seen
            .Where(process => !process.IsBackend)
            .GroupBy(vm => vm.Name)
            .ToImmutableSortedDictionary(group => group.Key, group => group.Select(vm => vm.Host).ToImmutableSortedSet());
        lock (_lock)
        {
            _longestGap = gap > _longestGap ? gap : _longestGap;
            _changes.AddRange(Differences(at, next, _now, started: false));
            _changes.AddRange(Differences(at, _now, next, started: true));
            _doubleRuns.AddRange(doubles);
            _now = next;
        }
    }

    /// <summary>What is in <paramref name="second"/> and not in <paramref name="first"/>.</summary>
    private static IEnumerable<VmChange> Differences(
        DateTimeOffset at,
        ImmutableSortedDictionary<string, ImmutableSortedSet<string>> first,
        ImmutableSortedDictionary<string, ImmutableSortedSet<string>> second,
        bool started)
    {
        foreach (var (vm, hosts) in second)
        {
            foreach (string host in hosts.Except(first.GetValueOrDefault(vm, [])))
            {
                yield return new VmChange(at, vm, host, started);
            }
        }
    }

    private T Locked<T>(Func<T> read)
    {
        lock (_lock)
        {
            return read();
        }
    }
}
