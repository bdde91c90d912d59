using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using TwoNodeHa.Daemon.Host;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Host;

/// <summary>The real process: what systemd sees of it.</summary>
public sealed class ProcessTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Scratch _scratch = new();
    private readonly StringBuilder _said = new();

    public ProcessTests()
    {
        File.WriteAllText(_scratch["ha.conf"], Samples.ConfigText + $"""
            [watchdog]
            device = none
            [paths]
            key_file = {_scratch["key"]}
            state_directory = {_scratch["lib"]}
            run_directory = {_scratch["run"]}
            control_socket = {_scratch["c.sock"]}
            xapi_socket = {_scratch["no-xapi"]}
            pool_role_file = {_scratch["pool.conf"]}
            init_complete_cookie = {_scratch["cookie"]}
            inventory_file = {_scratch["inventory"]}
            [tools]
            list_domains = /bin/true
            destroy_domain = /bin/true
            kill_toolstack = /bin/true
            stop_toolstack = /bin/true
            start_toolstack = /bin/true
            release_locks = /bin/true
            reset_host = /bin/true
            power_off_host = /bin/true

            """);
        File.WriteAllBytes(_scratch["key"], Samples.Key);
        File.SetUnixFileMode(_scratch["key"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task SigTerm_of_a_running_daemon_ends_with_zero()
    {
        using var daemon = Start();
        await UntilItAnswers(daemon);

        Signal(daemon, 15);

        await Ended(daemon);
        Assert.True(daemon.ExitCode == 0, $"exit code {daemon.ExitCode}: {Said}");
        Assert.DoesNotContain("Unhandled exception", Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_configuration_with_errors_ends_with_78()
    {
        File.AppendAllText(_scratch["ha.conf"], "[nonsense]\n");
        using var daemon = Start();

        await Ended(daemon);
        Assert.Equal(Startup.ExitConfig, daemon.ExitCode);
    }

    private string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString();
            }
        }
    }

    private Process Start()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "twonodehad.dll");
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet" ? host : "dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])["exec", program, "--config", _scratch["ha.conf"], "--self", "alpha"])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Remove("NOTIFY_SOCKET");
        var daemon = new Process { StartInfo = start };
        daemon.OutputDataReceived += (_, line) => Keep(line.Data);
        daemon.ErrorDataReceived += (_, line) => Keep(line.Data);
        daemon.Start();
        daemon.BeginOutputReadLine();
        daemon.BeginErrorReadLine();
        return daemon;
    }

    private void Keep(string? line)
    {
        lock (_said)
        {
            _said.AppendLine(line);
        }
    }

    private async Task UntilItAnswers(Process daemon)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            Assert.False(daemon.HasExited, Said);
            Assert.True(watch.Elapsed < Patience, Said);
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(_scratch["c.sock"]));
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50);
            }
        }
    }

    private static void Signal(Process process, int signal)
    {
        using var kill = Process.Start("/bin/kill", [$"-{signal}", $"{process.Id}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    private static async Task Ended(Process process)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
