using Serilog.Events;

namespace TwoNodeHa.Daemon.Host;

/// <summary>The command line: <c>twonodehad [--config FILE] [--self NAME] [--log-level LEVEL] [--version]</c>.</summary>
internal sealed record DaemonArguments
{
    public string ConfigFile { get; init; } = "/etc/twonodeha/ha.conf";

    public string? Self { get; init; }

    public LogEventLevel LogLevel { get; init; } = LogEventLevel.Information;

    public bool ShowVersion { get; init; }

    /// <summary>Parses; errors go to <paramref name="error"/> and give null.</summary>
    public static DaemonArguments? Parse(string[] args, TextWriter error)
    {
        var result = new DaemonArguments();
        for (var i = 0; i < args.Length; i++)
        {
            var value = i + 1 < args.Length ? args[i + 1] : null;
            switch (args[i])
            {
                case "--version":
                    result = result with { ShowVersion = true };
                    break;
                case "--config" when value is not null:
                    result = result with { ConfigFile = value };
                    i++;
                    break;
                case "--self" when value is not null:
                    result = result with { Self = value };
                    i++;
                    break;
                case "--log-level" when Enum.TryParse<LogEventLevel>(value, ignoreCase: true, out var level)
                    && char.IsAsciiLetter(value[0]):
                    result = result with { LogLevel = level };
                    i++;
                    break;
                default:
                    error.WriteLine($"twonodehad: '{args[i]}' is unknown or lacks its value. "
                        + "Usage: twonodehad [--config FILE] [--self NAME] [--log-level verbose|debug|information|warning|error] [--version]");
                    return null;
            }
        }

        return result;
    }
}
