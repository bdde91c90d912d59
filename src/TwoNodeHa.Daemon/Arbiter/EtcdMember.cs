using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Daemon.ThirdParty;

namespace TwoNodeHa.Daemon.Arbiter;

/// <summary>
/// One member of the store and the one connection with it. Thousands of hosts may miss it at the same moment: a handshake that was begun is
/// waited for however long it takes, and a member that could not be reached is left alone for a while, longer each time, each host for another one.
/// </summary>
internal sealed class EtcdMember(IPEndPoint endpoint, ArbiterConfig config) : IDisposable
{
    private const int AnswerMax = 64 * 1024;

    /// <summary>Longer than it is asked alone. Then its connection is taken for dead and ended, so that a new one can be tried within the same call.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2.5);

    /// <summary>With a handshake before it, which goes on when this is over.</summary>
    private static readonly TimeSpan HandshakePatience = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan RestMin = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RestMax = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private HttpClient? _client;
    private int _failures;
    private long _failed;
    private TimeSpan _rest;

    public IPEndPoint Endpoint => endpoint;

    /// <summary>It answered last time, so the connection is there.</summary>
    public bool IsConnected { get; private set; }

    /// <summary>It could not be reached a moment ago: the others first.</summary>
    public bool Rests => Rest > TimeSpan.Zero;

    private TimeSpan Rest
    {
        get
        {
            lock (_lock)
            {
                return _failures == 0 ? TimeSpan.Zero : _rest - Stopwatch.GetElapsedTime(_failed);
            }
        }
    }

    /// <summary>Asks it, after its rest. Whoever asks may stop waiting: the call goes on, and its connection stays.</summary>
    /// <exception cref="EtcdRefusal">It refused.</exception>
    /// <exception cref="ThirdPartyException">A certificate cannot be read.</exception>
    /// <exception cref="IOException">It has no leader, or something odd came; <see cref="HttpRequestException"/>, <see cref="JsonException"/> likewise.</exception>
    /// <exception cref="OperationCanceledException">No answer in time.</exception>
    public async Task<JsonNode> AskAsync(string path, string body, string token)
    {
        if (Rest is { Ticks: > 0 } rest)
        {
            await Task.Delay(rest);
        }

        try
        {
            var answer = await PostAsync(path, body, token);
            Reached(true);
            return answer;
        }
        catch (HttpRequestException)
        {
            Reached(false);
            throw;
        }
        catch (OperationCanceledException)
        {
            // A call that is ended takes its connection with it.
            IsConnected = false;
            throw;
        }
    }

    public void Dispose() => _client?.Dispose();

    private async Task<JsonNode> PostAsync(string path, string body, string token)
    {
        using var patience = new CancellationTokenSource(IsConnected ? Patience : HandshakePatience);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"https://{endpoint}/v3/{path}"))
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        if (token.Length > 0)
        {
            _ = request.Headers.TryAddWithoutValidation("Authorization", token);
        }

        using var response = await Client().SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token).WaitAsync(patience.Token);
        await response.Content.LoadIntoBufferAsync(AnswerMax, patience.Token);
        var answer = JsonNode.Parse(await response.Content.ReadAsByteArrayAsync(patience.Token)) ?? throw new JsonException("an empty answer");

        // A member without a leader is no answer: another one may have one.
        // A stream (keepalive) says it in an object of its own.
        var failure = answer["error"] as JsonObject;
        var message = (string?)(failure ?? answer)["message"] ?? answer["error"]?.ToString() ?? "";
        if (response.StatusCode == HttpStatusCode.ServiceUnavailable || message.Contains("leader", StringComparison.Ordinal)
            || message.Contains("timed out", StringComparison.Ordinal))
        {
            throw new IOException(message.Length > 0 ? message : "unavailable");
        }

        return response.IsSuccessStatusCode && answer["code"] is null && failure is null ? answer
            : throw new EtcdRefusal((int)EtcdGateway.Number(failure?["grpc_code"] ?? answer["code"]), message);
    }

    private HttpClient Client()
    {
        lock (_lock)
        {
            return _client ??= PinnedTls.OneConnection(config.CaFile, config.CertificateFile, config.KeyFile);
        }
    }

    private void Reached(bool yes)
    {
        lock (_lock)
        {
            IsConnected = yes;
            _failures = yes ? 0 : _failures + 1;
            _failed = Stopwatch.GetTimestamp();
            var longest = RestMin * Math.Pow(2, Math.Min(_failures, 8));
            _rest = (longest <= RestMax ? longest : RestMax) * Random.Shared.NextDouble();
        }
    }
}
