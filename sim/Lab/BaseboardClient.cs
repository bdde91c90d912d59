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
        using var expiry = new CancellationTokenSource(Limit);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), expiry.Token);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request.ToJsonString() + "\n"), expiry.Token);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        string line = await reader.ReadLineAsync(expiry.Token) ?? throw new IOException($"{verb}: no answer");
        JsonObject answer = JsonNode.Parse(line)!.AsObject();
        return (bool?)answer["ok"] == true
            ? answer
            : throw new InvalidOperationException($"{verb}: {(string?)answer["error"]}");
    }
}
