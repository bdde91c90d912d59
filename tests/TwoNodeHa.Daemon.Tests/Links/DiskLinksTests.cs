using System.Diagnostics;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Daemon.Links;
using TwoNodeHa.Daemon.Telemetry;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Links;

public sealed class DiskLinksTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly CollectingSink _sink = new();
    private readonly CollectingSink _peerSink = new();
    private readonly Counters _counters = new();
    private readonly ListLogger _logger = new();
    private readonly List<IDisposable> _owned = [];
    private long _sequence = 1000;

    public void Dispose()
    {
        foreach (var owned in _owned)
        {
            owned.Dispose();
        }

        _scratch.Dispose();
    }

    [Fact]
    public async Task Heartbeats_arrive_in_both_directions_with_the_link_s_index()
    {
        var (links, peer) = (Links(Disk()), Peer(_scratch["disk"]));
        await ArrivesAsync(peer, _sink);
        await ArrivesAsync(links, _peerSink);
        Assert.All(_sink.Of<Observation.HeartbeatReceived>(), received => Assert.Equal(1, received.Link));
        Assert.Equal("", Trouble(links));
    }

    [Fact]
    public async Task A_file_in_memory_is_a_disk_like_any_other()
    {
        var path = $"/dev/shm/tnha-{Guid.NewGuid():N}";
        File.WriteAllBytes(path, new byte[DiskSlot.DiskBytes]);
        try
        {
            var (_, peer) = (Links(path), Peer(path));
            await ArrivesAsync(peer, _sink);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>/dev/zero refuses O_DIRECT, reads as empty slots and swallows what is written.</summary>
    [Fact]
    public async Task What_refuses_O_DIRECT_is_used_without_and_that_is_said_once()
    {
        var links = Links("/dev/zero");
        links.Send(Samples.Beat());
        await Eventually.Holds(() => _logger.Lines.Any(line => line.Contains("O_DIRECT", StringComparison.Ordinal)), "the line");
        await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.Single(_logger.Lines, line => line.Contains("refuses O_DIRECT", StringComparison.Ordinal));
        Assert.Equal("", Trouble(links));
        Assert.Empty(_sink.Posted);
    }

    [Fact]
    public async Task What_stood_in_the_slot_before_is_never_a_heartbeat()
    {
        var path = Disk();
        Put(path, Valid(Samples.Key, 7));
        Links(path);
        await Eventually.Holds(() => Count("stale") == 1, "the old content seen");
        var peer = Peer(path);
        await ArrivesAsync(peer, _sink);
        Assert.DoesNotContain(_sink.Of<Observation.HeartbeatReceived>(), received => received.Beat.Sequence == 7);
    }

    [Fact]
    public async Task A_heartbeat_that_is_read_again_and_again_counts_once()
    {
        var path = Disk();
        var peer = Peer(path);
        Links(path);
        await ArrivesAsync(peer, _sink);
        var heard = _sink.Posted.Length;
        peer.Send(Samples.Beat(5000));
        await Eventually.Holds(() => _sink.Posted.Length > heard, "the next one");
        await Task.Delay(250, TestContext.Current.CancellationToken);
        Assert.Single(_sink.Of<Observation.HeartbeatReceived>(), received => received.Beat.Sequence == 5000);
    }

    [Theory]
    [InlineData("wrong_key")]
    [InlineData("torn_slot")]
    [InlineData("unsupported_version")]
    [InlineData("foreign_content")]
    [InlineData("malformed")]
    public async Task What_is_no_heartbeat_is_counted_by_reason_and_dropped(string reason)
    {
        var path = Disk();
        var links = Links(path);
        links.Send(Samples.Beat());
        await Eventually.Holds(() => Slot(path, 0) == DiskSlotContent.Datagram, "the writer at work");
        await Eventually.Holds(
            () =>
            {
                // Changed each time: only what changed since the last reading is news.
                var datagram = Valid(reason == "wrong_key" ? new byte[32] : Samples.Key, ++_sequence, reason == "malformed");
                Put(path, datagram, slot =>
                {
                    switch (reason)
                    {
                        case "torn_slot":
                            slot[40]++;
                            break;
                        case "unsupported_version":
                            slot[8]++;
                            break;
                        case "foreign_content":
                            slot[0]++;
                            break;
                    }
                });
                return Count(reason) > 0;
            },
            reason);
        Assert.Empty(_sink.Posted);
        await ArrivesAsync(Peer(Cleared(path)), _sink);
    }

    [Fact]
    public async Task A_path_with_other_content_is_never_written_to()
    {
        var path = _scratch["precious"];
        var precious = Enumerable.Repeat((byte)0x55, DiskSlot.DiskBytes).ToArray();
        File.WriteAllBytes(path, precious);
        var links = Links(path);
        links.Send(Samples.Beat());
        await Eventually.Holds(() => Trouble(links).Contains("something else", StringComparison.Ordinal), "the refusal");
        Assert.Equal(precious, File.ReadAllBytes(path));
    }

    [Fact]
    public async Task A_file_that_is_missing_or_too_short_is_named_and_taken_when_it_is_there()
    {
        var path = _scratch["disk"];
        var (links, peer) = (Links(path), Peer(path));
        await Eventually.Holds(() => Trouble(links).Contains("No such file", StringComparison.Ordinal), "missing");
        Assert.False(File.Exists(path));
        File.WriteAllBytes(path, new byte[DiskSlot.Bytes]);
        await Eventually.Holds(() => Trouble(links).Contains("shorter than 8192", StringComparison.Ordinal), "too short");
        Assert.Equal(DiskSlot.Bytes, new FileInfo(path).Length);
        File.WriteAllBytes(path, new byte[DiskSlot.DiskBytes]);
        await ArrivesAsync(peer, _sink);
        links.Send(Samples.Beat(1));
        await Eventually.Holds(() => Trouble(links).Length == 0, "no trouble left");
    }

    [Fact]
    public async Task A_file_that_is_made_anew_is_found_without_a_restart()
    {
        var path = Disk();
        var links = Links(path);
        await ArrivesAsync(Peer(path), _sink);
        File.Delete(path);
        Disk();
        var peer = Peer(path);
        await ArrivesAsync(peer, _sink);
        await ArrivesAsync(links, _peerSink);
    }

    [Fact]
    public async Task A_path_that_hangs_stalls_nothing_and_is_reported()
    {
        var path = Fifo.At(_scratch["hung"]);
        var links = Links(path);
        var started = Stopwatch.GetTimestamp();
        await Eventually.Holds(
            () =>
            {
                links.Send(Samples.Beat(++_sequence));
                return Count("writing_hangs") > 0 && Count("reading_hangs") > 0;
            },
            "both threads hang");
        var trouble = Trouble(links);
        Assert.Contains("writing hangs for", trouble, StringComparison.Ordinal);
        Assert.Contains("reading hangs for", trouble, StringComparison.Ordinal);

        // Thousands of heartbeats for a hung disk take no longer than thousands of encodings.
        started = Stopwatch.GetTimestamp();
        for (var i = 0; i < 2000; i++)
        {
            links.Send(Samples.Beat(++_sequence));
        }

        links.Dispose();
        Assert.True(Stopwatch.GetElapsedTime(started) < Eventually.Ceiling);
        Assert.True(_logger.Lines.Length < 20, "the hang floods the journal");
        Fifo.Released(path).Dispose();
    }

    [Fact]
    public async Task Only_the_newest_heartbeat_is_written()
    {
        var path = Disk();
        var links = Links(path);
        for (var sequence = 1; sequence <= 500; sequence++)
        {
            links.Send(Samples.Beat(sequence));
        }

        await Eventually.Holds(() => Read(path, 0)?.Sequence == 500, "the newest one");
        Assert.Equal(DiskSlotContent.Empty, Slot(path, 1));
    }

    [Theory]
    [InlineData(1, 4, 0.5, 375)]
    [InlineData(0.5, 4, 0.3, 200)]
    [InlineData(1, 4, 20, 5250)]
    [InlineData(1, 1, 0.1, 250)]
    public void The_bound_of_lateness_follows_the_lease(double interval, int losses, double stall, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), DiskLink.LatenessBound(Samples.Config().Timing with
        {
            HeartbeatInterval = TimeSpan.FromSeconds(interval),
            LossesTolerated = losses,
            StallTolerance = TimeSpan.FromSeconds(stall),
        }));

    private static byte[] Valid(byte[] key, long sequence, bool malformed = false)
    {
        var buffer = new byte[HeartbeatCodec.DatagramMax];
        var beat = buffer[..HeartbeatCodec.Encode(Samples.Beat(sequence), 1, key, buffer)];
        if (malformed)
        {
            beat[9] = 200;
            System.Security.Cryptography.HMACSHA256.HashData(key, beat.AsSpan(0, beat.Length - 32), beat.AsSpan(beat.Length - 32));
        }

        return beat;
    }

    /// <summary>Writes the peer's slot.</summary>
    private static void Put(string path, byte[] datagram, Action<byte[]>? change = null)
    {
        var slot = new byte[DiskSlot.Bytes];
        DiskSlot.Write(1, 1, datagram, slot);
        change?.Invoke(slot);
        using var file = File.OpenHandle(path, access: FileAccess.Write, share: FileShare.ReadWrite);
        RandomAccess.Write(file, slot, DiskSlot.OffsetOf(1));
    }

    private static string Cleared(string path)
    {
        using var file = File.OpenHandle(path, access: FileAccess.Write, share: FileShare.ReadWrite);
        RandomAccess.Write(file, new byte[DiskSlot.Bytes], DiskSlot.OffsetOf(1));
        return path;
    }

    private static DiskSlotContent Slot(string path, int host) => DiskSlot.Read(host, Bytes(path, host), out _, out _);

    private static Heartbeat? Read(string path, int host) =>
        DiskSlot.Read(host, Bytes(path, host), out _, out var datagram) == DiskSlotContent.Datagram
            ? HeartbeatCodec.Decode(datagram, Samples.Key).Beat
            : null;

    private static byte[] Bytes(string path, int host)
    {
        var slot = new byte[DiskSlot.Bytes];
        using var file = File.OpenHandle(path, share: FileShare.ReadWrite);
        _ = RandomAccess.Read(file, slot, DiskSlot.OffsetOf(host));
        return slot;
    }

    private string Disk()
    {
        File.WriteAllBytes(_scratch["disk"], new byte[DiskSlot.DiskBytes]);
        return _scratch["disk"];
    }

    private DiskLinks Links(string path) => Make(path, 0, _sink, _counters, _logger);

    private DiskLinks Peer(string path) => Make(path, 1, _peerSink, new Counters(), new ListLogger());

    private DiskLinks Make(string path, int self, CollectingSink sink, Counters counters, ListLogger logger)
    {
        var config = Samples.OnLoopback(_scratch);
        config = config with
        {
            DiskLinks = [new DiskLinkConfig("disk", path)],

            // Often, and patient with a busy machine: what is late is no news.
            Timing = config.Timing with { HeartbeatInterval = TimeSpan.FromSeconds(0.05), StallTolerance = TimeSpan.FromSeconds(8) },
        };
        var links = new DiskLinks(new LocalConfig(config, self), Samples.Key, sink, counters, logger);
        _owned.Add(links);
        links.Start();
        return links;
    }

    private static string Trouble(DiskLinks links) =>
        links.WithTrouble([new LinkStatus("mgmt", "", null), new LinkStatus("disk", "", null)])[1].Trouble ?? "";

    private long Count(string reason) => _counters.Snapshot().GetValueOrDefault($"link.disk.{reason}");

    private Task ArrivesAsync(DiskLinks from, CollectingSink at)
    {
        var first = _sequence;
        return Eventually.Holds(
            () =>
            {
                from.Send(Samples.Beat(++_sequence));
                return at.Of<Observation.HeartbeatReceived>().Any(received => received.Beat.Sequence > first);
            },
            $"a heartbeat after {first}");
    }
}
