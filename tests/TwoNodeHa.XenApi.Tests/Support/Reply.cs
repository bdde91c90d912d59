using System.Text;

namespace TwoNodeHa.XenApi.Tests.Support;

/// <summary>What the scripted server does with a request.</summary>
internal abstract record Reply
{
    /// <summary>Send these bytes, then close.</summary>
    public sealed record Bytes(byte[] Data) : Reply;

    /// <summary>Send these bytes one at a time, for as long as the client listens.</summary>
    public sealed record Drip(byte[] Data) : Reply;

    /// <summary>Say nothing and keep the connection until the server ends.</summary>
    public sealed record Hang : Reply;

    /// <summary>Abort the connection without a word.</summary>
    public sealed record Cut : Reply;

    public static Reply Http(int status, string type, string body) =>
        new Bytes([.. Head(status, type, Encoding.UTF8.GetByteCount(body)), .. Encoding.UTF8.GetBytes(body)]);

    public static Reply Json(string body) => Http(200, "application/json", body);

    /// <summary>A 2.0 success.</summary>
    public static Reply Result(string json) => Json($$"""{"jsonrpc":"2.0","result":{{json}},"id":1}""");

    /// <summary>A 2.0 failure in object form.</summary>
    public static Reply Error(string code, params string[] parameters) => Json(
        $$"""{"jsonrpc":"2.0","error":{"code":1,"message":"{{code}}","data":{{Array(parameters)}}},"id":1}""");

    /// <summary>Announces more than it sends.</summary>
    public static Reply Truncated(string body, int announced) =>
        new Bytes([.. Head(200, "application/json", announced), .. Encoding.UTF8.GetBytes(body)]);

    public static byte[] Head(int status, string type, long length) => Encoding.ASCII.GetBytes(
        $"HTTP/1.1 {status} X\r\nContent-Type: {type}\r\nContent-Length: {length}\r\n\r\n");

    private static string Array(string[] items) => "[" + string.Join(",", items.Select(item => $"\"{item}\"")) + "]";
}
