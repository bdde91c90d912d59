using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using TwoNodeHa.Sim.Lab;
using TwoNodeHa.Sim.Lab.Parts;

namespace TwoNodeHa.Sim.Fleet;

/// <summary>Real etcd members on the loopback, in a directory that goes with them.</summary>
internal sealed class EtcdCluster : IDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("tnh-etcd-").FullName;
    private readonly EtcdMember[] _members;
    private readonly Process?[] _processes;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly LabAuthority _authority;

    /// <param name="count">Members, one to seven.</param>
    public EtcdCluster(int count)
    {
        int[] ports = [.. FreePorts(3 * count)];
        _members = [.. Enumerable.Range(0, count).Select(index => new EtcdMember(
            $"m{index + 1}", $"127.0.0.1:{ports[3 * index]}", $"http://127.0.0.1:{ports[(3 * index) + 1]}", ports[(3 * index) + 2]))];
        _processes = new Process?[count];
        _authority = new LabAuthority(_directory);
        _authority.Issue("server", "127.0.0.1");
        _authority.Issue("client", "127.0.0.1");
    }

    public ImmutableArray<IPEndPoint> Endpoints => [.. _members.Select(member => IPEndPoint.Parse(member.Client))];

    public string CaFile => _authority.CaFile;

    public string ClientCertificate => _authority.CertificateOf("client");

    public string ClientKey => _authority.KeyOf("client");

    /// <summary>Of all members that run: processor seconds so far, and resident MiB.</summary>
    public (double Cpu, double Mib) Cost()
    {
        int[] running = [.. _processes.Where(process => process is { HasExited: false }).Select(process => process!.Id)];
        return (running.Sum(Footprint.CpuSeconds), running.Sum(Footprint.ResidentMibOf));
    }

    /// <summary>Starts the members that do not run, and returns when all are healthy.</summary>
    public async Task StartAsync()
    {
        for (int index = 0; index < _members.Length; index++)
        {
            if (_processes[index] is not { HasExited: false })
            {
                _processes[index] = Spawn(_members[index]);
            }
        }

        var watch = Stopwatch.StartNew();
        while (!(await Task.WhenAll(_members.Select(IsHealthyAsync))).All(healthy => healthy))
        {
            if (watch.Elapsed > ReadyLimit)
            {
                throw new TimeoutException("etcd is not ready: " + File.ReadLines(LogOf(_members[0])).LastOrDefault());
            }

            await Task.Delay(50);
        }
    }

    /// <summary>Kills all members.</summary>
    public void KillAll() => Array.ForEach(_processes, End);

    /// <summary>Kills the leader; its name.</summary>
    public async Task<string> KillLeaderAsync()
    {
        for (int index = 0; index < _members.Length; index++)
        {
            string metrics = await _http.GetStringAsync(new Uri($"http://127.0.0.1:{_members[index].Metrics}/metrics"));
            if (metrics.Contains("\netcd_server_is_leader 1", StringComparison.Ordinal))
            {
                End(_processes[index]);
                return _members[index].Name;
            }
        }

        throw new InvalidOperationException("no member is leader");
    }

    public void Dispose()
    {
        KillAll();
        _http.Dispose();
        _authority.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static void End(Process? process)
    {
        if (process is { HasExited: false })
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    private static List<int> FreePorts(int count)
    {
        var sockets = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        sockets.ForEach(socket => socket.Start());
        var ports = sockets.Select(socket => ((IPEndPoint)socket.LocalEndpoint).Port).ToList();
        sockets.ForEach(socket => socket.Dispose());
        return ports;
    }

    private string LogOf(EtcdMember member) => Path.Combine(_directory, member.Name + ".log");

    /// <summary>On a thread that lives as long as the member, because it is killed when that thread ends: also by the end of this program.</summary>
    private Process Spawn(EtcdMember member)
    {
        var start = new ProcessStartInfo("/bin/sh",
        [
            "-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1", "sh", LogOf(member),
            LabParts.Require("setpriv"), "--pdeathsig", "KILL", "--", .. member.Command(_members, _directory, _authority),
        ])
        {
            UseShellExecute = false,
        };
        var started = new TaskCompletionSource<Process>();
        new Thread(() =>
        {
            Process process = Process.Start(start)!;
            started.SetResult(process);
            process.WaitForExit();
        })
        {
            IsBackground = true, Name = "etcd",
        }.Start();
        return started.Task.GetAwaiter().GetResult();
    }

    private async Task<bool> IsHealthyAsync(EtcdMember member)
    {
        try
        {
            using HttpResponseMessage response = await _http.GetAsync(new Uri($"http://127.0.0.1:{member.Metrics}/health"));
            return response.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
