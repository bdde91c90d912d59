using TwoNodeHa.Sim.Lab.Cables;

namespace TwoNodeHa.Sim.Lab;

/// <summary>
/// The first process of a host: pid 1 of a pid namespace, so that its end is the end of every process of the host, in mount
/// and network namespaces of its own. It ends with this program.
/// </summary>
internal sealed class FirstProcess
{
    private const int SigKill = 9;

    private static readonly Lazy<bool> Rehearsed = new(() =>
    {
        Kernel.RehearseSpawn();
        return true;
    });

    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _reaped;

    private FirstProcess(int id) => Id = id;

    /// <summary>Process id, outside.</summary>
    public int Id { get; }

    public bool HasExited => _ended.Task.IsCompleted;

    /// <summary>Of a process that has ended: its exit code, or 128 and the signal that ended it.</summary>
    public int ExitCode => HasExited ? _ended.Task.Result : throw new InvalidOperationException($"process {Id} has not ended");

    /// <summary>Starts it on a thread that lives as long as it does, because it dies with that thread.</summary>
    public static FirstProcess Start(NetSpace space, string log, string[] command)
    {
        _ = Rehearsed.Value;
        // A shell only for the redirection; it becomes the command.
        string[] start = ["/bin/sh", "-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1", "sh", log, .. command];
        var started = new TaskCompletionSource<FirstProcess>();
        new Thread(() => Live(space, start, started)) { IsBackground = true, Name = "first process" }.Start();
        return started.Task.GetAwaiter().GetResult();
    }

    /// <summary>What the first process itself must do before all else. Throws where it may not.</summary>
    public static void Prepare()
    {
        Kernel.DieWithParent(SigKill);
        if (Kernel.HasHungUp(0))
        {
            Environment.Exit(SigKill);
        }

        Kernel.KeepMountsPrivate();
        Kernel.MountProc();
        // A daemon that resets its host by sysrq must never reach the one of the machine that the lab runs on.
        const string Sysrq = "/proc/sysrq-trigger";
        if (File.Exists(Sysrq) && !Kernel.TryBind("/dev/null", Sysrq))
        {
            throw Kernel.Failure("bind over " + Sysrq);
        }
    }

    /// <summary>SIGKILL; nothing where it has ended.</summary>
    public void Kill()
    {
        lock (_lock)
        {
            if (!_reaped)
            {
                Kernel.Signal(Id, SigKill);
            }
        }
    }

    public void WaitForExit() => _ended.Task.Wait();

    /// <summary>True when it ended in time.</summary>
    public bool WaitForExit(TimeSpan limit) => _ended.Task.Wait(limit);

    public Task WaitForExitAsync() => _ended.Task;

    private static void Live(NetSpace space, string[] start, TaskCompletionSource<FirstProcess> started)
    {
        int home = -1, read = -1, write = -1;
        FirstProcess process;
        try
        {
            home = Kernel.OpenForReading("/proc/self/ns/pid");
            // Standard input is a pipe whose end tells of ours.
            (read, write) = Kernel.Pipe();
            space.Enter();
            process = new FirstProcess(Kernel.Spawn(Kernel.NewPid | Kernel.NewMount, home, start, read));
        }
        catch (Exception error)
        {
            _ = Kernel.Close(write);
            started.SetException(error);
            return;
        }
        finally
        {
            _ = Kernel.Close(home);
            _ = Kernel.Close(read);
        }

        started.SetResult(process);
        process.AwaitEnd();
        _ = Kernel.Close(write);
    }

    private void AwaitEnd()
    {
        _ = Kernel.AwaitEnd(Id);
        int code;
        lock (_lock)
        {
            code = Kernel.Reap(Id);
            _reaped = true;
        }

        _ended.SetResult(code);
    }
}
