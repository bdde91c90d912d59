using System.Globalization;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Probes;

/// <summary>
/// What is known of one probed path. Times are handed in; any thread may call. Silence is counted in looks, not by the
/// clock alone: a process that slept has read nothing and must not take that for lost storage.
/// </summary>
internal sealed class ProbeTrack(string path, StorageConfig storage)
{
    private readonly Lock _lock = new();
    private Instant? _lookedAt;
    private Instant? _busySince;
    private Instant? _goodSince;
    private TimeSpan _silent;
    private TimeSpan _good;
    private string _trouble = "";
    private bool _lost;
    private long _attempt;

    public string Path => path;

    /// <summary>Longest time between two looks that counts in full.</summary>
    internal static TimeSpan LookMax { get; } = TimeSpan.FromSeconds(1);

    /// <summary>A reading begins; returns its number.</summary>
    public long Begin(Instant now)
    {
        lock (_lock)
        {
            _busySince = now;
            return ++_attempt;
        }
    }

    /// <summary>A reading ended. One that was given up meanwhile counts no more.</summary>
    /// <param name="attempt">Its number.</param>
    /// <param name="now">When it ended.</param>
    /// <param name="trouble">Why nothing was read; empty when a block was.</param>
    public void End(long attempt, Instant now, string trouble)
    {
        lock (_lock)
        {
            if (attempt != _attempt)
            {
                return;
            }

            _busySince = null;
            _trouble = trouble;
            if (trouble.Length > 0)
            {
                _goodSince = null;
                _good = TimeSpan.Zero;
            }
            else
            {
                _goodSince ??= now;
                _silent = TimeSpan.Zero;
            }
        }
    }

    /// <summary>The reading under way has hung for the whole timeout: a new one may find a path that was made anew.</summary>
    public bool HangsForGood(Instant now)
    {
        lock (_lock)
        {
            return _busySince is { } since && now - since >= storage.ProbeTimeout;
        }
    }

    /// <summary>The verdict, looked at often.</summary>
    public (Health Health, string Detail) Look(Instant now)
    {
        lock (_lock)
        {
            var step = _lookedAt is { } before ? now - before : TimeSpan.Zero;
            step = step < LookMax ? step : LookMax;
            _lookedAt = now;
            _silent += step;
            var hangs = _busySince is { } since && now - since > storage.ProbeInterval ? now - since : (TimeSpan?)null;
            if (hangs is null && _goodSince is not null)
            {
                _good += step;
            }
            else if (hangs is not null)
            {
                (_goodSince, _good) = (null, TimeSpan.Zero);
            }

            if (hangs is null && _trouble.Length == 0)
            {
                return WithoutTrouble();
            }

            _lost = _lost || _silent >= storage.ProbeTimeout;
            var reason = hangs is { } time ? $"a read hangs for {Seconds(time)} s" : _trouble;
            return (_lost ? Health.Lost : Health.Doubtful, $"{path}: {reason}");
        }
    }

    private (Health Health, string Detail) WithoutTrouble()
    {
        if (_goodSince is null)
        {
            // Nothing was read yet; or the reading that hung was given up and a new one began.
            return (_lost ? Health.Lost : Health.Unknown, $"{path}: not read yet");
        }

        // What flaps is not handed VMs: it has to last as long as it takes to call it lost.
        if (_lost && _good < storage.ProbeTimeout)
        {
            return (Health.Doubtful, $"{path}: read again, for {Seconds(_good)} s so far");
        }

        _lost = false;
        return (Health.Healthy, path);
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
}
