using Microsoft.Extensions.Logging;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Daemon.Disk;
using TwoNodeHa.Daemon.Telemetry;

namespace TwoNodeHa.Daemon.Links;

/// <summary>
/// One disk link: the newest own heartbeat is written to the own slot, the peer's slot is looked at twice per heartbeat
/// interval. Reading and writing have a thread each and nobody waits for them, so storage that hangs makes this link
/// silent and nothing else. Whatever else the file holds is never overwritten.
/// </summary>
internal sealed class DiskLink : IDisposable
{
    private const int StackBytes = 256 * 1024;
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    /// <summary>After this long without news the path is opened anew: the file may have been made anew, on either host.</summary>
    private static readonly TimeSpan ReopenAfter = TimeSpan.FromSeconds(5);

    private readonly int _index;
    private readonly DiskLinkConfig _link;
    private readonly int _self;
    private readonly byte[] _key;
    private readonly IObservationSink _sink;
    private readonly Counters _counters;
    private readonly RateLimitedLog _log;
    private readonly ILogger _logger;
    private readonly TimeSpan _poll;
    private readonly ManualResetEventSlim _stop = new();

    // Newest wins: what was not written yet is replaced. Guarded by itself.
    private readonly byte[] _pending = new byte[HeartbeatCodec.DatagramMax];
    private int _pendingLength;

    private readonly byte[] _seen = new byte[HeartbeatCodec.DatagramMax];
    private int _seenLength;
    private long _seenAt;
    private long _newsAt;

    private readonly Activity _reading = new("reading");
    private readonly Activity _writing = new("writing");
    private int _cacheSaid;

    public DiskLink(
        int index, DiskLinkConfig link, LocalConfig config, byte[] key, IObservationSink sink, Counters counters, RateLimitedLog log, ILogger logger)
    {
        (_index, _link, _self, _key) = (index, link, config.SelfIndex, key);
        (_sink, _counters, _log, _logger) = (sink, counters, log, logger);
        _poll = config.Timing.HeartbeatInterval / 2;
        LateAfter = LatenessBound(config.Timing);
    }

    /// <summary>An access that takes longer is late: what it read is not taken for news, and the operator is told.</summary>
    public TimeSpan LateAfter { get; }

    /// <summary>What keeps this link from working now; empty when nothing does.</summary>
    public string Trouble
    {
        get
        {
            var (writing, reading) = (_writing.Trouble(LateAfter), _reading.Trouble(LateAfter));
            return writing.Length > 0 && reading.Length > 0 && writing != reading ? $"{writing}; {reading}"
                : writing.Length > 0 ? writing : reading;
        }
    }

    /// <summary>
    /// A host that died must not be heard from its slot so late that it looks like one that talks and does not hear:
    /// that is judged at S/2 after its last acknowledgement (two intervals of which a heartbeat takes over a disk anyway),
    /// and a reading is as old as two accesses and the time between them.
    /// </summary>
    internal static TimeSpan LatenessBound(TimingConfig timing)
    {
        var spare = ((timing.Lease / 2) - (2 * timing.HeartbeatInterval)) / 2;
        var least = timing.HeartbeatInterval / 4;
        return spare > least ? spare : least;
    }

    public void Start()
    {
        Spawn(Read, $"disk-read-{_link.Name}");
        Spawn(Write, $"disk-write-{_link.Name}");
    }

    /// <summary>Leaves the heartbeat to the writing thread; takes microseconds whatever the storage does.</summary>
    public void Send(Heartbeat beat)
    {
        lock (_pending)
        {
            _pendingLength = HeartbeatCodec.Encode(beat, _index, _key, _pending);
            Monitor.Pulse(_pending);
        }

        foreach (var activity in (ReadOnlySpan<Activity>)[_writing, _reading])
        {
            if (activity.HangsFor is { } hangs && hangs > LateAfter)
            {
                Refuse($"{activity.Name} hangs", $"{_link.Path}: for {hangs.TotalSeconds:0.0} s");
            }
        }
    }

    public void Dispose()
    {
        // Not waited for: a thread may hang in the kernel for as long as the storage does.
        _stop.Set();
        lock (_pending)
        {
            Monitor.PulseAll(_pending);
        }
    }

    private static void Spawn(Action run, string name) => new Thread(() => run(), StackBytes) { IsBackground = true, Name = name }.Start();

    private void Write()
    {
        Repeat(_writing, () =>
        {
            _writing.Begin();
            CheckContent();
            using var file = DirectFile.Open(_link.Path, forWriting: true);
            SayCache(file);
            _writing.Idle();
            var opened = Environment.TickCount64;
            for (ulong sequence = 1; !IsStale(opened) && WaitForPending(file, sequence); sequence++)
            {
                _writing.Begin();
                file.Write(DiskSlot.OffsetOf(_self));
                Ended(_writing);
            }
        });
    }

    /// <summary>A path that names something else by mistake, a disk with a partition table, is not written to.</summary>
    private void CheckContent()
    {
        using var file = DirectFile.Open(_link.Path, forWriting: false);
        for (var host = 0; host < 2; host++)
        {
            ReadSlot(file, host);
            if (DiskSlot.Read(host, file.Block, out _, out _) == DiskSlotContent.Foreign)
            {
                throw new IOException("it holds something else than slots of heartbeats, nothing is written; name another "
                    + "file or device, or clear its first 8192 bytes");
            }
        }
    }

    private bool WaitForPending(DirectFile file, ulong sequence)
    {
        lock (_pending)
        {
            while (_pendingLength == 0 && !_stop.IsSet)
            {
                Monitor.Wait(_pending);
            }

            if (_pendingLength > 0)
            {
                DiskSlot.Write(_self, sequence, _pending.AsSpan(0, _pendingLength), file.Block);
                _pendingLength = 0;
            }
        }

        return !_stop.IsSet;
    }

    private void Read()
    {
        Repeat(_reading, () =>
        {
            _reading.Begin();
            using var file = DirectFile.Open(_link.Path, forWriting: false);
            SayCache(file);
            var opened = Environment.TickCount64;

            // It may be another file than before: what it holds is as old as it likes.
            _seenAt = 0;
            do
            {
                var started = Environment.TickCount64;
                _reading.Begin();
                ReadSlot(file, 1 - _self);
                Ended(_reading);
                Take(file.Block, started);
            }
            while (!_stop.Wait(_poll) && !IsStale(opened));
        });
    }

    private bool IsStale(long opened) =>
        Environment.TickCount64 - Math.Max(opened, Volatile.Read(ref _newsAt)) > ReopenAfter.TotalMilliseconds;

    private static void ReadSlot(DirectFile file, int host)
    {
        if (file.Read(DiskSlot.OffsetOf(host)) < DiskSlot.Bytes)
        {
            throw new IOException($"it is shorter than {DiskSlot.DiskBytes} bytes");
        }
    }

    private void Take(ReadOnlySpan<byte> slot, long started)
    {
        switch (DiskSlot.Read(1 - _self, slot, out _, out var datagram))
        {
            case DiskSlotContent.Torn:
                // Read while it was written: the next reading finds it whole.
                Refuse("torn slot", _link.Path);
                return;
            case DiskSlotContent.UnsupportedVersion:
                Refuse("unsupported version", _link.Path);
                return;
            case DiskSlotContent.Foreign:
                Refuse("foreign content", _link.Path);
                return;
        }

        // What stood there before this host began to look proves nothing: a slot outlives its writer. News is only what
        // changed since a reading that began a moment ago.
        var isNews = _seenAt != 0 && Environment.TickCount64 - _seenAt <= (_poll + (2 * LateAfter)).TotalMilliseconds;
        _seenAt = started;
        if (datagram.SequenceEqual(_seen.AsSpan(0, _seenLength)))
        {
            return;
        }

        datagram.CopyTo(_seen);
        _seenLength = datagram.Length;
        if (!isNews)
        {
            _counters.Add($"link.{_link.Name}.stale");
            return;
        }

        var result = HeartbeatCodec.Decode(datagram, _key);
        if (result.Beat is { } beat)
        {
            Volatile.Write(ref _newsAt, Environment.TickCount64);
            _sink.Post(new Observation.HeartbeatReceived(_index, beat));
        }
        else
        {
            Refuse(UdpLink.Words(result.Failure), $"{datagram.Length} bytes in {_link.Path}");
        }
    }

    /// <summary>Opens anew after every failure: a stale NFS handle, a device that came back.</summary>
    private void Repeat(Activity activity, Action run)
    {
        while (!_stop.IsSet)
        {
            try
            {
                run();
            }
            catch (IOException error)
            {
                activity.Failed(error.Message);
                Refuse($"{activity.Name} failed", $"{_link.Path}: {error.Message}");
                _stop.Wait(Retry);
            }
        }
    }

    private void Ended(Activity activity)
    {
        var took = activity.Ended(LateAfter);
        if (took > LateAfter)
        {
            Refuse($"{activity.Name} late", $"{_link.Path}: {took.TotalSeconds:0.00} s, the bound is {LateAfter.TotalSeconds:0.00} s");
        }
    }

    private void SayCache(DirectFile file)
    {
        if (!file.IsDirect && Interlocked.Exchange(ref _cacheSaid, 1) == 0)
        {
            DaemonLog.DiskCached(_logger, _link.Name, _link.Path);
        }
    }

    private void Refuse(string reason, string detail)
    {
        _counters.Add($"link.{_link.Name}.{reason.Replace(' ', '_')}");
        _log.Warn($"link {_link.Name}: {reason}", detail);
    }

    /// <summary>What one thread is doing, for those who must not wait for it.</summary>
    private sealed class Activity(string name)
    {
        private long _since;
        private volatile string _trouble = "";

        public string Name { get; } = name;

        /// <summary>How long the access under way has taken; null when none is.</summary>
        public TimeSpan? HangsFor => Volatile.Read(ref _since) is not 0 and var since
            ? TimeSpan.FromMilliseconds(Environment.TickCount64 - since)
            : null;

        public void Begin() => Volatile.Write(ref _since, Environment.TickCount64);

        /// <summary>Neither under way nor done.</summary>
        public void Idle() => Volatile.Write(ref _since, 0);

        public TimeSpan Ended(TimeSpan bound)
        {
            var took = HangsFor ?? TimeSpan.Zero;
            Idle();
            _trouble = took > bound ? $"{Name} took {took.TotalSeconds:0.0} s" : "";
            return took;
        }

        public void Failed(string trouble)
        {
            Idle();
            _trouble = trouble;
        }

        public string Trouble(TimeSpan bound) =>
            HangsFor is { } hangs && hangs > bound ? $"{Name} hangs for {hangs.TotalSeconds:0} s" : _trouble;
    }
}
