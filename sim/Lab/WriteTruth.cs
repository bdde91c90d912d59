using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using TwoNodeHa.Sim.Machine.Iscsi;

namespace TwoNodeHa.Sim.Lab;

/// <summary>A run of a VM wrote after the run of the same VM on the other host had begun to.</summary>
internal sealed record LateWrite(DateTimeOffset At, string Vm, string Host)
{
    public override string ToString() => $"{At:HH:mm:ss.fff} {Vm}: a write of {Host} was accepted after one of its run on the other host";
}

/// <summary>
/// Reads what the storage really took, fifty times a second: the files in which the target keeps its LUNs. A write that was
/// refused is not in them, whatever a host says of it.
/// </summary>
internal sealed class WriteTruth : IDisposable
{
    private static readonly string[] Hosts = ["a", "b"];
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(20);

    private readonly ImmutableArray<SafeFileHandle> _files;
    private readonly SanAddress _san;
    private readonly WriteJudge[] _judges;
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _stop = new();
    private readonly Thread _thread;
    private TimeSpan _longestGap;

    /// <param name="files">One for each LUN.</param>
    /// <param name="vms">VMs, each with a disk on one of them.</param>
    public WriteTruth(ImmutableArray<string> files, int vms)
    {
        _files = [.. files.Select(file => File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))];
        _san = new SanAddress("", files.Length);
        _judges = [.. Enumerable.Range(1, vms).Select(number => new WriteJudge($"vm{number}"))];
        _thread = new Thread(Run) { IsBackground = true, Name = "writes", Priority = ThreadPriority.Highest };
        _thread.Start();
    }

    /// <summary>Writes that were not to be, oldest first.</summary>
    public ImmutableArray<LateWrite> Violations => Locked(() => _judges.SelectMany(judge => judge.Violations).ToImmutableArray());

    /// <summary>Why the run is void; null when it was watched closely enough.</summary>
    public string? Void => TruthChecker.VoidBy(Locked(() => _longestGap));

    /// <summary>Changes that were seen in the sector of each VM, by host.</summary>
    public ImmutableArray<long> Accepted(string host) => Locked(() => _judges.Select(judge => judge.Accepted[host == "a" ? 0 : 1]).ToImmutableArray());

    public void Dispose()
    {
        _stop.Set();
        _thread.Join();
        _stop.Dispose();
        foreach (SafeFileHandle file in _files)
        {
            file.Dispose();
        }
    }

    private void Run()
    {
        Span<byte> sector = stackalloc byte[SanAddress.Sector];
        DateTimeOffset last = DateTimeOffset.UtcNow;
        do
        {
            DateTimeOffset at = DateTimeOffset.UtcNow;
            lock (_lock)
            {
                _longestGap = at - last > _longestGap ? at - last : _longestGap;
                for (int vm = 0; vm < _judges.Length; vm++)
                {
                    string[] seen = new string[Hosts.Length];
                    for (int host = 0; host < Hosts.Length; host++)
                    {
                        _ = RandomAccess.Read(_files[_san.LunOf(vm) - 1], sector, (long)SanAddress.SectorOf(vm, Hosts[host]) * SanAddress.Sector);
                        seen[host] = Encoding.ASCII.GetString(sector).TrimEnd('\0');
                    }

                    _judges[vm].See(at, seen[0], seen[1]);
                }
            }

            last = at;
        }
        while (!_stop.Wait(Period));
    }

    private T Locked<T>(Func<T> read)
    {
        lock (_lock)
        {
            return read();
        }
    }
}

/// <summary>Judges the writes of one VM: once a run of it on one host was followed by one on the other, it writes no more.</summary>
internal sealed class WriteJudge(string vm)
{
    private readonly List<LateWrite> _violations = [];
    private readonly HashSet<string> _over = [];
    private readonly string[] _last = ["", ""];
    private string _now = "";

    public IReadOnlyList<LateWrite> Violations => _violations;

    /// <summary>Of a and b.</summary>
    public long[] Accepted { get; } = new long[2];

    /// <summary>The sectors of both hosts as they are now: empty, or <c>N HOST RUN N</c>.</summary>
    public void See(DateTimeOffset at, string a, string b)
    {
        string? runA = Changed(0, a);
        string? runB = Changed(1, b);

        // Both since the last look: the one that wrote until now was first, as far as is known.
        (string? first, string? second) = runB is not null && runB == _now ? (runB, runA) : (runA, runB);
        Next(at, first);
        Next(at, second);
    }

    /// <summary>Host and run that wrote since the last look; null when nothing, or something half.</summary>
    private string? Changed(int host, string sector)
    {
        string[] words = sector.Split(' ');
        if (sector == _last[host] || words.Length != 4 || words[0] != words[3] || !long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            return null;
        }

        _last[host] = sector;
        Accepted[host]++;
        return words[1] + " " + words[2];
    }

    private void Next(DateTimeOffset at, string? run)
    {
        if (run is null || run == _now)
        {
            return;
        }

        if (_over.Contains(run))
        {
            _violations.Add(new LateWrite(at, vm, run.Split(' ')[0]));
        }

        _over.Add(_now);
        _now = run;
    }
}
