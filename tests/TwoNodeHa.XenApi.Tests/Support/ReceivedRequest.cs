using System.Globalization;
using System.Text;
using System.Text.Json;

namespace TwoNodeHa.XenApi.Tests.Support;

/// <summary>A request as it came over the wire.</summary>
internal sealed record ReceivedRequest(string Head, JsonElement Body)
{
    public string Method => Body.GetProperty("method").GetString()!;

    public JsonElement Parameters => Body.GetProperty("params");

    public bool IsV2 => Body.TryGetProperty("jsonrpc", out _);

    /// <summary>The session sent, or nothing for calls without one.</summary>
    public string Session => Parameters[0].GetString()!;

    public static async Task<ReceivedRequest?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, cancellationToken) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
        }

        byte[] body = new byte[LengthOf(head.ToString())];
        await stream.ReadExactlyAsync(body, cancellationToken);
        return new ReceivedRequest(head.ToString(), JsonElement.Parse(body));
    }

    private static int LengthOf(string head)
    {
        const string Name = "Content-Length:";
        string line = head.Split("\r\n").Single(line => line.StartsWith(Name, StringComparison.OrdinalIgnoreCase));
        return int.Parse(line.AsSpan(Name.Length), CultureInfo.InvariantCulture);
    }
}
