using TwoNodeHa.Daemon.Host;

namespace TwoNodeHa.Daemon.Tests.Host;

public sealed class PowerLadderTests
{
    private readonly Power _power = new();

    [Fact]
    public async Task Sysrq_is_switched_on_and_triggered_before_the_system_call()
    {
        var why = await new PowerLadder(_power, "").ResetAsync(TimeSpan.FromMilliseconds(200));
        Assert.Equal(["/proc/sys/kernel/sysrq 1", "/proc/sysrq-trigger b", "reboot 1234567"], _power.Steps);
        Assert.Contains("reboot(2) returned errno 1; the watchdog is left", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Power_off_has_its_own_letter_and_command()
    {
        await new PowerLadder(_power, "").PowerOffAsync(TimeSpan.FromMilliseconds(200));
        Assert.Equal(["/proc/sysrq-trigger o", "reboot 4321fedc"], _power.Steps.Skip(1));
    }

    [Fact]
    public async Task A_refused_sysrq_is_said_and_the_next_rung_comes_at_once()
    {
        _power.Refusal = "Read-only file system";
        var why = await new PowerLadder(_power, "").ResetAsync(TimeSpan.FromMinutes(10));
        Assert.StartsWith("sysrq b Read-only file system; reboot(2) returned errno 1", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rung_that_hangs_does_not_hold_the_next_one_up()
    {
        // Not disposed: the thread that hangs on it may wake up later than this test ends.
        var never = new ManualResetEventSlim(false);
        _power.Hang = never;
        var why = await new PowerLadder(_power, "").ResetAsync(TimeSpan.FromMilliseconds(100));
        Assert.Equal("sysrq b hangs; reboot(2) returned errno 1; the watchdog is left, which is not fed", why);
        Assert.Contains("reboot 1234567", _power.Steps);
        never.Set();
    }

    [Fact]
    public async Task The_hypervisors_tool_comes_before_the_kernel()
    {
        var why = await new PowerLadder(_power, "/bin/fence yes").ResetAsync(TimeSpan.FromMilliseconds(300));
        Assert.Equal(
            ["run /bin/fence yes", "/proc/sys/kernel/sysrq 1", "/proc/sysrq-trigger b", "reboot 1234567"], _power.Steps);
        Assert.StartsWith("/bin/fence yes was taken without effect; sysrq b", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hypervisors_tool_that_fails_is_passed_over_at_once()
    {
        _power.Refusal = "ended with 1";
        var why = await new PowerLadder(_power, "/bin/fence yes").ResetAsync(TimeSpan.FromMinutes(10));
        Assert.StartsWith("/bin/fence yes ended with 1; sysrq b ended with 1; reboot(2)", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hypervisors_tool_that_hangs_does_not_hold_the_kernel_up()
    {
        var never = new ManualResetEventSlim(false);
        _power.Hang = never;
        var why = await new PowerLadder(_power, "/bin/fence yes").ResetAsync(TimeSpan.FromMilliseconds(150));
        Assert.StartsWith("/bin/fence yes hangs; sysrq b hangs; reboot(2) returned errno 1", why, StringComparison.Ordinal);
        never.Set();
    }

    [Fact]
    public async Task The_hypervisors_tool_cannot_power_off()
    {
        await new PowerLadder(_power, "/bin/fence yes").PowerOffAsync(TimeSpan.FromMilliseconds(200));
        Assert.DoesNotContain("run /bin/fence yes", _power.Steps);
    }

    [Theory]
    [InlineData("/bin/true", null)]
    [InlineData("/bin/sh -c false", "ended with 1")]
    [InlineData("/bin/sleep 60", "does not end")]
    public void A_program_is_run_within_its_bound(string command, string? why) =>
        Assert.Equal(why, new LinuxHostPower().Run(command, TimeSpan.FromSeconds(command.Contains("sleep") ? 0.1 : 30)));

    [Fact]
    public void A_missing_program_is_a_reason() =>
        Assert.Contains("/nowhere/fence.bin", new LinuxHostPower().Run("/nowhere/fence.bin yes", TimeSpan.FromSeconds(1)), StringComparison.Ordinal);

    /// <summary>Never the kernel of the machine that runs the tests.</summary>
    private sealed class Power : IHostPower
    {
        private readonly List<string> _steps = [];

        public string? Refusal { get; set; }

        public ManualResetEventSlim? Hang { get; set; }

        public string[] Steps
        {
            get
            {
                lock (_steps)
                {
                    return [.. _steps];
                }
            }
        }

        public string? Write(string file, string text)
        {
            Hang?.Wait();
            Note($"{file} {text}");
            return Refusal;
        }

        public string? Run(string command, TimeSpan patience)
        {
            Hang?.Wait();
            Note($"run {command}");
            return Refusal;
        }

        public int Reboot(int command)
        {
            Note($"reboot {command:x}");
            return 1;
        }

        private void Note(string step)
        {
            lock (_steps)
            {
                _steps.Add(step);
            }
        }
    }
}
