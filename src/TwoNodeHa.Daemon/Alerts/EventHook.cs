using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Daemon.Telemetry;
using TwoNodeHa.Daemon.Tools;

namespace TwoNodeHa.Daemon.Alerts;

/// <summary>
/// Runs the administrator's program for events, one at a time, beside the loop: a bounded number waits, a run that takes too long is killed, and
/// after three of those in a row the hook rests, so that runs which cannot be killed do not pile up. Nothing waits for it.
/// </summary>
internal sealed class EventHook : IDisposable
{
    /// <summary>Events that wait at most; the oldest goes first.</summary>
    public const int QueueMax = 100;

    /// <summary>So many killed in a row, and it rests for so long.</summary>
    public const int KilledMax = 3;

    /// <summary>How long it rests.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromMinutes(10);

    // The daemon is spared by the OOM killer and comes before others: its guests are neither.
    private const string Guest = "echo 500 > /proc/self/oom_score_adj 2>/dev/null; exec nice -n 19 \"$0\"";

    private readonly LocalConfig _config;
    private readonly ToolRunner _tools;
    private readonly TimeProvider _wall;
    private readonly Counters _counters;
    private readonly ILogger _logger;
    private readonly Channel<(HaEvent Entry, long UnixMs)> _queue;
    private readonly CancellationTokenSource _stop = new();
    private int _killed;

    // Said once, until it works again.
    private bool _failed;
    private long _restsSince;

    public EventHook(LocalConfig config, ToolRunner tools, TimeProvider wall, Counters counters, ILogger logger)
    {
        (_config, _tools, _wall, _counters, _logger) = (config, tools, wall, counters, logger);
        _queue = Channel.CreateBounded<(HaEvent, long)>(
            new BoundedChannelOptions(QueueMax) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            _ => counters.Add("alerts.hook.queue_full"));
        Worker = Task.Run(RunAsync);
    }

    internal Task Worker { get; }

    private AlertsConfig Alerts => _config.Config.Alerts;

    /// <summary>Takes an event; never waits.</summary>
    public void Offer(HaEvent entry)
    {
        var from = Alerts.HookFrom switch
        {
            HookFrom.Notice => Severity.Notice,
            HookFrom.Warning => Severity.Warning,
            HookFrom.Error => Severity.Error,
            _ => Severity.Critical,
        };
        if (entry.Severity <= from)
        {
            _queue.Writer.TryWrite((entry, _wall.GetUtcNow().ToUnixTimeMilliseconds()));
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _queue.Writer.TryComplete();
    }

    private async Task RunAsync()
    {
        try
        {
            await foreach (var (entry, unixMs) in _queue.Reader.ReadAllAsync(_stop.Token))
            {
                if (_killed >= KilledMax && _wall.GetElapsedTime(_restsSince) < Rest)
                {
                    _counters.Add("alerts.hook.rests");
                    continue;
                }

                await OneAsync(entry, unixMs);
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon ends.
        }
    }

    private async Task OneAsync(HaEvent entry, long unixMs)
    {
        var line = new EventLine(unixMs, (int)entry.Id, entry.Severity.ToString().ToLowerInvariant(), entry.Sentence);
        var environment = new Dictionary<string, string>
        {
            ["TWONODEHA_ID"] = line.Id.ToString(CultureInfo.InvariantCulture),
            ["TWONODEHA_NAME"] = entry.Id.ToString(),
            ["TWONODEHA_SEVERITY"] = line.Severity,
            ["TWONODEHA_SENTENCE"] = line.Sentence.Replace('\0', ' '),
            ["TWONODEHA_HOST"] = _config.Self.Name,
            ["TWONODEHA_PEER"] = _config.Peer.Name,
            ["TWONODEHA_TIME"] = DateTimeOffset.FromUnixTimeMilliseconds(unixMs).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
            ["TWONODEHA_VM"] = entry.Vm == Guid.Empty ? "" : entry.Vm.ToString(),
        };
        var result = await _tools.RunAsync("/bin/sh", ["-c", Guest, Alerts.Hook], Alerts.HookTimeout,
            JsonSerializer.Serialize(line, ControlJson.Default.EventLine) + "\n", environment);
        _counters.Add(result.Succeeded ? "alerts.hook.done" : result.End == ToolEnd.TimedOut ? "alerts.hook.killed" : "alerts.hook.failed");
        if (result.End != ToolEnd.TimedOut)
        {
            if (!result.Succeeded && !_failed)
            {
                DaemonLog.AlertTrouble(_logger, result.Describe(Alerts.Hook));
            }

            (_killed, _failed) = (0, !result.Succeeded);
            return;
        }

        _killed++;
        if (_killed >= KilledMax)
        {
            _restsSince = _wall.GetTimestamp();
            DaemonLog.AlertTrouble(_logger, $"{Alerts.Hook} was killed {_killed} times in a row after {Alerts.HookTimeout.TotalSeconds:0.#} s: it rests for {Rest.TotalMinutes:0} min");
        }
    }
}
