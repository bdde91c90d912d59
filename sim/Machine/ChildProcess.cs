namespace TwoNodeHa.Sim.Machine;

/// <summary>One child and the thread that waits for it, so that its end is known at once.</summary>
internal sealed class ChildProcess
{
    private static readonly Lock Gate = new();
    private static readonly SortedSet<int> Known = [];

    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(int pid) => Pid = pid;

    public int Pid { get; }

    /// <summary>Exit code, or 128 + signal.</summary>
    public Task<int> Ended => _ended.Task;

    public static ChildProcess Start(
        string path, IReadOnlyList<string> argv, string output = "/dev/null", IReadOnlyList<string>? environment = null)
    {
        ChildProcess child;
        lock (Gate)
        {
            child = new ChildProcess(Native.Spawn(path, argv, environment ?? [], output));
            Known.Add(child.Pid);
        }

        new Thread(child.Wait, maxStackSize: 256 * 1024) { IsBackground = true, Name = "wait " + child.Pid }.Start();
        return child;
    }

    /// <summary>Power loss for everything this node started, for the case that it is not PID 1 of a namespace.</summary>
    public static void KillAll()
    {
        lock (Gate)
        {
            foreach (int pid in Known)
            {
                // The whole group: a daemon's own children die with the host too.
                _ = Native.Kill(-pid, Native.SigKill);
            }
        }
    }

    /// <summary>As PID 1 the node inherits orphans; nobody else would ever reap them.</summary>
    public static void ReapOrphans()
    {
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), out int pid) && IsOwnZombie(directory))
            {
                lock (Gate)
                {
                    if (!Known.Contains(pid))
                    {
                        Native.Reap(pid);
                    }
                }
            }
        }
    }

    public void Signal(int signal)
    {
        lock (Gate)
        {
            // Never signal a number that may belong to somebody else by now.
            if (Known.Contains(Pid))
            {
                _ = Native.Kill(Pid, signal);
            }
        }
    }

    private static bool IsOwnZombie(string directory)
    {
        try
        {
            string stat = File.ReadAllText(Path.Combine(directory, "stat"));
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] == "Z" && fields[1] == Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private void Wait()
    {
        int code = Native.Wait(Pid);
        lock (Gate)
        {
            Known.Remove(Pid);
        }

        _ended.SetResult(code);
    }
}
