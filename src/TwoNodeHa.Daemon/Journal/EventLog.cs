using System.Text.Json;
using Microsoft.Extensions.Logging;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Daemon.Journal;

/// <summary>
/// Events of the decision code: the newest in memory for <c>ha-ctl events</c>, all in files of bounded size, and in the
/// journal. What repeats is counted by <see cref="EventThrottle"/>, so that the kept history lasts for weeks. The file is
/// written beside the loop; a full disk costs lines, never a turn.
/// </summary>
internal sealed class EventLog : IDisposable
{
    private const int Kept = 2000;
    private const long FileMax = 4 * 1024 * 1024;

    /// <summary>Files beside the one that is written: <c>.1</c> is the newest of them.</summary>
    private const int OldFiles = 4;

    private static readonly TimeSpan FlushEvery = TimeSpan.FromSeconds(5);

    private readonly Queue<EventLine> _newest = new();
    private readonly Lock _gate = new();
    private readonly System.Threading.Channels.Channel<EventLine> _toDisk =
        System.Threading.Channels.Channel.CreateBounded<EventLine>(
            new System.Threading.Channels.BoundedChannelOptions(10_000) { FullMode = System.Threading.Channels.BoundedChannelFullMode.DropOldest });
    private readonly string _path;
    private readonly TimeProvider _wall;
    private readonly ILogger _logger;
    private readonly Task _writer;
    private readonly EventThrottle _throttle = new();
    private readonly ITimer _flush;

    public EventLog(string directory, TimeProvider wall, ILogger logger)
    {
        _path = Path.Combine(directory, "events.jsonl");
        _wall = wall;
        _logger = logger;
        Directory.CreateDirectory(directory);
        Recall();
        _writer = Task.Run(WriteAsync);
        _flush = wall.CreateTimer(_ => Flush(), null, FlushEvery, FlushEvery);
    }

    /// <summary>Told of each event, also of one that is only counted; on the caller's thread, so it may neither wait nor throw.</summary>
    public Action<HaEvent>? Also { get; set; }

    public void Add(HaEvent entry)
    {
        Also?.Invoke(entry);
        var line = new EventLine(_wall.GetUtcNow().ToUnixTimeMilliseconds(), (int)entry.Id,
            entry.Severity.ToString().ToLowerInvariant(), entry.Sentence);
        lock (_gate)
        {
            if (_throttle.Pass(line) is { } passed)
            {
                Keep(passed, entry.Severity);
            }
        }
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
        _flush.Dispose();
        lock (_gate)
        {
            foreach (var line in _throttle.Flush(long.MaxValue))
            {
                Keep(line, SeverityOf(line));
            }
        }

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

    private static Severity SeverityOf(EventLine line) =>
        Enum.TryParse<Severity>(line.Severity, ignoreCase: true, out var severity) ? severity : Severity.Notice;

    /// <summary>A storm that is over leaves its count, also when nothing follows.</summary>
    private void Flush()
    {
        lock (_gate)
        {
            foreach (var line in _throttle.Flush(_wall.GetUtcNow().ToUnixTimeMilliseconds()))
            {
                Keep(line, SeverityOf(line));
            }
        }
    }

    // Under the gate: the order in memory, on the disk and in the journal is one.
    private void Keep(EventLine line, Severity severity)
    {
        Remember(line);
        _toDisk.Writer.TryWrite(line);
        var id = new EventId(line.Id, ((HaEventId)line.Id).ToString());
#pragma warning disable CA1848, CA2254 // The sentence is the message; its id is the event's own.
        if (line.Repeats > 0)
        {
            _logger.Log(LevelOf(severity), id, "{Sentence} [{Repeats} more like it]", line.Sentence, line.Repeats);
        }
        else
        {
            _logger.Log(LevelOf(severity), id, "{Sentence}", line.Sentence);
        }
#pragma warning restore CA1848, CA2254
    }

    private void Remember(EventLine line)
    {
        _newest.Enqueue(line);
        if (_newest.Count > Kept)
        {
            _newest.Dequeue();
        }
    }

    /// <summary>Events of former daemons stay visible; a torn last line is skipped.</summary>
    private void Recall()
    {
        try
        {
            var lines = ((string[])[_path + ".1", _path]).Where(File.Exists).SelectMany(File.ReadLines);
            foreach (var text in lines.TakeLast(Kept))
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
                    Rotate();
                }

                await File.AppendAllTextAsync(_path, JsonSerializer.Serialize(line, ControlJson.Default.EventLine) + "\n");
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                DaemonLog.EventLogFailed(_logger, error.Message);
            }
        }
    }

    private void Rotate()
    {
        for (var old = OldFiles - 1; old > 0; old--)
        {
            if (File.Exists($"{_path}.{old}"))
            {
                File.Move($"{_path}.{old}", $"{_path}.{old + 1}", overwrite: true);
            }
        }

        File.Move(_path, _path + ".1", overwrite: true);
    }
}
