using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Daemon.Alerts;
using TwoNodeHa.Daemon.Telemetry;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Alerts;

public sealed class OtlpTests
{
    private readonly Counters _counters = new();
    private readonly ListLogger _log = new();

    [Fact]
    public async Task Metrics_and_events_arrive_as_the_protocol_defines_them()
    {
        using var collector = new Collector(_ => (200, "{}"));
        using var exporter = Exporter(collector.Port);
        exporter.Offer(new HaEvent(HaEventId.Conflict, Severity.Critical, "two \"masters\"\n\u0001 €") { Vm = new Guid("aaaaaaaa-0000-4000-8000-000000000001") });
        exporter.Offer(new HaEvent(HaEventId.VmStarted, Severity.Notice, "web was started"));
        await Eventually.Holds(() => collector.Bodies("/v1/metrics").Length > 0 && collector.Bodies("/v1/logs").Length > 0, "both came");

        var logs = OtlpSchema.Logs(collector.Bodies("/v1/logs")[0]).GetProperty("resourceLogs")[0];
        Assert.Equal("alpha", OtlpSchema.Attribute(logs.GetProperty("resource"), "host.name"));
        Assert.Equal("twonodeha", OtlpSchema.Attribute(logs.GetProperty("resource"), "service.name"));
        var records = logs.GetProperty("scopeLogs")[0].GetProperty("logRecords");
        Assert.Equal((21, "critical", "two \"masters\"\n\u0001 €"),
            (records[0].GetProperty("severityNumber").GetInt32(), records[0].GetProperty("severityText").GetString(), records[0].GetProperty("body").GetProperty("stringValue").GetString()));
        Assert.Equal("63", OtlpSchema.Attribute(records[0], "twonodeha.event.id"));
        Assert.Equal("twonodeha.Conflict", OtlpSchema.Attribute(records[0], "event.name"));
        Assert.Equal("aaaaaaaa-0000-4000-8000-000000000001", OtlpSchema.Attribute(records[0], "twonodeha.vm.uuid"));
        Assert.Equal("web was started", records[1].GetProperty("body").GetProperty("stringValue").GetString());
        var age = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - long.Parse(records[0].GetProperty("timeUnixNano").GetString()![..^6], CultureInfo.InvariantCulture);
        Assert.InRange(age, 0, 60_000);

        // The same metrics as in the file, none left out.
        var metrics = OtlpSchema.Metrics(collector.Bodies("/v1/metrics")[0]).GetProperty("resourceMetrics")[0].GetProperty("scopeMetrics")[0].GetProperty("metrics").EnumerateArray().ToList();
        Assert.Equal(Metrics.Of(AlertSamples.Status, new Dictionary<int, long>(), "1", 1).Select(one => one.Name), metrics.Select(one => one.GetProperty("name").GetString()));
        var covered = metrics.First(one => one.GetProperty("name").GetString() == "twonodeha_covered").GetProperty("gauge").GetProperty("dataPoints")[0];
        Assert.Equal(0, covered.GetProperty("asDouble").GetDouble());
        var events = metrics.First(one => one.GetProperty("name").GetString() == "twonodeha_events_total").GetProperty("sum");
        Assert.True(events.GetProperty("isMonotonic").GetBoolean());
        Assert.Equal(1, events.GetProperty("dataPoints").EnumerateArray().First(one => OtlpSchema.Attribute(one, "name") == "Conflict").GetProperty("asDouble").GetDouble());
    }

    [Fact]
    public async Task Collector_that_is_away_is_said_once_holds_nothing_up_and_what_is_lost_is_counted()
    {
        using var free = new Collector(_ => (200, ""));
        var port = free.Port;
        free.Dispose();
        using var exporter = Exporter(port);
        var started = Stopwatch.GetTimestamp();
        for (var number = 0; number < OtlpExporter.QueueMax * 3; number++)
        {
            exporter.Offer(new HaEvent(HaEventId.Alert, Severity.Critical, $"flood {number}"));
        }

        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(1), "offering waited");
        await Eventually.Holds(() => Counted("failed") > 0, "it was tried");
        Assert.Equal(OtlpExporter.QueueMax * 2, Counted("dropped"));
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        Assert.Equal(1, Counted("failed"));
        Assert.Single(_log.Lines, line => line.Contains("is not reached", StringComparison.Ordinal));
        Assert.False(exporter.Worker.IsCompleted);
    }

    /// <summary>Accepts and says nothing; the daemon's end is not held up by it either.</summary>
    [Fact]
    public async Task Collector_that_hangs_is_given_up_after_its_bound()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var exporter = Exporter(((IPEndPoint)listener.LocalEndpoint).Port);
        exporter.Offer(new HaEvent(HaEventId.Alert, Severity.Critical, "x"));
        await Eventually.Holds(() => _log.Lines.Any(line => line.Contains("no answer in time", StringComparison.Ordinal)), "it was given up");
        exporter.Dispose();
        await exporter.Worker.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        listener.Stop();
    }

    /// <summary>400 and its like are for good, by the protocol; 503 is not.</summary>
    [Theory]
    [InlineData(400, 1)]
    [InlineData(503, 0)]
    public async Task Refusal_drops_what_was_sent_only_where_the_protocol_says_so(int code, int dropped)
    {
        using var collector = new Collector(path => (path == "/v1/logs" ? code : 200, "{\"message\":\"no\"}"));
        using var exporter = Exporter(collector.Port);
        exporter.Offer(new HaEvent(HaEventId.Alert, Severity.Critical, "x"));
        await Eventually.Holds(() => _log.Lines.Any(line => line.Contains($"answers {code}", StringComparison.Ordinal)), "it was said");
        await Eventually.Holds(() => Counted("dropped") == dropped, "counted");
    }

    [Fact]
    public async Task Another_collector_is_reached_after_it_came_back()
    {
        var answers = new ConcurrentQueue<int>([503]);
        using var collector = new Collector(_ => (answers.TryDequeue(out var code) ? code : 200, ""));
        var clock = new ManualWall();
        using var exporter = Exporter(collector.Port, clock);
        exporter.Offer(new HaEvent(HaEventId.Alert, Severity.Critical, "kept"));
        await clock.UntilAsync(() => Counted("failed") == 1, TimeSpan.FromSeconds(2));
        await clock.UntilAsync(() => Counted("events") == 1, OtlpExporter.Rest);
        Assert.All(collector.Bodies("/v1/logs"), body => Assert.Contains("kept", body, StringComparison.Ordinal));
    }

    private long Counted(string name) => _counters.Snapshot().GetValueOrDefault("alerts.otlp." + name);

    private OtlpExporter Exporter(int port, TimeProvider? wall = null) => new(Config(port), () => AlertSamples.Status, wall ?? TimeProvider.System, _counters, _log);

    internal static LocalConfig Config(int port)
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", "..", "ha.conf.example"))
            .Replace("[alerts]", string.Create(CultureInfo.InvariantCulture, $"[alerts]\notlp_endpoint = http://127.0.0.1:{port}\notlp_interval_seconds = 5"), StringComparison.Ordinal);
        var parsed = ConfigParser.Parse("test", text);
        Assert.NotNull(parsed.Config);
        return new LocalConfig(parsed.Config, 0);
    }

    /// <summary>A wall clock whose timers run when it is moved.</summary>
    private sealed class ManualWall : TimeProvider
    {
        private readonly Lock _lock = new();
        private readonly List<Entry> _timers = [];
        private TimeSpan _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp()
        {
            lock (_lock)
            {
                return _now.Ticks;
            }
        }

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + TimeSpan.FromTicks(GetTimestamp());

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var entry = new Entry(callback, state) { Due = _now + dueTime, Period = period };
            lock (_lock)
            {
                _timers.Add(entry);
            }

            return entry;
        }

        public async Task UntilAsync(Func<bool> done, TimeSpan step)
        {
            for (var round = 0; round < 500 && !done(); round++)
            {
                List<Entry> due;
                lock (_lock)
                {
                    _now += step;
                    due = [.. _timers.Where(timer => timer.Due <= _now)];
                    due.ForEach(timer => timer.Due = _now + timer.Period);
                }

                due.ForEach(timer => timer.Run());
                await Task.Delay(20);
            }

            Assert.True(done());
        }

        private sealed class Entry(TimerCallback callback, object? state) : ITimer
        {
            public TimeSpan Due { get; set; }

            public TimeSpan Period { get; set; }

            public void Run() => callback(state);

            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }

    /// <summary>Stands for a collector on loopback: keeps what is posted, and answers as a test says.</summary>
    private sealed class Collector : IDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly ConcurrentQueue<(string Path, string Body)> _kept = new();

        public Collector(Func<string, (int Code, string Body)> answer)
        {
            var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            Port = ((IPEndPoint)probe.LocalEndpoint).Port;
            probe.Stop();
            _listener.Prefixes.Add(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}/"));
            _listener.Start();
            _ = ServeAsync(answer);
        }

        public int Port { get; }

        public string[] Bodies(string path) => [.. _kept.Where(one => one.Path == path).Select(one => one.Body)];

        public void Dispose() => _listener.Close();

        private async Task ServeAsync(Func<string, (int Code, string Body)> answer)
        {
            try
            {
                while (true)
                {
                    var context = await _listener.GetContextAsync();
                    using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
                    var body = await reader.ReadToEndAsync();
                    Assert.Equal("application/json", context.Request.ContentType);
                    _kept.Enqueue((context.Request.Url!.AbsolutePath, body));
                    var (code, text) = answer(context.Request.Url.AbsolutePath);
                    context.Response.StatusCode = code;
                    await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(text));
                    context.Response.Close();
                }
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                // The test is over.
            }
        }
    }
}
