using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.ExceptionServices;
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
/// Calls of etcd's JSON gateway (etcd v3.4 and later, api_grpc_gateway.md): one POST each, to the member that answered last, then also to
/// the others. 64-bit numbers are strings there, keys and values base64.
/// </summary>
internal sealed class EtcdGateway(ArbiterConfig config) : IDisposable
{
    private const int Unauthenticated = 16;

    /// <summary>A member is asked alone for so long where it has answered before, then the next one too.</summary>
    private static readonly TimeSpan PerMember = TimeSpan.FromSeconds(1.2);

    /// <summary>Where there must be a handshake first: another one with the next member would make a store that is short of processor slower still.</summary>
    private static readonly TimeSpan PerHandshake = TimeSpan.FromSeconds(2.5);

    /// <summary>Each host of each pool begins with another member: one that dies is missed by its part of them only.</summary>
    private readonly ImmutableArray<EtcdMember> _members = [.. config.Endpoints.Select(endpoint => new EtcdMember(endpoint, config))];
    private int _first = Random.Shared.Next(config.Endpoints.Length);
    private string _token = "";

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

    public void Dispose()
    {
        foreach (var member in _members)
        {
            member.Dispose();
        }
    }

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

    /// <summary>
    /// One member after the other is asked as well: after one that failed at once, after one that is slow in a moment. The slow one is not given
    /// up, because with its call its connection would end, and the next call would need another handshake. One that failed is not asked again.
    /// </summary>
    private async Task<JsonNode> AnyMemberAsync(string path, JsonObject body, CancellationToken cancel)
    {
        var text = body.ToJsonString();
        var (troubles, asked) = (new List<string>(), new Dictionary<Task<JsonNode>, EtcdMember>());
        var waiting = new Queue<EtcdMember>(Enumerable.Range(0, _members.Length).Select(index => _members[(_first + index) % _members.Length])
            .OrderBy(member => member.Rests));
        while ((waiting.Count > 0 || asked.Count > 0) && !cancel.IsCancellationRequested)
        {
            var limit = PerMember;
            if (waiting.TryDequeue(out var next))
            {
                limit = next.IsConnected ? PerMember : PerHandshake;
                asked.Add(next.AskAsync(path, text, _token), next);
            }

            if (await AnsweredAsync(asked, waiting.Count > 0 ? limit : Timeout.InfiniteTimeSpan, cancel) is not { } answered)
            {
                continue;
            }

            _ = asked.Remove(answered, out var member);
            if (answered.IsCompletedSuccessfully)
            {
                _first = _members.IndexOf(member!);
                return answered.Result;
            }

            if (answered.IsCanceled)
            {
                waiting.Enqueue(member!);
            }
            else
            {
                troubles.Add($"{member!.Endpoint}: {Why(answered.Exception!.InnerException!)}");
            }
        }

        troubles.AddRange(waiting.Concat(asked.Values).Select(member => $"{member.Endpoint}: no answer in time"));
        throw new ThirdPartyException(troubles.Count > 0 ? string.Join("; ", troubles) : "no time was left");
    }

    /// <summary>The first that ends, or null when none does in time.</summary>
    private static async Task<Task<JsonNode>?> AnsweredAsync(Dictionary<Task<JsonNode>, EtcdMember> asked, TimeSpan limit, CancellationToken cancel) =>
        await Task.WhenAny([.. asked.Keys, Task.Delay(limit, cancel)]) as Task<JsonNode>;

    /// <exception cref="EtcdRefusal">A refusal is the store's answer.</exception>
    private static string Why(Exception error)
    {
        if (error is not (HttpRequestException or IOException or JsonException))
        {
            ExceptionDispatchInfo.Throw(error);
        }

        return PinnedTls.Why(error);
    }
}
