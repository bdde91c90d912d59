using TwoNodeHa.Core.Config;
using TwoNodeHa.Daemon.RealTime;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.RealTime;

public sealed class RealTimeRightsTests
{
    private const int NotPermitted = 1;
    private readonly Kernel _kernel = new();

    [Fact]
    public void What_is_granted_is_described_and_nothing_is_refused()
    {
        var rights = new RealTimeRights(_kernel);
        rights.Prepare();
        rights.Enter("loop", RealTimeRights.LoopPriority);
        rights.LockMemory();
        Assert.Empty(rights.Refused);
        Assert.Equal("never chosen by the OOM killer, nice -10, loop SCHED_RR 11, memory locked", rights.Describe());
        Assert.Equal(["oom -1000", "nice 7 -10", "nice 8 -10", "schedule 0x40000002 11", "lock 7"], _kernel.Asked);
    }

    [Fact]
    public void A_bounded_lock_is_not_asked_for()
    {
        _kernel.Bounded = "RLIMIT_MEMLOCK is 64 KiB";
        var rights = new RealTimeRights(_kernel);
        rights.LockMemory();
        Assert.Empty(_kernel.Asked);
        Assert.Equal("memory lock (RLIMIT_MEMLOCK is 64 KiB)", Assert.Single(rights.Refused));
    }

    [Fact]
    public void Every_refusal_is_told_once_whenever_it_comes()
    {
        _kernel.Error = NotPermitted;
        _kernel.Oom = "Permission denied";
        var rights = new RealTimeRights(_kernel);
        var told = new List<string>();
        rights.Prepare();
        rights.LockMemory();
        rights.Tell(told.Add);
        Assert.Equal(["oom_score_adj -1000 (Permission denied)", "nice -10 (errno 1)", "memory lock (mlockall errno 1)"], told);
        rights.Enter("icmp", RealTimeRights.ReceivePriority);
        Assert.Equal("icmp SCHED_RR 10 (errno 1, nice -20 errno 1)", told[^1]);
        Assert.Equal(told, rights.Refused);
        Assert.StartsWith("refused: ", rights.Describe(), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_real_time_a_thread_is_at_least_nicer_than_others()
    {
        _kernel.ScheduleError = NotPermitted;
        var rights = new RealTimeRights(_kernel);
        rights.Enter("loop", RealTimeRights.LoopPriority);
        Assert.Equal("nice 0 -20", _kernel.Asked[^1]);
        Assert.Equal("loop SCHED_RR 11 (errno 1, nice -20 instead)", Assert.Single(rights.Refused));
    }

    [Fact]
    public void A_group_that_refuses_real_time_is_left_once_for_all_threads()
    {
        _kernel.GroupRefuses = true;
        var rights = new RealTimeRights(_kernel);
        rights.Enter("loop", RealTimeRights.LoopPriority);
        rights.Enter("icmp", RealTimeRights.ReceivePriority);
        Assert.Equal(["schedule 0x40000002 11", "leave", "schedule 0x40000002 11"], _kernel.Asked[..3]);
        Assert.StartsWith("cpu control group left, loop SCHED_RR 11", rights.Describe(), StringComparison.Ordinal);
        Assert.Single(_kernel.Asked, "leave");
    }

    [Fact]
    public void A_group_that_was_left_for_nothing_is_entered_again()
    {
        _kernel.ScheduleError = NotPermitted;
        _kernel.Leaves = true;
        var rights = new RealTimeRights(_kernel);
        rights.Enter("loop", RealTimeRights.LoopPriority);
        rights.Enter("icmp", RealTimeRights.ReceivePriority);
        Assert.Equal(["leave", "return"], _kernel.Asked.Where(what => what is "leave" or "return"));
        Assert.Equal(2, rights.Refused.Length);
    }

    [Fact]
    public void The_kernel_of_this_machine_answers()
    {
        var kernel = new LinuxProcessControl();
        Assert.NotEmpty(kernel.Threads());

        // No such policy, no such thread: EINVAL and ESRCH, and nothing has changed.
        Assert.Equal(22, kernel.Schedule(99, 1));
        Assert.Equal(3, kernel.Nice(int.MaxValue, 0));
        Assert.Equal(22, kernel.LockMemory(1 << 20));
        Assert.Null(Record.Exception(kernel.WhyMemoryIsBounded));
    }

    [Theory]
    [InlineData("")]
    [InlineData("on_gateway_loss = stay")]
    [InlineData("on_ambiguous = takeover")]
    [InlineData("lone_start = hold")]
    [InlineData("fence_action = reboot")]
    public void The_rehearsal_plays_both_hosts_under_every_policy_without_touching_anything(string policy)
    {
        foreach (var profile in new[] { "fast", "balanced", "patient" })
        {
            var text = Samples.ConfigText.Replace("profile = balanced", $"profile = {profile}", StringComparison.Ordinal);
            var config = ConfigParser.Parse("ha.conf", $"{text}\n[policy]\n{policy}\n").Config!;
            Rehearsal.Run(new LocalConfig(config, 0), Samples.Key);
            Rehearsal.Run(new LocalConfig(config with { Watchdog = new WatchdogConfig(WatchdogKind.None, "") }, 1), Samples.Key);
        }
    }

    private sealed class Kernel : IProcessControl
    {
        public List<string> Asked { get; } = [];

        public int Error { get; set; }

        public int ScheduleError { get; set; }

        public string? Bounded { get; set; }

        public string? Oom { get; set; }

        public bool Leaves { get; set; }

        /// <summary>Refuses real time until the group is left.</summary>
        public bool GroupRefuses { get; set; }

        public int LockMemory(int flags) => Note($"lock {flags}", Error);

        public string? WhyMemoryIsBounded() => Bounded;

        public int Schedule(int policy, int priority) => Note($"schedule 0x{policy:x} {priority}", Error | ScheduleError | (GroupRefuses ? NotPermitted : 0));

        public string? LeaveCpuGroup()
        {
            if (!Leaves && !GroupRefuses)
            {
                return "no group";
            }

            GroupRefuses = false;
            _ = Note("leave", 0);
            return null;
        }

        public void ReturnToCpuGroup() => Note("return", 0);

        public int Nice(int thread, int value) => Note($"nice {thread} {value}", Error);

        public IReadOnlyList<int> Threads() => [7, 8];

        public string? SetOomScore(int value)
        {
            _ = Note($"oom {value}", 0);
            return Oom;
        }

        private int Note(string what, int answer)
        {
            Asked.Add(what);
            return answer;
        }
    }
}
