using Microsoft.Extensions.Logging;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Operator;
using TwoNodeHa.Daemon.Telemetry;

namespace TwoNodeHa.Daemon.Alerts;

/// <summary>
/// Events of gravity as messages of XAPI. Beside the loop: an event is mapped and queued at once, and written when this host is the master and its
/// toolstack is ready. While it is neither, messages wait, for a bounded time and in a bounded number; beside a master that is paired they are its
/// business. Whatever is not written is counted.
/// </summary>
internal sealed class XapiMessenger : IDisposable
{
    /// <summary>Messages that wait at most.</summary>
    public const int QueueMax = 64;

    /// <summary>A message that could not be written for so long is history.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromHours(2);

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    private readonly LocalConfig _config;
    private readonly Func<StatusReport> _status;
    private readonly IMessageStation _station;
    private readonly TimeProvider _time;
    private readonly Counters _counters;
    private readonly ILogger _logger;
    private readonly long _origin;
    private readonly MessageBook _book = new();
    private readonly LinkedList<(XapiMessage Message, long AtMs)> _queue = new();
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _pumping = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _timer;

    public XapiMessenger(
        LocalConfig config, Func<StatusReport> status, IMessageStation station, TimeProvider time, Counters counters, ILogger logger)
    {
        (_config, _status, _station, _time, _counters, _logger) = (config, status, station, time, counters, logger);
        _origin = time.GetTimestamp();
        _timer = time.CreateTimer(_ => _ = PumpAsync(), null, Every, Every);
    }

    /// <summary>Takes an event; never waits.</summary>
    public void Offer(HaEvent entry)
    {
        if (XapiMessage.Of(entry, _config) is not { } message)
        {
            return;
        }

        lock (_gate)
        {
            var before = _book.LeftOut;
            if (_book.Pass(message, NowMs) is not { } passed)
            {
                Count("too_many", _book.LeftOut - before);
                return;
            }

            _queue.AddLast((passed, NowMs));
            while (_queue.Count > QueueMax)
            {
                _queue.RemoveFirst();
                Count("queue_full", 1);
            }
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _timer.Dispose();
    }

    /// <summary>Writes what waits, when it can; one after the other, each bounded by the station.</summary>
    internal async Task PumpAsync()
    {
        if (!await _pumping.WaitAsync(0))
        {
            return;
        }

        try
        {
            await WriteAllAsync();
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // Nobody foresaw it: the message that it was about is given up, the next one is tried.
            DaemonLog.AlertTrouble(_logger, $"a message was not written: {error.Message}");
            Take("failed");
        }
        catch (OperationCanceledException)
        {
            // The daemon ends.
        }
        finally
        {
            _pumping.Release();
        }
    }

    private long NowMs => (long)_time.GetElapsedTime(_origin).TotalMilliseconds;

    private async Task WriteAllAsync()
    {
        DropOld();
        while (Next() is { } message)
        {
            var status = _status();
            if (BelongsToThePeer(status))
            {
                Take("left_to_the_master");
                continue;
            }

            if (status is not { Role: "master", Toolstack: "ready" })
            {
                return;
            }

            switch (await _station.WriteAsync(message, _stop.Token))
            {
                case Delivery.Done:
                    Take("written");
                    break;
                case Delivery.Unknown:
                    Take("perhaps_written");
                    break;
                case Delivery.Refused when message.On != MessageObject.Pool:
                    // The object is gone: the pool is always there.
                    Replace(message with { On = MessageObject.Pool, Uuid = Guid.Empty });
                    break;
                case Delivery.Refused:
                    Take("refused");
                    break;
                default:
                    return;
            }
        }
    }

    /// <summary>A slave whose master hears it: what is grave is told by that one.</summary>
    private static bool BelongsToThePeer(StatusReport status) =>
        status is { Role: "slave", State: nameof(HaStatus.Paired) or nameof(HaStatus.Maintenance) or nameof(HaStatus.Joining), Peer: { Role: "master" } peer }
        && peer.HeardAgeSeconds < 10;

    private XapiMessage? Next()
    {
        lock (_gate)
        {
            return _queue.First?.Value.Message;
        }
    }

    private void Take(string why)
    {
        lock (_gate)
        {
            if (_queue.First is { } first)
            {
                _queue.RemoveFirst();
                Count(why, 1);
                if (why is not ("written" or "perhaps_written"))
                {
                    _book.Undo(first.Value.Message);
                }
            }
        }
    }

    private void Replace(XapiMessage message)
    {
        lock (_gate)
        {
            if (_queue.First is { } first)
            {
                first.Value = (message, first.Value.AtMs);
            }
        }
    }

    private void DropOld()
    {
        lock (_gate)
        {
            while (_queue.First is { } first && NowMs - first.Value.AtMs > Patience.TotalMilliseconds)
            {
                _queue.RemoveFirst();
                Count("too_old", 1);
            }
        }
    }

    private void Count(string why, long times)
    {
        for (var time = 0L; time < times; time++)
        {
            _counters.Add("alerts.xapi." + why);
        }
    }
}
