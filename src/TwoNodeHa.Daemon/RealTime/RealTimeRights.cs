namespace TwoNodeHa.Daemon.RealTime;

/// <summary>
/// Keeps the daemon answering on a host that is short of processor or memory. Each request is optional: what the kernel
/// refuses is remembered and told, and the daemon goes on without it.
/// </summary>
internal sealed class RealTimeRights(IProcessControl kernel)
{
    /// <summary>Of the loop: above the receivers, so that a flood that keeps them busy does not take its turns.</summary>
    public const int LoopPriority = 11;

    /// <summary>Of the threads that receive heartbeats and probe answers. Low: kernel threads of drivers run at 50.</summary>
    public const int ReceivePriority = 10;

    /// <summary>Of everything else in the daemon, and of the tools that it runs: a fence is timed.</summary>
    private const int Niceness = -10;

    /// <summary>MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT (mlockall(2)).</summary>
    private const int LockWhatIsUsed = 1 | 2 | 4;

    private const string GroupLeft = "cpu control group left";
    private const int SchedRoundRobin = 2;
    private const int SchedResetOnFork = 0x40000000;
    private const int OomScore = -1000;

    // EPERM.
    private const int NotPermitted = 1;

    private readonly Lock _gate = new();
    private readonly List<string> _granted = [];
    private readonly List<string> _refused = [];
    private Action<string>? _tell;
    private bool? _outside;

    /// <summary>What was refused, one sentence each.</summary>
    public string[] Refused
    {
        get
        {
            lock (_gate)
            {
                return [.. _refused];
            }
        }
    }

    /// <summary>All of it in a few words, for the status.</summary>
    public string Describe()
    {
        lock (_gate)
        {
            return string.Join(", ", _granted.Concat(_refused.Select(text => $"refused: {text}")));
        }
    }

    /// <summary>Tells of each refusal once: of those so far now, of later ones as they come, on any thread.</summary>
    public void Tell(Action<string> tell)
    {
        lock (_gate)
        {
            _tell = tell;
            _refused.ForEach(tell);
        }
    }

    /// <summary>For the whole process; before the threads of the daemon are made, which inherit it.</summary>
    public void Prepare()
    {
        Note(kernel.SetOomScore(OomScore), "never chosen by the OOM killer", "oom_score_adj -1000");

        // Real-time threads wait for the others now and then: for a lock, or for a collection of garbage.
        var refusals = kernel.Threads().Select(thread => kernel.Nice(thread, Niceness)).Where(error => error != 0).ToArray();
        Note(refusals.Length == 0 ? null : $"errno {refusals[0]}", $"nice {Niceness}", $"nice {Niceness}");
    }

    /// <summary>
    /// Locks what is in memory now, and whatever is touched later. Not what is only reserved (MCL_ONFAULT, Linux 4.4): the
    /// heap and the stacks of the runtime reserve far more than they use.
    /// </summary>
    public void LockMemory()
    {
        if (kernel.WhyMemoryIsBounded() is { } reason)
        {
            // Half a lock would be worse than none: beyond the limit every further mapping would fail.
            Note(reason, "", "memory lock");
            return;
        }

        var error = kernel.LockMemory(LockWhatIsUsed);
        Note(error == 0 ? null : $"mlockall errno {error}", "memory locked", "memory lock");
    }

    /// <summary>
    /// Called by a thread that must not wait for a processor. Its children are ordinary again (SCHED_RESET_ON_FORK):
    /// neither a worker nor a tool inherits real time.
    /// </summary>
    /// <param name="name">What the thread does.</param>
    /// <param name="priority">SCHED_RR priority, 1 to 99 (sched(7)).</param>
    public void Enter(string name, int priority)
    {
        var error = kernel.Schedule(SchedRoundRobin | SchedResetOnFork, priority);
        if (error == NotPermitted)
        {
            error = ScheduleOutside(priority);
        }

        if (error == 0)
        {
            Note(null, $"{name} SCHED_RR {priority}", "");
            return;
        }

        var nice = kernel.Nice(0, 2 * Niceness);
        Note($"errno {error}, {(nice == 0 ? $"nice {2 * Niceness} instead" : $"nice {2 * Niceness} errno {nice}")}", "", $"{name} SCHED_RR {priority}");
    }

    /// <summary>
    /// A kernel with RT_GROUP_SCHED refuses real time inside a processor control group: it is left then, and only then, since
    /// elsewhere it protects the daemon from others. The toolstack's own HA daemon does the same.
    /// </summary>
    private int ScheduleOutside(int priority)
    {
        lock (_gate)
        {
            _outside ??= kernel.LeaveCpuGroup() is null;
            if (_outside == false)
            {
                return NotPermitted;
            }

            var error = kernel.Schedule(SchedRoundRobin | SchedResetOnFork, priority);
            if (error == 0 && !_granted.Contains(GroupLeft))
            {
                _granted.Add(GroupLeft);
            }

            if (error != 0 && !_granted.Contains(GroupLeft))
            {
                // It was something else that refused.
                kernel.ReturnToCpuGroup();
                _outside = false;
            }

            return error;
        }
    }

    private void Note(string? refusal, string granted, string wanted)
    {
        lock (_gate)
        {
            if (refusal is null)
            {
                _granted.Add(granted);
            }
            else
            {
                _refused.Add($"{wanted} ({refusal})");
                _tell?.Invoke(_refused[^1]);
            }
        }
    }
}
