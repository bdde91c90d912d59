using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace TwoNodeHa.Sim.Lab;

/// <summary>Asks the control socket of an emulated host: one JSON object per line, one answer each.</summary>
internal sealed class BaseboardClient(string socketPath)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Nothing is answered by the toolstack any more, or again.</summary>
    public Task HangToolstackAsync(bool on) => AskAsync("hang", new JsonObject { ["on"] = on });

    /// <summary>The host's path to the shared storage.</summary>
    public Task StorageAsync(bool on) => AskAsync("storage", new JsonObject { ["on"] = on });

    /// <summary>Sends a verb with its arguments; a refusal is an exception.</summary>
    public async Task<JsonObject> AskAsync(string verb, JsonObject? arguments = null)
    {
        JsonObject request = arguments ?? [];
        request["verb"] = verb;
        await using BaseboardSession session = await BaseboardSession.OpenAsync(socketPath).WaitAsync(Limit);
        JsonObject answer = await session.AskAsync(request).WaitAsync(Limit);
        return (bool?)answer["ok"] == true
            ? answer
            : throw new InvalidOperationException($"{verb}: {(string?)answer["error"]}");
    }
}

/// <summary>One open connection to the control socket of an emulated host.</summary>
internal sealed class BaseboardSession : IAsyncDisposable
{
    private readonly NetworkStream _stream;
    private readonly StreamReader _reader;

    private BaseboardSession(NetworkStream stream) => (_stream, _reader) = (stream, new StreamReader(stream, Encoding.UTF8));

    public static async Task<BaseboardSession> OpenAsync(string socketPath)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath));
            return new BaseboardSession(new NetworkStream(socket, ownsSocket: true));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async Task SendAsync(JsonObject request) =>
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(request.ToJsonString() + "\n"));

    /// <summary>Null when the other end is gone.</summary>
    public async Task<string?> ReadLineAsync()
    {
        try
        {
            return await _reader.ReadLineAsync();
        }
        catch (IOException)
        {
            return null;
        }
    }

    public async Task<JsonObject> AskAsync(JsonObject request)
    {
        await SendAsync(request);
        string line = await ReadLineAsync() ?? throw new IOException($"{(string?)request["verb"]}: no answer");
        return JsonNode.Parse(line)!.AsObject();
    }

    public async ValueTask DisposeAsync()
    {
        _reader.Dispose();
        await _stream.DisposeAsync();
    }
}
