using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Sim.Lab;

/// <summary>Asks a daemon through its control socket: files are shared by all namespaces of the lab, networks are not.</summary>
internal static class ControlClient
{
    /// <summary>The answer; null when the daemon does not answer, which is ordinary here.</summary>
    public static async Task<ControlAnswer?> AskAsync(string socketPath, ControlRequest request, TimeSpan limit)
    {
        using var expiry = new CancellationTokenSource(limit);
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), expiry.Token);
            await using var stream = new NetworkStream(socket);
            byte[] line = JsonSerializer.SerializeToUtf8Bytes(request, ControlJson.Default.ControlRequest);
            await stream.WriteAsync(new ReadOnlyMemory<byte>([.. line, (byte)'\n']), expiry.Token);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            string? answer = await reader.ReadLineAsync(expiry.Token);
            return answer is null ? null : JsonSerializer.Deserialize(answer, ControlJson.Default.ControlAnswer);
        }
        catch (Exception error) when (error is SocketException or IOException or OperationCanceledException or JsonException)
        {
            return null;
        }
    }
}
