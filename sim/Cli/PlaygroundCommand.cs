using System.CommandLine;
using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Sim.Cli;

/// <summary><c>sim playground</c>: publishes the page once, and serves it on loopback. Any other static web server does as well.</summary>
internal static class PlaygroundCommand
{
    private const string Project = "sim/playground";
    private const string Output = "artifacts/playground";

    /// <summary>Where the published page lies.</summary>
    public static string Pages => Path.Combine(Repository.Root, Output, "wwwroot");

    public static Command Create()
    {
        var port = new Option<int>("--port") { Description = "port on 127.0.0.1", DefaultValueFactory = _ => 8080 };
        var again = new Option<bool>("--publish") { Description = "publish again, also where it was published before" };
        var command = new Command("playground", "Serve the playground, a page that runs the simulated hosts in the browser; published first if need be.") { port, again };
        command.SetAction(async (parsed, cancel) =>
        {
            if ((parsed.GetValue(again) || !File.Exists(Path.Combine(Pages, "index.html"))) && await PublishAsync(cancel).ConfigureAwait(false) is not 0 and var code)
            {
                return code;
            }

            await using var server = await ServeAsync(Pages, parsed.GetValue(port)).ConfigureAwait(false);
            Console.WriteLine($"{AddressOf(server)}   Ctrl-C stops");
            await server.WaitForShutdownAsync(cancel).ConfigureAwait(false);
            return 0;
        });
        return command;
    }

    /// <summary>Serves a folder on loopback; what was compressed when it was published goes out compressed.</summary>
    /// <param name="folder">With an index.html.</param>
    /// <param name="port">0 for any.</param>
    internal static async Task<WebApplication> ServeAsync(string folder, int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(System.Net.IPAddress.Loopback, port));
        var application = builder.Build();
        var types = new FileExtensionContentTypeProvider();
        application.Run(async context =>
        {
            var path = Path.GetFullPath(Path.Combine(folder, (context.Request.Path.Value ?? "/").TrimStart('/') is { Length: > 0 } named ? named : "index.html"));
            if (!path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) || !File.Exists(path))
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }

            context.Response.ContentType = types.TryGetContentType(path, out var type) ? type : "application/octet-stream";
            context.Response.Headers.CacheControl = "no-cache";
            if (File.Exists(path + ".br") && context.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.Ordinal))
            {
                (context.Response.Headers.ContentEncoding, path) = ("br", path + ".br");
            }

            await context.Response.SendFileAsync(path, context.RequestAborted).ConfigureAwait(false);
        });
        await application.StartAsync().ConfigureAwait(false);
        return application;
    }

    /// <summary>Where a server answers.</summary>
    internal static string AddressOf(WebApplication server) =>
        server.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First() + "/";

    private static async Task<int> PublishAsync(CancellationToken cancel)
    {
        Console.WriteLine($"publishing {Project} to {Output} (once; a minute or two)");
        using var publish = Process.Start(new ProcessStartInfo("dotnet", ["publish", Project, "-c", "Release", "-o", Output, "-v", "q"]) { WorkingDirectory = Repository.Root })!;
        await publish.WaitForExitAsync(cancel).ConfigureAwait(false);
        return publish.ExitCode;
    }
}
