using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Lab.Tests;

/// <summary>The emulated hosts without any HA: power, boot, reset, watchdog, and what is left afterwards.</summary>
public sealed class HarnessTests
{
    private static readonly LabOptions Bare = new() { WithDaemons = false };

    [Fact]
    public Task Power_loss_ends_every_process_of_the_host_and_no_other() => PlayAsync(async lab =>
    {
        lab.A.PowerOff();
        await lab.UntilAsync("a is dark", view => view.A.Vms.IsEmpty && view.A.Power == Power.Off);
        Assert.Equal(["vm2", "vm4"], lab.Truth.On("b"));
        Assert.Equal([], ProcessesOn(lab, "a"));
        Assert.Equal("off", (await lab.ViewAsync()).A.State);

        lab.A.PowerOn();
        await lab.UntilAsync("a is up again", _ => lab.A.Power == Power.On && ToolstackIsUp(lab, "a"));
        Assert.Equal(2, lab.A.Boots);
        Assert.Empty(lab.Truth.On("a"));
        Assert.Empty(lab.A.Ends);
    });

    [Fact]
    public Task A_reset_boots_again() => PlayAsync(async lab =>
    {
        // The answer may get lost with the host.
        await Record.ExceptionAsync(() => lab.Baseboard("b").AskAsync("reset"));
        await lab.UntilAsync("b is up again", _ => lab.B.Boots == 2 && ToolstackIsUp(lab, "b"));
        Assert.Equal(HostEndKind.Reset, Assert.Single(lab.B.Ends).Kind);
        Assert.Equal(["vm1", "vm3"], lab.Truth.On("a"));
    });

    [Fact]
    public Task A_watchdog_that_is_not_fed_resets_the_host() => PlayAsync(async lab =>
    {
        Feed(lab, "b", "arm 500");
        await lab.UntilAsync("b was reset and is up again", _ => lab.B.Boots == 2 && ToolstackIsUp(lab, "b"));
        Assert.Equal(HostEndKind.Watchdog, Assert.Single(lab.B.Ends).Kind);
    });

    [Fact]
    public Task A_watchdog_that_is_disarmed_does_not() => PlayAsync(async lab =>
    {
        Feed(lab, "b", "arm 1500");
        Feed(lab, "b", "disarm");
        await lab.StaysAsync("b stays up", view => view.B is { Power: Power.On, Vms.Length: 2 }, seconds: 3);
        Assert.Empty(lab.B.Ends);
    });

    [Fact]
    public async Task Nothing_is_left_of_a_lab()
    {
        string id = "";
        string directory = "";
        await PlayAsync(lab =>
        {
            id = lab.Id;
            directory = lab.DirectoryOf("a");
            return Task.CompletedTask;
        });
        Assert.False(Directory.Exists(directory));
        Assert.DoesNotContain(AllCommandLines(), line => line.Contains(id) || line.Contains(directory));
    }

    /// <summary>No clean-up runs: the kernel alone ends the hosts, and with them their namespaces.</summary>
    [Fact]
    public async Task Nothing_but_a_folder_outlives_a_lab_that_is_killed()
    {
        LabSystem.Require();
        using Process demo = Process.Start(new ProcessStartInfo(Repository.Sim[0], [.. Repository.Sim[1..], "demo", "--no-color"])
        {
            RedirectStandardOutput = true, UseShellExecute = false,
        })!;
        try
        {
            string mark = $"/tmp/tnh-{demo.Id}-";
            await Eventually(() => AllCommandLines().Any(line => line.Contains(mark) && line.Contains("twonodehad")));
            demo.Kill();
            await demo.WaitForExitAsync(TestContext.Current.CancellationToken);
            await Eventually(() => !AllCommandLines().Any(line => line.Contains(mark)));
            Assert.Contains(Directory.EnumerateDirectories("/tmp"), folder => folder.StartsWith(mark, StringComparison.Ordinal));
            LabFolder.Sweep();
            Assert.DoesNotContain(Directory.EnumerateDirectories("/tmp"), folder => folder.StartsWith(mark, StringComparison.Ordinal));
        }
        finally
        {
            demo.Kill();
        }
    }

    private static async Task Eventually(Func<bool> condition)
    {
        var waited = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(60), "it did not happen in 60 s");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private static async Task PlayAsync(Func<LabHarness, Task> story)
    {
        LabSystem.Require();
        await using LabHarness lab = LabHarness.Start(Bare);
        await lab.UntilAsync("both toolstacks are up", _ => ToolstackIsUp(lab, "a") && ToolstackIsUp(lab, "b"));
        await lab.UntilAsync("the VMs run where the pool says", view =>
            view.A.Vms.SequenceEqual(["vm1", "vm3"]) && view.B.Vms.SequenceEqual(["vm2", "vm4"]));
        await story(lab);
        Assert.Empty(lab.Truth.DoubleRuns);
    }

    private static bool ToolstackIsUp(LabHarness lab, string host) =>
        File.Exists(Path.Combine(lab.DirectoryOf(host), "init-complete.cookie"));

    private static void Feed(LabHarness lab, string host, string word)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        string path = Path.Combine(lab.DirectoryOf(host), "watchdog.sock");
        socket.SendTo(Encoding.ASCII.GetBytes(word), new UnixDomainSocketEndPoint(path));
    }

    private static string[] ProcessesOn(LabHarness lab, string host)
    {
        HashSet<string> spaces = [.. lab.Network.HostByNamespace().Where(entry => entry.Value == host).Select(entry => entry.Key)];
        return [.. Pids().Where(pid => VmProcess.NetworkNamespace(pid) is { } space && spaces.Contains(space)).Select(CommandLine)];
    }

    private static IEnumerable<string> AllCommandLines() => Pids().Select(CommandLine);

    private static IEnumerable<int> Pids() => Directory.EnumerateDirectories("/proc")
        .Select(directory => int.TryParse(Path.GetFileName(directory), out int pid) ? pid : 0)
        .Where(pid => pid > 0);

    private static string CommandLine(int pid) => Encoding.UTF8.GetString(VmProcess.CommandLine(pid)).Replace('\0', ' ');
}
