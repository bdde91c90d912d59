using System.Text.Json;
using Microsoft.Extensions.Logging;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Daemon.Journal;

/// <summary>
/// Events of the decision code: the newest in memory for <c>ha-ctl events</c>, all in a file of bounded size, and in the
/// journal. The file is written beside the loop; a full disk costs lines, never a turn.
/// </summary>
internal sealed class EventLog : IDisposable
{
    private const int Kept = 1000;
    private const long FileMax = 4 * 1024 * 1024;

    private readonly Queue<EventLine> _newest = new();
    private readonly Lock _gate = new();
    private readonly System.Threading.Channels.Channel<EventLine> _toDisk =
        System.Threading.Channels.Channel.CreateBounded<EventLine>(
            new System.Threading.Channels.BoundedChannelOptions(10_000) { FullMode = System.Threading.Channels.BoundedChannelFullMode.DropOldest });
    private readonly string _path;
    private readonly TimeProvider _wall;
    private readonly ILogger _logger;
    private readonly Task _writer;

    public EventLog(string directory, TimeProvider wall, ILogger logger)
    {
        _path = Path.Combine(directory, "events.jsonl");
        _wall = wall;
        _logger = logger;
        Directory.CreateDirectory(directory);
        Recall();
        _writer = Task.Run(WriteAsync);
    }

    public void Add(HaEvent entry)
    {
        var line = new EventLine(_wall.GetUtcNow().ToUnixTimeMilliseconds(), (int)entry.Id,
            entry.Severity.ToString().ToLowerInvariant(), entry.Sentence);
        Remember(line);
        _toDisk.Writer.TryWrite(line);

#pragma warning disable CA1848, CA2254 // The sentence is the message; its id is the event's own.
        _logger.Log(LevelOf(entry.Severity), new EventId((int)entry.Id, entry.Id.ToString()), "{Sentence}", entry.Sentence);
#pragma warning restore CA1848, CA2254
    }

    /// <summary>The newest events, oldest first.</summary>
    public EventLine[] Newest(int count)
    {
        lock (_gate)
        {
            return count <= 0 || count >= _newest.Count ? [.. _newest] : [.. _newest.Skip(_newest.Count - count)];
        }
    }

    public void Dispose()
    {
        _toDisk.Writer.TryComplete();
        _writer.Wait(TimeSpan.FromSeconds(1));
    }

    private static LogLevel LevelOf(Severity severity) => severity switch
    {
        Severity.Debug => LogLevel.Debug,
        Severity.Info or Severity.Notice => LogLevel.Information,
        Severity.Warning => LogLevel.Warning,
        Severity.Error => LogLevel.Error,
        _ => LogLevel.Critical,
    };

    private void Remember(EventLine line)
    {
        lock (_gate)
        {
            _newest.Enqueue(line);
            if (_newest.Count > Kept)
            {
                _newest.Dequeue();
            }
        }
    }

    /// <summary>Events of former daemons stay visible; a torn last line is skipped.</summary>
    private void Recall()
    {
        try
        {
            foreach (var text in File.Exists(_path) ? File.ReadLines(_path).TakeLast(Kept) : [])
            {
                if (TryParse(text) is { } line)
                {
                    Remember(line);
                }
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            DaemonLog.EventLogFailed(_logger, error.Message);
        }
    }

    private static EventLine? TryParse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, ControlJson.Default.EventLine);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task WriteAsync()
    {
        await foreach (var line in _toDisk.Reader.ReadAllAsync())
        {
            try
            {
                var file = new FileInfo(_path);
                if (file.Exists && file.Length > FileMax)
                {
                    File.Move(_path, _path + ".1", overwrite: true);
                }

                await File.AppendAllTextAsync(_path, JsonSerializer.Serialize(line, ControlJson.Default.EventLine) + "\n");
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                DaemonLog.EventLogFailed(_logger, error.Message);
            }
        }
    }
}
