using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using TwoNodeHa.Sim.Lab.Cables;

namespace TwoNodeHa.Sim.Lab.Parts;

/// <summary>A real etcd of one member on a station of the management network, reached over TLS with client certificates.</summary>
internal sealed class LabEtcd : IDisposable
{
    /// <summary>Name of the station, for cables and impairments.</summary>
    public const string Station = "etcd";
    public const int StationNumber = 20;
    public const int Port = 2379;

    private const string Client = "client";
    private const int MetricsPort = 2381;
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    private readonly LabPart _part;
    private readonly HttpClient _inside;

    /// <param name="space">Namespace of the station.</param>
    /// <param name="directory">For data and log; the files that <see cref="Section"/> names are made in it.</param>
    public LabEtcd(NetSpace space, string directory)
    {
        var member = new EtcdMember("lab", $"{Address}:{Port}", "http://127.0.0.1:2380", MetricsPort);
        using var authority = new LabAuthority(directory);
        authority.Issue("server", Address);
        authority.Issue(Client, LabNetwork.Address("a"));
        // One member elects itself: there is nobody to wait for.
        _part = new LabPart(space, Path.Combine(directory, "etcd.log"),
            [.. member.Command([member], directory, authority), "--heartbeat-interval", "30", "--election-timeout", "300"]);
        _inside = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancel) =>
            {
                Socket socket = space.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, MetricsPort), cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            Timeout = TimeSpan.FromSeconds(2),
        };
    }

    public static string Address => $"{LabNetwork.Management}.{StationNumber}";

    /// <summary>The section of the configuration, for files in a directory.</summary>
    public static string Section(string directory) => $"""

        [arbiter]
        endpoints = {Address}:{Port}
        ca_file = {directory}/ca.pem
        certificate_file = {directory}/{Client}.pem
        key_file = {directory}/{Client}.key
        prefix = /twonodeha/lab

        """;

    /// <summary>Starts it where it does not run, and returns when it has a leader and answers.</summary>
    public void Start()
    {
        _part.Start();
        var watch = Stopwatch.StartNew();
        while (!IsHealthy())
        {
            if (watch.Elapsed > ReadyLimit * LabOptions.Patience)
            {
                throw new LabTimeoutException($"etcd is not ready after {watch.Elapsed.TotalSeconds:0} s");
            }

            Thread.Sleep(Glance);
        }
    }

    public void Kill() => _part.Kill();

    public void Freeze() => _part.Freeze();

    public void Thaw() => _part.Thaw();

    public void Dispose()
    {
        _part.Dispose();
        _inside.Dispose();
    }

    private bool IsHealthy()
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "http://127.0.0.1/health");
            using HttpResponseMessage response = _inside.Send(request);
            return response.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
