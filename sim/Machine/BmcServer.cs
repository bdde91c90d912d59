using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Machine;

/// <summary>
/// The control socket of an emulated host: one JSON object per line in, one per line out. Named after the board
/// management controller a real host has: it works whatever state the host is in.
/// </summary>
internal sealed class BmcServer : IDisposable
{
    private readonly Socket _socket;
    private readonly string _path;
    private readonly RealScheduler _scheduler;
    private readonly BmcCommands _commands;

    public BmcServer(string path, RealScheduler scheduler, BmcCommands commands)
    {
        _path = path;
        _scheduler = scheduler;
        _commands = commands;
        File.Delete(path);
        _socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        _socket.Listen();
    }

    public void Start() => _ = AcceptAsync();

    public void Dispose()
    {
        _socket.Dispose();
        File.Delete(_path);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _socket.AcceptAsync().ConfigureAwait(false);
                _ = ServeAsync(client);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        (string Unit, long Attendance)? attended = null;
        try
        {
            using var stream = new NetworkStream(client, ownsSocket: true);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            while (await reader.ReadLineAsync().ConfigureAwait(false) is { } line)
            {
                JsonObject reply = await AnswerAsync(line).ConfigureAwait(false);
                if ((string?)reply["attended"] is { } unit)
                {
                    attended = (unit, (long)reply["attendance"]!);
                }

                string answer = reply.ToJsonString() + "\n";
                await stream.WriteAsync(Encoding.UTF8.GetBytes(answer)).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            // The client went away.
        }

        if (attended is { } ended)
        {
            // The process that stands for the unit is gone, whatever ended it: so is the unit.
            _scheduler.Post(() => _commands.Unattended(ended.Unit, ended.Attendance));
        }
    }

    private async Task<JsonObject> AnswerAsync(string line)
    {
        try
        {
            JsonObject request = JsonNode.Parse(line)?.AsObject() ?? throw new FormatException("not an object");
            JsonObject answer = await _scheduler.InvokeAsync(() => _commands.ExecuteAsync(request)).ConfigureAwait(false);
            answer["ok"] = true;
            return answer;
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            return new JsonObject { ["ok"] = false, ["error"] = error.Message };
        }
    }
}
