using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Xapi;

/// <summary>Hands a call to the toolstack; may never complete.</summary>
internal delegate Task<CallReply> CallHandler(CallOrigin origin, string method, JsonArray parameters);

/// <summary>
/// One listener of an emulated xapi: its unix socket or its TCP port. It exists only while the process listens; stopping
/// it cuts every connection, and removes the socket file.
/// </summary>
internal sealed class XapiServer : IAsyncDisposable
{
    private const int BodyMax = 300 * 1024;
    private const int InternalBodyMax = 64 * 1024 * 1024;
    private const string StartPage = "<html><head><title>XAPI (emulated)</title></head><body><p>An emulated pool of TwoNodeHa.</p></body></html>";
    private const string Html500 = "<html><body><h1>HTTP 500 internal server error</h1></body></html>";

    private readonly WebApplication _application;
    private readonly CallHandler _handler;
    private readonly CallOrigin _origin;
    private readonly string? _socketPath;

    private XapiServer(CallHandler handler, CallOrigin origin, Action<KestrelServerOptions> listen, string? socketPath)
    {
        _handler = handler;
        _origin = origin;
        _socketPath = socketPath;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.Limits.MaxRequestBodySize = InternalBodyMax;
            options.AddServerHeader = false;
            listen(options);
        });
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.Zero);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddLogging(logging => logging.ClearProviders());
        _application = builder.Build();
        _application.Run(ServeAsync);
    }

    public static async Task<XapiServer> ListenUnixAsync(string path, CallHandler handler)
    {
        File.Delete(path);
        var server = new XapiServer(handler, CallOrigin.Unix, options => options.ListenUnixSocket(path), path);
        await server._application.StartAsync().ConfigureAwait(false);
        return server;
    }

    public static async Task<XapiServer> ListenTcpAsync(IPAddress address, int port, CallHandler handler)
    {
        var server = new XapiServer(handler, CallOrigin.Tcp, options => options.Listen(address, port), socketPath: null);
        await server._application.StartAsync().ConfigureAwait(false);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync().ConfigureAwait(false);
        try
        {
            // Already cancelled: connections are aborted, as by the end of a process.
            await _application.StopAsync(now.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Asked for.
        }

        await _application.DisposeAsync().ConfigureAwait(false);
        if (_socketPath is not null)
        {
            File.Delete(_socketPath);
        }
    }

    private async Task ServeAsync(HttpContext context)
    {
        string path = context.Request.Path.Value ?? "";
        if (context.Request.Method == "GET" && path == "/")
        {
            await WriteAsync(context, "text/html", StartPage).ConfigureAwait(false);
            return;
        }

        bool known = path is "/jsonrpc" or "/" or "/RPC2" || (path == "/internal" && _origin == CallOrigin.Tcp);
        if (context.Request.Method != "POST" || !known)
        {
            context.Response.StatusCode = 404;
            return;
        }

        string? body = await ReadBodyAsync(context, path).ConfigureAwait(false);
        if (body is null)
        {
            await FailAsync(context).ConfigureAwait(false);
            return;
        }

        await (path is "/" or "/RPC2" ? ServeXmlAsync(context, body) : ServeJsonAsync(context, path, body))
            .ConfigureAwait(false);
    }

    /// <summary>Without Content-Length XAPI cannot read a body at all, chunked or not (xapi.md 1.1).</summary>
    private static async Task<string?> ReadBodyAsync(HttpContext context, string path)
    {
        long? length = context.Request.ContentLength;
        if (length is null || (length > BodyMax && path != "/internal"))
        {
            return null;
        }

        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        return await reader.ReadToEndAsync(context.RequestAborted).ConfigureAwait(false);
    }

    private async Task ServeJsonAsync(HttpContext context, string path, string body)
    {
        JsonRpcRequest? request = JsonRpcRequest.Read(body);
        if (request is null)
        {
            await FailAsync(context).ConfigureAwait(false);
            return;
        }

        CallOrigin origin = path == "/internal" ? CallOrigin.Internal : _origin;
        CallReply? reply = await CallAsync(context, origin, request.Method, request.Parameters).ConfigureAwait(false);
        await (reply switch
        {
            null => Task.CompletedTask,
            CallReply.Success success => WriteAsync(context, "application/json", request.WriteSuccess(success.Value)),
            CallReply.Failure failure => WriteAsync(context, "application/json", request.WriteFailure(failure)),
            _ => EndAsync(context, reply),
        }).ConfigureAwait(false);
    }

    private async Task ServeXmlAsync(HttpContext context, string body)
    {
        (string Method, JsonArray Parameters) request;
        try
        {
            request = XmlRpc.ReadCall(body);
        }
        catch (Exception error) when (error is FormatException or System.Xml.XmlException)
        {
            await FailAsync(context).ConfigureAwait(false);
            return;
        }

        CallReply? reply = await CallAsync(context, _origin, request.Method, request.Parameters).ConfigureAwait(false);
        await (reply switch
        {
            null => Task.CompletedTask,
            CallReply.Success success => WriteAsync(context, "text/xml", XmlRpc.WriteSuccess(success.Value)),
            CallReply.Failure failure => WriteAsync(context, "text/xml", XmlRpc.WriteFailure(failure.Error)),
            _ => EndAsync(context, reply),
        }).ConfigureAwait(false);
    }

    /// <summary>A client that gives up frees its connection here; the call itself goes on in the toolstack.</summary>
    private async Task<CallReply?> CallAsync(HttpContext context, CallOrigin origin, string method, JsonArray parameters)
    {
        try
        {
            return await _handler(origin, method, parameters).WaitAsync(context.RequestAborted).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private static Task EndAsync(HttpContext context, CallReply reply)
    {
        if (reply is CallReply.HttpError)
        {
            return FailAsync(context);
        }

        context.Abort();
        return Task.CompletedTask;
    }

    private static Task FailAsync(HttpContext context)
    {
        context.Response.StatusCode = 500;
        context.Response.Headers.Connection = "close";
        return WriteAsync(context, "text/html", Html500);
    }

    private static Task WriteAsync(HttpContext context, string type, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        return context.Response.Body.WriteAsync(bytes, 0, bytes.Length, context.RequestAborted);
    }

    /// <summary>Signals belong to the program, not to one of its listeners.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
