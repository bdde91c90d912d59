using TwoNodeHa.Daemon.Host;

namespace TwoNodeHa.Daemon.Tests.Host;

public sealed class PowerLadderTests
{
    private readonly Power _power = new();

    [Fact]
    public async Task Sysrq_is_switched_on_and_triggered_before_the_system_call()
    {
        var why = await new PowerLadder(_power).ResetAsync(TimeSpan.FromMilliseconds(200));
        Assert.Equal(["/proc/sys/kernel/sysrq 1", "/proc/sysrq-trigger b", "reboot 1234567"], _power.Steps);
        Assert.Contains("reboot(2) returned errno 1; the watchdog is left", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Power_off_has_its_own_letter_and_command()
    {
        await new PowerLadder(_power).PowerOffAsync(TimeSpan.FromMilliseconds(200));
        Assert.Equal(["/proc/sysrq-trigger o", "reboot 4321fedc"], _power.Steps.Skip(1));
    }

    [Fact]
    public async Task A_refused_sysrq_is_said_and_the_next_rung_comes_at_once()
    {
        _power.Refusal = "Read-only file system";
        var why = await new PowerLadder(_power).ResetAsync(TimeSpan.FromMinutes(10));
        Assert.StartsWith("sysrq b Read-only file system; reboot(2) returned errno 1", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rung_that_hangs_does_not_hold_the_next_one_up()
    {
        // Not disposed: the thread that hangs on it may wake up later than this test ends.
        var never = new ManualResetEventSlim(false);
        _power.Hang = never;
        var why = await new PowerLadder(_power).ResetAsync(TimeSpan.FromMilliseconds(100));
        Assert.Equal("sysrq b hangs; reboot(2) returned errno 1; the watchdog is left, which is not fed", why);
        Assert.Contains("reboot 1234567", _power.Steps);
        never.Set();
    }

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
