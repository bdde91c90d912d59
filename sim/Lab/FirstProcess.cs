using System.Diagnostics;
using TwoNodeHa.Sim.Lab.Cables;

namespace TwoNodeHa.Sim.Lab;

/// <summary>
/// The first process of a host: pid 1 of a pid namespace, so that its end is the end of every process of the host, in mount
/// and network namespaces of its own. It ends with this program.
/// </summary>
internal static class FirstProcess
{

    // The first start of a process in .NET starts a thread, which a thread that has left its pid namespace may not.
    static FirstProcess() => Process.Start("/bin/true").WaitForExit();

    /// <summary>Starts it on a thread that lives as long as it does, because it dies with that thread.</summary>
    public static Process Start(NetSpace space, string log, string[] command)
    {
        // A shell only for the redirection; it becomes the command. Standard input is a pipe whose end tells of ours.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1", "sh", log, .. command])
        {
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        var started = new TaskCompletionSource<Process>();
        new Thread(() => Live(space, start, started)) { IsBackground = true, Name = "first process" }.Start();
        return started.Task.GetAwaiter().GetResult();
    }

    /// <summary>What the first process itself must do before all else. Throws where it may not.</summary>
    public static void Prepare()
    {
        const int Kill = 9;
        Kernel.DieWithParent(Kill);
        if (Kernel.HasHungUp(0))
        {
            Environment.Exit(Kill);
        }

        Kernel.MountProc();
        // A daemon that resets its host by sysrq must never reach the one of the machine that the lab runs on.
        const string Sysrq = "/proc/sysrq-trigger";
        if (File.Exists(Sysrq) && !Kernel.TryBind("/dev/null", Sysrq))
        {
            throw Kernel.Failure("bind over " + Sysrq);
        }
    }

    private static void Live(NetSpace space, ProcessStartInfo start, TaskCompletionSource<Process> started)
    {
        Process process;
        int home = -1;
        try
        {
            home = Kernel.OpenForReading("/proc/self/ns/pid");
            space.Enter();
            Kernel.Leave(Kernel.NewPid | Kernel.NewMount);
            Kernel.KeepMountsPrivate();
            process = Process.Start(start)!;
            Kernel.EnterPids(home);
        }
        catch (Exception error)
        {
            started.SetException(error);
            return;
        }
        finally
        {
            _ = Kernel.Close(home);
        }

        started.SetResult(process);
        try
        {
            process.WaitForExit();
        }
        catch (InvalidOperationException)
        {
            // Disposed by its owner, who had waited.
        }
    }
}
