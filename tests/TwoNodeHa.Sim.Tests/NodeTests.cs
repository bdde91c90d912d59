using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Tests;

/// <summary>One emulated host as a real process. Whatever happens, nothing it started stays behind.</summary>
public sealed class NodeTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _root = Path.Combine(Path.GetTempPath(), "sim-node-" + Guid.NewGuid().ToString("N")[..8]);
    private readonly string _lab = "lab" + Guid.NewGuid().ToString("N");
    private Process? _node;

    private string Host => Path.Combine(_root, "a");

    private string Socket => Path.Combine(Host, "xapi.sock");

    public void Dispose()
    {
        if (_node is { HasExited: false })
        {
            _node.Kill();
            _node.WaitForExit();
        }

        _node?.Dispose();
        foreach (int pid in LabProcesses())
        {
            using Process left = Process.GetProcessById(pid);
            left.Kill();
        }

        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task Node_XlDestroy_ToolstackNotices_LocksGo()
    {
        Start();
        await UntilAsync(() => File.Exists(Path.Combine(Host, "init-complete.cookie")));
        Assert.Equal(2, LabProcesses().Count);
        Assert.Single(Directory.GetFiles(Path.Combine(_root, "shared", "locks")));
        string listed = Run("list_domains");
        Assert.Contains(PoolDefinition.UuidOf("vm", "vm1"), listed, StringComparison.Ordinal);

        // The toolstack hangs; the hypervisor does not care.
        await BmcAsync("""{"verb":"hang","on":true}""");
        Run("xl", "destroy", "1");
        Assert.DoesNotContain(PoolDefinition.UuidOf("vm", "vm1"), Run("list_domains"), StringComparison.Ordinal);
        await BmcAsync("""{"verb":"hang","on":false}""");
        await UntilAsync(() => LabProcesses().Count == 0);
        await UntilAsync(() => Directory.GetFiles(Path.Combine(_root, "shared", "locks")).Length == 0);
        await UntilAsync(() => PowerState("vm1") == "Halted");
    }

    [Fact]
    public async Task Node_ToolstackStoppedAndStarted_SocketGoesAndComesBack()
    {
        Start("--daemon", "/bin/sh", "-c", "echo up; exec sleep 1000");
        await UntilAsync(() => File.Exists(Path.Combine(Host, "init-complete.cookie")));
        await UntilAsync(() => File.Exists(Path.Combine(Host, "daemon.log"))
            && File.ReadAllText(Path.Combine(Host, "daemon.log")).Contains("up", StringComparison.Ordinal));
        Run("systemctl", "stop", "xapi");
        await UntilAsync(() => !File.Exists(Socket));
        Assert.Equal("inactive", Run("systemctl", "is-active", "xapi").Trim());
        Assert.Equal(2, LabProcesses().Count);
        Run("systemctl", "start", "xapi");
        await UntilAsync(() => File.Exists(Path.Combine(Host, "init-complete.cookie")));
        Assert.Equal("Running", PowerState("vm1"));
        await BmcAsync("""{"verb":"shutdown"}""");
        Assert.Equal(0, await ExitCodeAsync());
        Assert.Empty(LabProcesses());
    }

    [Fact]
    public async Task Node_WatchdogNotFed_Exits78WithEverything()
    {
        Start();
        await UntilAsync(() => LabProcesses().Count == 2);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        var endPoint = new UnixDomainSocketEndPoint(Path.Combine(Host, "watchdog.sock"));
        await UntilAsync(() => File.Exists(Path.Combine(Host, "watchdog.sock")));
        await socket.SendToAsync(Encoding.ASCII.GetBytes("arm 100"), endPoint, TestContext.Current.CancellationToken);
        await socket.SendToAsync(Encoding.ASCII.GetBytes("disarm"), endPoint, TestContext.Current.CancellationToken);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        Assert.False(_node!.HasExited);
        await socket.SendToAsync(Encoding.ASCII.GetBytes("arm 200"), endPoint, TestContext.Current.CancellationToken);
        Assert.Equal(78, await ExitCodeAsync());
        await UntilAsync(() => LabProcesses().Count == 0);

        // Power loss releases nothing.
        Assert.Single(Directory.GetFiles(Path.Combine(_root, "shared", "locks")));
    }

    [Fact]
    public async Task Node_ResetHost_Exits77()
    {
        Start();
        await UntilAsync(() => File.Exists(Path.Combine(Host, "init-complete.cookie")));
        using Process script = Process.Start(new ProcessStartInfo(Path.Combine(Host, "bin", "reset-host")))!;
        try
        {
            Assert.Equal(77, await ExitCodeAsync());
        }
        finally
        {
            script.Kill(entireProcessTree: true);
        }
    }

    private void Start(params string[] more)
    {
        Directory.CreateDirectory(_root);
        string config = Path.Combine(_root, "pool.json");
        File.WriteAllText(config, new PoolDefinition
        {
            LabId = _lab,
            Hosts =
            [
                new HostDefinition { Name = "a", Address = "127.0.0.1", Port = FreePort() },
                new HostDefinition { Name = "b", Address = "127.0.0.2", Port = FreePort() },
            ],
            Vms = [new VmDefinition { Name = "vm1", RunningOn = "a" }],
        }.ToJson());
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true };
        foreach (string argument in (string[])
            [typeof(PoolFile).Assembly.Location, "node", "--name", "a", "--dir", Host, "--shared",
             Path.Combine(_root, "shared"), "--config", config, .. more])
        {
            start.ArgumentList.Add(argument);
        }

        _node = Process.Start(start)!;
        _node.OutputDataReceived += (_, _) => { };
        _node.BeginOutputReadLine();
    }

    private string PowerState(string vm)
    {
        string session = (string)UnixHttp.CallAsync(Socket, "session.login_with_password", "", "").Result!;
        JsonNode records = UnixHttp.CallAsync(Socket, "VM.get_all_records", session).Result!;
        return (string)records.AsObject().First(pair => (string?)pair.Value!["name_label"] == vm).Value!["power_state"]!;
    }

    private string Run(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Host, "bin", script), arguments) { UseShellExecute = false, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(Patience), script + " does not end");
        return output;
    }

    private async Task BmcAsync(string request)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(Host, "bmc.sock")));
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request + "\n"));
        using var reader = new StreamReader(stream);
        string answer = await reader.ReadLineAsync() ?? "";
        Assert.Contains("\"ok\":true", answer, StringComparison.Ordinal);
    }

    private async Task<int> ExitCodeAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        await _node!.WaitForExitAsync(limit.Token);
        return _node.ExitCode;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < Patience, "waited too long");
            await Task.Delay(20);
        }
    }

    /// <summary>VM and tapdisk processes of this test; a zombie has no command line.</summary>
    private List<int> LabProcesses()
    {
        var found = new List<int>();
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            try
            {
                string name = File.ReadAllText(Path.Combine(directory, "cmdline")).Split('\0')[0];
                if (int.TryParse(Path.GetFileName(directory), out int pid) && name.EndsWith(":" + _lab, StringComparison.Ordinal))
                {
                    found.Add(pid);
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // Ended meanwhile.
            }
        }

        return found;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
