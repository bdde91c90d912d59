using System.Runtime.InteropServices;

namespace TwoNodeHa.Daemon.Host;

/// <summary>How a host is reset or powered off at once; a test writes elsewhere.</summary>
internal interface IHostPower
{
    /// <summary>Writes to a file below /proc; null or why it failed.</summary>
    string? Write(string file, string text);

    /// <summary>reboot(2); returns an errno, or not at all.</summary>
    int Reboot(int command);
}

/// <summary>The kernel of this host.</summary>
internal sealed partial class LinuxHostPower : IHostPower
{
    public string? Write(string file, string text)
    {
        try
        {
            File.WriteAllText(file, text);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error.Message;
        }
    }

    public int Reboot(int command) => RebootCall(command) == 0 ? 0 : Marshal.GetLastPInvokeError();

    [LibraryImport("libc", EntryPoint = "reboot", SetLastError = true)]
    private static partial int RebootCall(int command);
}

/// <summary>
/// The last resort: sysrq, then reboot(2), each on a thread and a clock of its own, so that a rung that hangs in the
/// kernel does not keep the next one waiting. Neither syncs: the disks are the storage's business, not this kernel's. Below
/// them stands the watchdog, which is not fed any more.
/// </summary>
internal sealed class PowerLadder(IHostPower power)
{
    private const string SysrqSwitch = "/proc/sys/kernel/sysrq";
    private const string SysrqTrigger = "/proc/sysrq-trigger";

    // LINUX_REBOOT_CMD_RESTART and LINUX_REBOOT_CMD_POWER_OFF (linux/reboot.h).
    private const int Restart = 0x01234567;
    private const int PowerOff = 0x4321FEDC;

    /// <summary>Resets the host.</summary>
    /// <param name="deadline">Bound of all rungs together.</param>
    /// <returns>Why the host is still there.</returns>
    public Task<string> ResetAsync(TimeSpan deadline) => RunAsync("b", Restart, deadline);

    /// <summary>Powers the host off.</summary>
    /// <param name="deadline">Bound of all rungs together.</param>
    /// <returns>Why the host is still there.</returns>
    public Task<string> PowerOffAsync(TimeSpan deadline) => RunAsync("o", PowerOff, deadline);

    private async Task<string> RunAsync(string key, int command, TimeSpan deadline)
    {
        var rung = deadline / 2;
        var sysrq = await ClimbAsync("sysrq", rung, () =>
        {
            // sysrq(8): root's trigger works without the switch on most kernels; a refusal is told by the trigger.
            _ = power.Write(SysrqSwitch, "1");
            var refused = power.Write(SysrqTrigger, key);
            if (refused is null)
            {
                // Taken: what comes now is the end, or a kernel that cannot.
                Thread.Sleep(rung * 0.8);
            }

            return refused ?? "was taken without effect";
        });
        var reboot = await ClimbAsync("reboot", rung, () => $"returned errno {power.Reboot(command)}");
        return $"sysrq {key} {sysrq}; reboot(2) {reboot}; the watchdog is left, which is not fed";
    }

    private static async Task<string> ClimbAsync(string name, TimeSpan patience, Func<string> rung)
    {
        var ended = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => ended.TrySetResult(rung()), maxStackSize: 256 * 1024) { IsBackground = true, Name = $"ha-{name}" }.Start();
        await Task.WhenAny(ended.Task, Task.Delay(patience));
        return ended.Task.IsCompleted ? await ended.Task : "hangs";
    }
}
