using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serilog;
using TwoNodeHa.Daemon.Journal;

namespace TwoNodeHa.Daemon.Host;

/// <summary><c>twonodehad</c> as a process: arguments, log, and the service until it is told to end.</summary>
internal static class DaemonProgram
{
    /// <summary>Runs the daemon, and returns the exit code that its unit knows.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var arguments = DaemonArguments.Parse(args, Console.Error);
        if (arguments is null)
        {
            return Startup.ExitUsage;
        }

        if (arguments.ShowVersion)
        {
            Console.WriteLine($"twonodehad {Startup.Version}");
            return 0;
        }

        if (Startup.Load(arguments.ConfigFile, arguments.Self, Console.Error) is not { } startup)
        {
            return Startup.ExitConfig;
        }

        var underSystemd = Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 };
        await using var log = new LoggerConfiguration()
            .MinimumLevel.Is(arguments.LogLevel)
            .MinimumLevel.Override("Microsoft", Serilog.Events.LogEventLevel.Warning)
            .WriteTo.Sink(new JournalSink(Console.Out, underSystemd))
            .CreateLogger();

        // Kept outside the container: RunAsync disposes the host, and the exit code is asked for after that.
        var outcome = new Outcome();
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSerilog(log);
        builder.Services.AddSingleton(startup);
        builder.Services.AddSingleton(outcome);
        builder.Services.AddHostedService<HaService>();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(6));
        using var host = builder.Build();
        await host.RunAsync();
        return outcome.ExitCode;
    }
}
