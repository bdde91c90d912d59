using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Machine;

/// <summary>
/// VMs as real processes: `bin/vm` (a copy of sleep) named `vm:[name]:[uuid]:[lab]`, or `shell:...` while its guest executes
/// nothing. Each VM has a `tapdisk` and a qemu of its own, which nobody ends with it: xenopsd does so behind it, while it
/// lives. `domains/[domid]` tells the scripts what runs, `xenstore/[domid]` for whom a tapdisk works; the processes
/// themselves are the truth.
/// </summary>
internal sealed class ProcessDomains : IDomains
{
    private const string Forever = "2147483647";

    private readonly HostDirectory _directory;
    private readonly RealScheduler _scheduler;
    private readonly string _labId;
    private readonly SortedDictionary<int, Running> _running = [];
    private readonly SortedDictionary<int, Backends> _backends = [];
    private int _lastDomid;

    public ProcessDomains(HostDirectory directory, RealScheduler scheduler, string labId)
    {
        _directory = directory;
        _scheduler = scheduler;
        _labId = labId;
    }

    public event Action<Domain>? Ended;

    public event Action<Domain>? Drained;

    /// <summary>How long a tapdisk that is closed in order goes on.</summary>
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromMilliseconds(50);

    public IReadOnlyList<Domain> List() => [.. _running.Values.Select(running => running.Domain)];

    public IReadOnlyList<Domain> Leftovers() =>
        [.. _backends.Where(backends => !_running.ContainsKey(backends.Key)).Select(backends => backends.Value.Domain)];

    public bool HasBackend(int domid) => _backends.ContainsKey(domid);

    public int? PidOf(int domid) => _running.GetValueOrDefault(domid)?.Process.Pid;

    public Domain Create(string vmUuid, string vmName)
    {
        var domain = new Domain(++_lastDomid, vmUuid, vmName);
        OpenBackends(domain);
        Run(domain);
        return domain;
    }

    public Domain CreateShell(string vmUuid, string vmName)
    {
        var shell = new Domain(++_lastDomid, vmUuid, vmName) { Handle = Domain.IncomingHandle(vmUuid), State = DomainState.Paused };
        Run(shell);
        return shell;
    }

    public void Suspend(int domid) => Change(domid, domain => domain with { State = DomainState.Shutdown });

    public void Resume(int domid) => Change(domid, domain => domain with { State = DomainState.Running });

    public void Release(int domid)
    {
        Change(domid, domain => domain with { Handle = Domain.OutgoingHandle(domain.VmUuid) });
        CloseBackend(domid);
    }

    public Domain Go(int domid)
    {
        Domain domain = _running[domid].Domain with { State = DomainState.Running };
        domain = domain with { Handle = domain.VmUuid };
        OpenBackends(domain);
        Change(domid, _ => domain);
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

        running.Process.Signal(Native.SigKill);
        return true;
    }

    public void CloseBackend(int domid) => _scheduler.After(DrainTime, () =>
    {
        if (_backends.TryGetValue(domid, out Backends? backends))
        {
            backends.Tapdisk.Signal(Native.SigKill);
            backends.Model.Signal(Native.SigKill);
        }
    });

    /// <summary>Another state is another process: the command line of the old one would go on saying the old.</summary>
    private void Change(int domid, Func<Domain, Domain> change)
    {
        if (_running.TryGetValue(domid, out Running? running))
        {
            Run(change(running.Domain));
            running.Process.Signal(Native.SigKill);
        }
    }

    private void Run(Domain domain)
    {
        string kind = domain.Executes ? "vm" : "shell";
        ChildProcess process = ChildProcess.Start(
            Path.Combine(_directory.Bin, "vm"), [$"{kind}:{domain.VmName}:{domain.VmUuid}:{_labId}", Forever]);
        _running[domain.Domid] = new Running(domain, process);
        WriteFile(domain, process.Pid);
        _ = WatchAsync(domain, process);
    }

    private void OpenBackends(Domain domain)
    {
        var left = _backends.FirstOrDefault(left => left.Value.Domain.VmUuid == domain.VmUuid && !_running.ContainsKey(left.Key));
        if (left.Value is not null)
        {
            _backends.Remove(left.Key);
        }

        // One tapdisk per image: one that nobody ended serves the next domain of its VM.
        ChildProcess tapdisk = left.Value?.Tapdisk ?? ChildProcess.Start(
            Path.Combine(_directory.Bin, "tapdisk"), [$"tapdisk:{domain.VmUuid}:{_labId}", Forever]);
        ChildProcess model = ChildProcess.Start(Path.Combine(_directory.Bin, "qemu-system-i386"), [$"qemu-dm-{domain.Domid}", Forever]);
        _backends[domain.Domid] = new Backends(domain, tapdisk, model);
        File.WriteAllText(
            Path.Combine(_directory.Xenstore, $"{domain.Domid}"),
            $"/local/domain/0/backend/vbd3/{domain.Domid}/51712/frontend-id = \"{domain.Domid}\"\n"
            + $"/local/domain/0/backend/vbd3/{domain.Domid}/51712/kthread-pid = \"{tapdisk.Pid}\"\n");
        _ = WatchBackendAsync(domain.VmUuid, tapdisk);
    }

    private async Task WatchAsync(Domain domain, ChildProcess process)
    {
        await process.Ended.ConfigureAwait(false);
        _scheduler.Post(() =>
        {
            if (_running.TryGetValue(domain.Domid, out Running? running) && running.Process == process)
            {
                File.Delete(FileOf(domain.Domid));
                File.Delete(Path.Combine(_directory.Xenstore, $"{domain.Domid}"));
                _running.Remove(domain.Domid);
                Ended?.Invoke(running.Domain);
            }
        });
    }

    private async Task WatchBackendAsync(string vmUuid, ChildProcess tapdisk)
    {
        await tapdisk.Ended.ConfigureAwait(false);
        _scheduler.Post(() =>
        {
            var (domid, backends) = _backends.FirstOrDefault(backends => backends.Value.Tapdisk == tapdisk && backends.Value.Domain.VmUuid == vmUuid);
            if (backends is not null)
            {
                _backends.Remove(domid);
                Drained?.Invoke(backends.Domain);
            }
        });
    }

    private string FileOf(int domid) => Path.Combine(_directory.Domains, $"{domid}");

    private void WriteFile(Domain domain, int pid)
    {
        string letters = domain.State switch
        {
            DomainState.Paused => "  P  H",
            DomainState.Shutdown => " S   H",
            _ => "   B H",
        };
        string temporary = FileOf(domain.Domid) + ".new";
        File.WriteAllText(temporary, $"uuid={domain.Handle}\nvm={domain.VmUuid}\nstate={letters}\npid={pid}\nname={domain.VmName}\n");
        File.Move(temporary, FileOf(domain.Domid), overwrite: true);
    }

    private sealed record Running(Domain Domain, ChildProcess Process);

    private sealed record Backends(Domain Domain, ChildProcess Tapdisk, ChildProcess Model);
}
