using System.Net;
using System.Net.Sockets;
using TwoNodeHa.Sim.Lab.Cables;

namespace TwoNodeHa.Sim.Lab.Parts;

/// <summary>A real member of an etcd cluster on a station of its own.</summary>
internal sealed class LabEtcd : IDisposable
{
    private readonly LabPart _part;
    private readonly HttpClient _inside;

    /// <param name="space">Namespace of the station.</param>
    /// <param name="station">Name of the station.</param>
    /// <param name="command">Starts it.</param>
    /// <param name="log">For its words.</param>
    /// <param name="metrics">Port on the loopback of the station for health and metrics.</param>
    public LabEtcd(NetSpace space, string station, string[] command, string log, int metrics)
    {
        Station = station;
        _part = new LabPart(space, log, command);
        _inside = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancel) =>
            {
                Socket socket = space.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, metrics), cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            Timeout = TimeSpan.FromSeconds(2),
        };
    }

    /// <summary>Name of its station, for cables and impairments.</summary>
    public string Station { get; }

    /// <summary>It answers and knows a leader.</summary>
    public bool IsHealthy => Ask("health") is not null;

    /// <summary>It takes itself for the leader; one that is cut off from the others does so for a while longer.</summary>
    public bool IsLeader => Ask("metrics")?.Contains("\netcd_server_is_leader 1", StringComparison.Ordinal) ?? false;

    public void Start() => _part.Start();

    public void Kill() => _part.Kill();

    public void Freeze() => _part.Freeze();

    public void Thaw() => _part.Thaw();

    public void Dispose()
    {
        _part.Dispose();
        _inside.Dispose();
    }

    /// <summary>Null without a good answer.</summary>
    private string? Ask(string path)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "http://127.0.0.1/" + path);
            using HttpResponseMessage response = _inside.Send(request);
            using var reader = new StreamReader(response.Content.ReadAsStream());
            return response.IsSuccessStatusCode ? reader.ReadToEnd() : null;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException or IOException)
        {
            return null;
        }
    }
}
