using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace TwoNodeHa.Daemon.Host;

/// <summary>How a host is reset or powered off at once; a test writes elsewhere.</summary>
internal interface IHostPower
{
    /// <summary>Writes to a file below /proc; null or why it failed.</summary>
    string? Write(string file, string text);

    /// <summary>Runs a program of dom0 and waits for its end; null when it exited with 0, else why not.</summary>
    string? Run(string command, TimeSpan patience);

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

    public string? Run(string command, TimeSpan patience)
    {
        var words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        try
        {
            // Nothing is redirected: a pipe would need threads of the pool, which may be what is stuck.
            using var process = Process.Start(new ProcessStartInfo(words[0], words.Skip(1)) { UseShellExecute = false });
            if (process is null || !process.WaitForExit(patience))
            {
                return "does not end";
            }

            return process.ExitCode == 0 ? null : $"ended with {process.ExitCode}";
        }
        catch (Exception error) when (error is Win32Exception or IOException or InvalidOperationException)
        {
            return error.Message;
        }
    }

    public int Reboot(int command) => RebootCall(command) == 0 ? 0 : Marshal.GetLastPInvokeError();

    [LibraryImport("libc", EntryPoint = "reboot", SetLastError = true)]
    private static partial int RebootCall(int command);
}

/// <summary>
/// The last resort: for a reset the hypervisor's own fence tool, then sysrq, then reboot(2), each on a thread and a clock of
/// its own, so that a rung that hangs does not keep the next one waiting. None syncs: the disks are the storage's business,
/// not this kernel's. Below them stands the watchdog, which is not fed any more.
/// </summary>
/// <param name="power">The host.</param>
/// <param name="hypervisorFence">
/// Program with arguments that resets the host from below dom0; empty: none. It comes first: it does without the help of a
/// kernel that may be sick, and without the minutes that a kernel with a crash kernel takes for its dump.
/// </param>
internal sealed class PowerLadder(IHostPower power, string hypervisorFence)
{
    private const string SysrqSwitch = "/proc/sys/kernel/sysrq";
    private const string SysrqTrigger = "/proc/sysrq-trigger";

    // LINUX_REBOOT_CMD_RESTART and LINUX_REBOOT_CMD_POWER_OFF (linux/reboot.h).
    private const int Restart = 0x01234567;
    private const int PowerOff = 0x4321FEDC;

    /// <summary>Of a rung's time: how long an order that was taken is given to act.</summary>
    private const double Effect = 0.8;

    /// <summary>Resets the host.</summary>
    /// <param name="deadline">Bound of all rungs together.</param>
    /// <returns>Why the host is still there.</returns>
    public async Task<string> ResetAsync(TimeSpan deadline)
    {
        if (hypervisorFence.Length == 0)
        {
            return await KernelAsync("b", Restart, deadline / 2);
        }

        var rung = deadline / 3;
        var fence = await ClimbAsync("fence", rung, () => Taken(power.Run(hypervisorFence, rung), rung));
        return $"{hypervisorFence} {fence}; {await KernelAsync("b", Restart, rung)}";
    }

    /// <summary>Powers the host off; the hypervisor's tool can only reset.</summary>
    /// <param name="deadline">Bound of all rungs together.</param>
    /// <returns>Why the host is still there.</returns>
    public Task<string> PowerOffAsync(TimeSpan deadline) => KernelAsync("o", PowerOff, deadline / 2);

    private async Task<string> KernelAsync(string key, int command, TimeSpan rung)
    {
        var sysrq = await ClimbAsync("sysrq", rung, () =>
        {
            // sysrq(8): root's trigger works without the switch on most kernels; a refusal is told by the trigger.
            _ = power.Write(SysrqSwitch, "1");
            return Taken(power.Write(SysrqTrigger, key), rung);
        });
        var reboot = await ClimbAsync("reboot", rung, () => $"returned errno {power.Reboot(command)}");
        return $"sysrq {key} {sysrq}; reboot(2) {reboot}; the watchdog is left, which is not fed";
    }

    /// <summary>After an order that was taken comes the end, or a machine that cannot.</summary>
    private static string Taken(string? refused, TimeSpan rung)
    {
        if (refused is null)
        {
            Thread.Sleep(rung * Effect);
        }

        return refused ?? "was taken without effect";
    }

    private static async Task<string> ClimbAsync(string name, TimeSpan patience, Func<string> rung)
    {
        var ended = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => ended.TrySetResult(rung()), maxStackSize: 256 * 1024) { IsBackground = true, Name = $"ha-{name}" }.Start();
        await Task.WhenAny(ended.Task, Task.Delay(patience));
        return ended.Task.IsCompleted ? await ended.Task : "hangs";
    }
}
