using System.Globalization;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Disk;
using TwoNodeHa.Daemon.Telemetry;

namespace TwoNodeHa.Daemon.Probes;

/// <summary>
/// Reads a block of each configured file or device past the page cache and reports when the verdict on all of them
/// changes. Each path has a thread of its own; nobody waits for one that hangs.
/// </summary>
internal sealed class StorageProber : IDisposable
{
    /// <summary>Hung threads of one path at most; each costs its stack until the storage lets it go.</summary>
    internal const int HungMax = 4;

    private const int StackBytes = 256 * 1024;
    private readonly StorageConfig _storage;
    private readonly IMonotonicClock _clock;
    private readonly IObservationSink _sink;
    private readonly Counters _counters;
    private readonly ManualResetEventSlim _stop = new();
    private readonly Probe[] _probes;

    public StorageProber(StorageConfig storage, IMonotonicClock clock, IObservationSink sink, Counters counters)
    {
        (_storage, _clock, _sink, _counters) = (storage, clock, sink, counters);
        _probes = [.. storage.Probes.Select(path => new Probe(new ProbeTrack(path, storage)))];
    }

    /// <summary>Starts reading; without probes it does nothing.</summary>
    public void Start()
    {
        if (_probes.Length == 0)
        {
            return;
        }

        foreach (var probe in _probes)
        {
            StartReading(probe);
        }

        Spawn(Watch, "storage-watch");
    }

    /// <summary>Ends the threads, but waits for none: a read may hang for as long as the storage does.</summary>
    public void Dispose() => _stop.Set();

    /// <summary>The worst verdict of all, with the paths it is about.</summary>
    internal static (Health Health, string Detail) Combine(IReadOnlyList<(Health Health, string Detail)> verdicts)
    {
        foreach (var worst in (ReadOnlySpan<Health>)[Health.Lost, Health.Doubtful, Health.Unknown])
        {
            var of = verdicts.Where(verdict => verdict.Health == worst).Select(verdict => verdict.Detail).ToArray();
            if (of.Length > 0)
            {
                return (worst, string.Join("; ", of));
            }
        }

        return (Health.Healthy, string.Create(CultureInfo.InvariantCulture, $"all probes ({verdicts.Count}) can be read"));
    }

    private static void Spawn(Action run, string name) => new Thread(() => run(), StackBytes) { IsBackground = true, Name = name }.Start();

    private static string ReadBlock(string path)
    {
        try
        {
            using var file = DirectFile.Open(path, forWriting: false);
            return file.Read(0) > 0 ? "" : "it is empty, so that nothing is read: write at least one byte to it";
        }
        catch (IOException error)
        {
            return error.Message;
        }
    }

    private void StartReading(Probe probe)
    {
        var generation = Interlocked.Increment(ref probe.Generation);
        Interlocked.Increment(ref probe.Threads);
        Spawn(() => Read(probe, generation), "storage-probe");
    }

    private void Read(Probe probe, int generation)
    {
        while (!_stop.IsSet && Volatile.Read(ref probe.Generation) == generation)
        {
            var attempt = probe.Track.Begin(_clock.Now);
            var trouble = ReadBlock(probe.Track.Path);
            probe.Track.End(attempt, _clock.Now, trouble);
            if (trouble.Length > 0)
            {
                _counters.Add("storage.read_failed");
            }

            _stop.Wait(_storage.ProbeInterval);
        }

        Interlocked.Decrement(ref probe.Threads);
    }

    private void Watch()
    {
        var told = Health.Unknown;
        var pause = _storage.ProbeInterval / 10;
        pause = pause < ProbeTrack.LookMax / 2 ? pause : ProbeTrack.LookMax / 2;
        do
        {
            var now = _clock.Now;
            var (health, detail) = Combine([.. _probes.Select(probe => probe.Track.Look(now))]);
            if (health != told)
            {
                told = health;
                _sink.Post(new Observation.StorageProbed(health, detail));
            }

            Renew(now);
        }
        while (!_stop.Wait(pause));
    }

    /// <summary>A mount that was given up and made anew is never seen by a thread that hangs in the old one.</summary>
    private void Renew(Instant now)
    {
        foreach (var probe in _probes)
        {
            if (probe.Track.HangsForGood(now) && Volatile.Read(ref probe.Threads) < HungMax)
            {
                _counters.Add("storage.read_given_up");
                StartReading(probe);
            }
        }
    }

    private sealed class Probe(ProbeTrack track)
    {
        /// <summary>Number of the newest thread.</summary>
        public int Generation;

        /// <summary>Threads that read or hang.</summary>
        public int Threads;

        public ProbeTrack Track { get; } = track;
    }
}
