using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Xapi;

/// <summary>Calls to the other host over its management address: JSON-RPC 1.0, as hosts do among themselves.</summary>
internal sealed class HttpPeer : IPeerToolstack, IDisposable
{
    private readonly PoolDefinition _pool;
    private readonly RealScheduler _scheduler;
    private readonly HttpClient _client;

    public HttpPeer(PoolDefinition pool, RealScheduler scheduler, ToolstackTimings timings)
    {
        _pool = pool;
        _scheduler = scheduler;
        _client = new HttpClient(new SocketsHttpHandler
        {
            ConnectTimeout = timings.ConnectLimit,

            // A kept connection may be dead by the next call, which would look like a call with unknown outcome.
            PooledConnectionLifetime = TimeSpan.Zero,
            UseProxy = false,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Called on the scheduler's thread; the answer comes back there.</summary>
    public Task<CallReply> CallAsync(string address, string method, JsonArray parameters)
    {
        string path = method.StartsWith("emu.", StringComparison.Ordinal) ? "/internal" : "/jsonrpc";
        string body = new JsonObject { ["method"] = method, ["params"] = parameters, ["id"] = 1 }.ToJsonString();
        var answer = new TaskCompletionSource<CallReply>();
        _ = Task.Run(() => SendAsync(address, path, body, answer));
        return answer.Task;
    }

    public void Dispose() => _client.Dispose();

    private async Task SendAsync(string address, string path, string body, TaskCompletionSource<CallReply> answer)
    {
        try
        {
            int port = _pool.Hosts.FirstOrDefault(host => host.Address == address)?.Port
                ?? throw new PeerUnreachableException($"no route to {address}");
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using HttpResponseMessage response = await _client.PostAsync($"http://{address}:{port}{path}", content)
                .ConfigureAwait(false);
            string text = await response.Content.ReadAsStringAsync().ConfigureAwait(false);
            CallReply reply = Parse(response.IsSuccessStatusCode, text);
            _scheduler.Post(() => answer.SetResult(reply));
        }
        catch (PeerUnreachableException error)
        {
            _scheduler.Post(() => answer.SetException(error));
        }
        catch (Exception error)
        {
            Exception outcome = WasNotSent(error)
                ? new PeerUnreachableException(error.Message)
                : new PeerLostException(error.Message);
            _scheduler.Post(() => answer.SetException(outcome));
        }
    }

    private static bool WasNotSent(Exception error) =>
        error is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError }
        || error is OperationCanceledException { InnerException: TimeoutException }
        || error.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused };

    private static CallReply Parse(bool ok, string text)
    {
        if (!ok)
        {
            return new CallReply.HttpError(text);
        }

        JsonNode root = JsonNode.Parse(text)!;
        return root["error"] is JsonArray error
            ? new CallReply.Failure([.. error.Select(node => (string)node!)], FailureOrigin.Executed)
            : new CallReply.Success(root["result"]?.DeepClone());
    }
}
