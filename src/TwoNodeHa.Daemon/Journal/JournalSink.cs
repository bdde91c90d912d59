using System.Globalization;
using Serilog.Core;
using Serilog.Events;

namespace TwoNodeHa.Daemon.Journal;

/// <summary>
/// Lines for standard output. Under systemd each begins with <c>&lt;N&gt;</c>, the priority of sd-daemon(3), and leaves
/// the time to the journal; in a shell each begins with the time. <c>[E20]</c> is the stable id of the event.
/// </summary>
internal sealed class JournalSink(TextWriter output, bool underSystemd) : ILogEventSink
{
    private readonly Lock _gate = new();

    public void Emit(LogEvent logEvent)
    {
        var text = logEvent.RenderMessage(CultureInfo.InvariantCulture).Replace("\"", "", StringComparison.Ordinal);
        var line = $"[E{Id(logEvent)}] {text}{(logEvent.Exception is { } error ? $": {error}" : "")}".Replace('\n', ' ');
        var prefix = underSystemd
            ? $"<{Priority(logEvent.Level)}>"
            : $"{logEvent.Timestamp.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)} {logEvent.Level.ToString()[..4].ToUpperInvariant()} ";
        lock (_gate)
        {
            output.WriteLine(prefix + line);
            output.Flush();
        }
    }

    internal static int Priority(LogEventLevel level) => level switch
    {
        LogEventLevel.Verbose or LogEventLevel.Debug => 7,
        LogEventLevel.Information => 6,
        LogEventLevel.Warning => 4,
        LogEventLevel.Error => 3,
        _ => 2,
    };

    private static string Id(LogEvent logEvent) =>
        logEvent.Properties.TryGetValue("EventId", out var value) && value is StructureValue structure
            && structure.Properties.FirstOrDefault(property => property.Name == "Id")?.Value is ScalarValue { Value: int id }
                ? id.ToString(CultureInfo.InvariantCulture)
                : "0";
}
