using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Daemon.ThirdParty;

namespace TwoNodeHa.Daemon.Arbiter;

/// <summary>etcd refused a call, and said why.</summary>
/// <param name="code">Code of gRPC: 16 is "unauthenticated", 7 "permission denied", 8 "resource exhausted".</param>
/// <param name="message">The store's words.</param>
internal sealed class EtcdRefusal(int code, string message) : Exception(message)
{
    public int Code => code;
}

/// <summary>
/// Calls of etcd's JSON gateway (etcd v3.4 and later, api_grpc_gateway.md): one POST each, to the member that answered last, then to
/// the others. 64-bit numbers are strings there, keys and values base64.
/// </summary>
internal sealed class EtcdGateway(ArbiterConfig config) : IDisposable
{
    private const int AnswerMax = 64 * 1024;
    private const int Unauthenticated = 16;

    private static readonly TimeSpan PerMember = TimeSpan.FromSeconds(1.2);

    private HttpClient? _client;
    private string _token = "";
    private int _member;

    /// <summary>The answer of the first member that has one.</summary>
    /// <exception cref="EtcdRefusal">A member refused; another one would say the same.</exception>
    /// <exception cref="ThirdPartyException">No member answered in time; the call may have been carried out.</exception>
    public async Task<JsonNode> CallAsync(string path, JsonObject body, CancellationToken cancel)
    {
        try
        {
            if (_token.Length == 0 && config.User.Length > 0)
            {
                await AuthenticateAsync(cancel);
            }

            return await AnyMemberAsync(path, body, cancel);
        }
        catch (EtcdRefusal refusal) when (refusal.Code == Unauthenticated && config.User.Length > 0 && _token.Length > 0)
        {
            // The token ran out, or the members were restarted: once more with a new one.
            _token = "";
            await AuthenticateAsync(cancel);
            return await AnyMemberAsync(path, body, cancel);
        }
    }

    public void Dispose() => _client?.Dispose();

    public static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    public static string Text(JsonNode? node) => node is null ? "" : Encoding.UTF8.GetString(Convert.FromBase64String((string)node!));

    /// <summary>A 64-bit number; 0 where the store left it out, as it does with zeros.</summary>
    public static long Number(JsonNode? node) =>
        node is null ? 0 : long.Parse(node.ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    private async Task AuthenticateAsync(CancellationToken cancel)
    {
        var body = new JsonObject { ["name"] = config.User, ["password"] = SecretFile.Read(config.PasswordFile) };
        var answer = await AnyMemberAsync("auth/authenticate", body, cancel);
        _token = (string?)answer["token"] ?? "";
    }

    private async Task<JsonNode> AnyMemberAsync(string path, JsonObject body, CancellationToken cancel)
    {
        var troubles = new List<string>();
        for (var tried = 0; tried < config.Endpoints.Length && !cancel.IsCancellationRequested; tried++)
        {
            var endpoint = config.Endpoints[_member % config.Endpoints.Length];
            try
            {
                return await OneMemberAsync(endpoint, path, body, cancel);
            }
            catch (Exception error) when (error is HttpRequestException or OperationCanceledException or IOException or JsonException)
            {
                troubles.Add($"{endpoint}: {PinnedTls.Why(error)}");
                _member++;
            }
        }

        throw new ThirdPartyException(troubles.Count > 0 ? string.Join("; ", troubles) : "no time was left");
    }

    private async Task<JsonNode> OneMemberAsync(IPEndPoint endpoint, string path, JsonObject body, CancellationToken cancel)
    {
        var client = _client ??= PinnedTls.Client(config.CaFile, config.CertificateFile, config.KeyFile);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(PerMember);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"https://{endpoint}/v3/{path}"))
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        if (_token.Length > 0)
        {
            _ = request.Headers.TryAddWithoutValidation("Authorization", _token);
        }

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token).WaitAsync(patience.Token);
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
            : throw new EtcdRefusal((int)Number(failure?["grpc_code"] ?? answer["code"]), message);
    }
}
