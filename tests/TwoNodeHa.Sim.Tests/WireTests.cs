using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Xapi;

namespace TwoNodeHa.Sim.Tests;

/// <summary>Shapes on the wire (xapi.md 1.2), over a real unix socket, with a scripted toolstack behind it.</summary>
public sealed class WireTests : IAsyncLifetime
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"xapi-wire-{Guid.NewGuid():N}.sock");
    private XapiServer? _server;

    public async ValueTask InitializeAsync() => _server = await XapiServer.ListenUnixAsync(_path, AnswerAsync);

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        Assert.False(File.Exists(_path));
    }

    [Theory]
    [InlineData("""{"id":7,"method":"good","params":[]}""", """{"result":{"a":[1,true,"x"]},"error":null,"id":7}""")]
    [InlineData("""{"id":7,"method":"bad","params":[]}""", """{"result":null,"error":["HOST_IS_SLAVE","10.0.0.1"],"id":7}""")]
    [InlineData("""{"jsonrpc":"2.0","id":"q","method":"good","params":[]}""", """{"jsonrpc":"2.0","result":{"a":[1,true,"x"]},"id":"q"}""")]
    [InlineData(
        """{"jsonrpc":"2.0","id":7,"method":"bad","params":[]}""",
        """{"jsonrpc":"2.0","error":{"code":1,"message":"HOST_IS_SLAVE","data":["10.0.0.1"]},"id":7}""")]
    [InlineData(
        """{"jsonrpc":"2.0","id":7,"method":"forwarded","params":[]}""",
        """{"jsonrpc":"2.0","error":["SESSION_INVALID","OpaqueRef:s1"],"id":7}""")]
    [InlineData("""{"id":7,"method":"emergency","params":[]}""", """{"jsonrpc":"2.0","error":["HOST_STILL_BOOTING"],"id":0}""")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"void","params":[]}""", """{"jsonrpc":"2.0","result":"","id":7}""")]
    public async Task JsonRpc_Shapes(string request, string expected)
    {
        (int status, string body) = await PostAsync("/jsonrpc", request);
        Assert.Equal(200, status);
        Assert.Equal(expected, body);
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":null,"method":"good","params":[]}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"good","params":[]}""")]
    [InlineData("""{"id":7,"params":[]}""")]
    [InlineData("not json")]
    [InlineData("""{"id":7,"method":"uncaught","params":[]}""")]
    public async Task JsonRpc_Malformed_Http500Html(string request)
    {
        (int status, string body) = await PostAsync("/jsonrpc", request);
        Assert.Equal(500, status);
        Assert.StartsWith("<html>", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_ChunkedOrTooLong_Http500()
    {
        string chunked = "POST /jsonrpc HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
        Assert.StartsWith("HTTP/1.1 500", await RawAsync(chunked), StringComparison.Ordinal);
        (int status, _) = await PostAsync("/jsonrpc", new string(' ', 301 * 1024));
        Assert.Equal(500, status);
    }

    [Theory]
    [InlineData("/", 200, "<html>")]
    [InlineData("/nothing", 404, "")]
    [InlineData("/jsonrpc", 404, "")]
    public async Task Get_AnswersTheStartPageOnly(string path, int status, string begin)
    {
        using HttpClient client = UnixHttp.Client(_path);
        using HttpResponseMessage response = await client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.StartsWith(begin, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LostAnswer_ConnectionCut()
    {
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => PostAsync("/jsonrpc", """{"id":7,"method":"lost","params":[]}"""));
    }

    [Fact]
    public async Task HungCall_KeepsConnectionOpen()
    {
        Task<(int, string)> hung = PostAsync("/jsonrpc", """{"id":7,"method":"hang","params":[]}""");
        await PostAsync("/jsonrpc", """{"id":7,"method":"good","params":[]}""");
        Assert.False(hung.IsCompleted);
    }

    [Fact]
    public async Task XmlRpc_SuccessAndFailure()
    {
        (_, string good) = await PostAsync("/RPC2", "<methodCall><methodName>good</methodName><params/></methodCall>");
        Assert.Contains("<name>Status</name><value>Success</value>", good, StringComparison.Ordinal);
        Assert.Contains("<data><value>1</value><value><boolean>1</boolean></value><value>x</value></data>", good, StringComparison.Ordinal);
        (_, string bad) = await PostAsync("/", "<methodCall><methodName>bad</methodName><params/></methodCall>");
        Assert.Contains("<value>Failure</value>", bad, StringComparison.Ordinal);
        Assert.Contains("<data><value>HOST_IS_SLAVE</value><value>10.0.0.1</value></data>", bad, StringComparison.Ordinal);
    }

    [Fact]
    public async Task XmlRpc_PythonClient_LogsInAndListsVms()
    {
        string? python = ((string[])["/usr/bin/python3", "/usr/local/bin/python3"]).FirstOrDefault(File.Exists);
        Assert.SkipWhen(python is null, "no python3");
        int port = FreePort();
        await using XapiServer tcp = await XapiServer.ListenTcpAsync(IPAddress.Loopback, port, AnswerAsync);
        string script = $"""
            import xmlrpc.client
            s = xmlrpc.client.ServerProxy('http://127.0.0.1:{port}/')
            r = s.session.login_with_password('root', 'secret', '2.0', 'test')
            assert r['Status'] == 'Success', r
            v = s.VM.get_all_records(r['Value'])
            assert v['Status'] == 'Success', v
            print(sorted(x['name_label'] for x in v['Value'].values()), s.bad()['ErrorDescription'])
            """;
        var start = new ProcessStartInfo(python!) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(script);
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.True(output.StartsWith("['vm1'] ['HOST_IS_SLAVE', '10.0.0.1']", StringComparison.Ordinal), output + errors);
    }

    private static Task<CallReply> AnswerAsync(CallOrigin origin, string method, JsonArray parameters) => method switch
    {
        "good" => Done(new CallReply.Success(JsonNode.Parse("""{"a":[1,true,"x"]}"""))),
        "void" => Done(new CallReply.Success(null)),
        "bad" => Done(new CallReply.Failure(["HOST_IS_SLAVE", "10.0.0.1"], FailureOrigin.Executed)),
        "forwarded" => Done(new CallReply.Failure(["SESSION_INVALID", "OpaqueRef:s1"], FailureOrigin.Forwarded)),
        "emergency" => Done(new CallReply.Failure(["HOST_STILL_BOOTING"], FailureOrigin.Emergency)),
        "uncaught" => Done(new CallReply.HttpError("uncaught")),
        "lost" => Done(new CallReply.ConnectionLost("lost")),
        "session.login_with_password" => Done(new CallReply.Success("OpaqueRef:s1")),
        "VM.get_all_records" => Done(new CallReply.Success(
            JsonNode.Parse("""{"OpaqueRef:v1":{"name_label":"vm1","order":0,"snapshot_time":"20260820T01:02:03Z"}}"""))),
        _ => new TaskCompletionSource<CallReply>().Task,
    };

    private static Task<CallReply> Done(CallReply reply) => Task.FromResult(reply);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<(int Status, string Body)> PostAsync(string path, string body)
    {
        using HttpClient client = UnixHttp.Client(_path);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await client.PostAsync(path, content, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private async Task<string> RawAsync(string request)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(_path));
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}

/// <summary>HTTP over a unix socket.</summary>
internal static class UnixHttp
{
    public static HttpClient Client(string socketPath) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancel) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancel);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    })
    {
        BaseAddress = new Uri("http://localhost"),
        Timeout = TimeSpan.FromSeconds(60),
    };

    public static async Task<JsonNode?> CallAsync(string socketPath, string method, params JsonNode?[] parameters)
    {
        using HttpClient client = Client(socketPath);
        string body = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = method, ["params"] = new JsonArray(parameters) }
            .ToJsonString();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await client.PostAsync("/jsonrpc", content);
        JsonNode answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        return answer["error"] is { } error ? throw new InvalidOperationException(error.ToJsonString()) : answer["result"];
    }
}
