using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Machine;

/// <summary>
/// VMs as real processes: `bin/vm` (a copy of sleep) named `vm:[name]:[uuid]:[lab]`, each with a `tapdisk` that ends some
/// time after it. `domains/[domid]` tells the scripts what runs; the process itself is the truth.
/// </summary>
internal sealed class ProcessDomains : IDomains
{
    private const string Forever = "2147483647";

    private readonly HostDirectory _directory;
    private readonly RealScheduler _scheduler;
    private readonly string _labId;
    private readonly SortedDictionary<int, Running> _running = [];
    private int _lastDomid;

    public ProcessDomains(HostDirectory directory, RealScheduler scheduler, string labId)
    {
        _directory = directory;
        _scheduler = scheduler;
        _labId = labId;
    }

    public event Action<Domain>? Ended;

    public event Action<Domain>? Drained;

    /// <summary>How long tapdisk goes on after its VM.</summary>
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromMilliseconds(50);

    public IReadOnlyList<Domain> List() => [.. _running.Values.Select(running => running.Domain)];

    public int? PidOf(int domid) => _running.GetValueOrDefault(domid)?.Vm.Pid;

    public Domain Create(string vmUuid, string vmName)
    {
        var domain = new Domain(++_lastDomid, vmUuid, vmName);
        ChildProcess tapdisk = ChildProcess.Start(
            Path.Combine(_directory.Bin, "tapdisk"), [$"tapdisk:{vmUuid}:{_labId}", Forever]);
        ChildProcess vm = ChildProcess.Start(
            Path.Combine(_directory.Bin, "vm"), [$"vm:{vmName}:{vmUuid}:{_labId}", Forever]);
        _running[domain.Domid] = new Running(domain, vm, tapdisk);
        WriteFile(domain, vm.Pid);
        _ = WatchAsync(domain, vm, tapdisk);
        return domain;
    }

    public bool Destroy(int domid)
    {
        if (!_running.TryGetValue(domid, out Running? running))
        {
            return true;
        }

        if (File.Exists(Path.Combine(_directory.RefuseKill, running.Domain.VmUuid)))
        {
            return false;
        }

        running.Vm.Signal(Native.SigKill);
        return true;
    }

    private async Task WatchAsync(Domain domain, ChildProcess vm, ChildProcess tapdisk)
    {
        await vm.Ended.ConfigureAwait(false);
        File.Delete(FileOf(domain.Domid));
        _scheduler.Post(() =>
        {
            _running.Remove(domain.Domid);
            Ended?.Invoke(domain);
            _scheduler.After(DrainTime, () => tapdisk.Signal(Native.SigKill));
        });
        await tapdisk.Ended.ConfigureAwait(false);
        _scheduler.Post(() => Drained?.Invoke(domain));
    }

    private string FileOf(int domid) => Path.Combine(_directory.Domains, $"{domid}");

    private void WriteFile(Domain domain, int pid)
    {
        string temporary = FileOf(domain.Domid) + ".new";
        File.WriteAllText(temporary, $"uuid={domain.VmUuid}\npid={pid}\nname={domain.VmName}\n");
        File.Move(temporary, FileOf(domain.Domid), overwrite: true);
    }

    private sealed record Running(Domain Domain, ChildProcess Vm, ChildProcess Tapdisk);
}
