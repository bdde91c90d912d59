using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Daemon.Host;
using TwoNodeHa.Daemon.Telemetry;
using TwoNodeHa.Daemon.ThirdParty;

namespace TwoNodeHa.Daemon.Alerts;

/// <summary>
/// Sends metrics and events to a collector by OTLP/HTTP in JSON, beside the loop: a bounded number of events waits, each request is bounded, and a
/// collector that is away is asked again after a rest. What is lost is counted; that it is away is said once (ADR 24).
/// </summary>
internal sealed class OtlpExporter : IDisposable
{
    /// <summary>Events that wait at most; the oldest goes first.</summary>
    public const int QueueMax = 256;

    /// <summary>Bound of a request.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>After one that failed.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<int, long> _counts = new();
    private readonly Channel<(HaEvent Entry, long UnixMs)> _queue;
    private readonly CancellationTokenSource _stop = new();
    private readonly AlertsConfig _alerts;
    private readonly Func<StatusReport> _status;
    private readonly TimeProvider _wall;
    private readonly Counters _counters;
    private readonly ILogger _logger;
    private readonly OtlpJson _json;
    private readonly long _startUnixMs;
    private readonly List<(HaEvent Entry, long UnixMs)> _batch = [];
    private HttpClient? _client;
    private long? _measuredAt;
    private long? _failedAt;

    public OtlpExporter(LocalConfig config, Func<StatusReport> status, TimeProvider wall, Counters counters, ILogger logger)
    {
        (_alerts, _status, _wall, _counters, _logger) = (config.Config.Alerts, status, wall, counters, logger);
        _json = new OtlpJson(config.Self.Name, Startup.Version);
        _startUnixMs = wall.GetUtcNow().ToUnixTimeMilliseconds();
        _queue = Channel.CreateBounded<(HaEvent, long)>(
            new BoundedChannelOptions(QueueMax) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }, _ => counters.Add("alerts.otlp.dropped"));
        Worker = Task.Run(RunAsync);
    }

    internal Task Worker { get; }

    /// <summary>Takes an event; never waits.</summary>
    public void Offer(HaEvent entry)
    {
        _counts.AddOrUpdate((int)entry.Id, 1, static (_, old) => old + 1);
        _queue.Writer.TryWrite((entry, _wall.GetUtcNow().ToUnixTimeMilliseconds()));
    }

    public void Dispose()
    {
        _stop.Cancel();
        _client?.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(2), _wall);
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                if (_failedAt is not { } failed || _wall.GetElapsedTime(failed) >= Rest)
                {
                    await RoundAsync();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon ends.
        }
    }

    private async Task RoundAsync()
    {
        // What could not be sent stays in front, and the queue holds the rest: together no more than twice the bound.
        while (_batch.Count < QueueMax && _queue.Reader.TryRead(out var one))
        {
            _batch.Add(one);
        }

        if (_batch.Count > 0 && await PostAsync("v1/logs", _json.Of(_batch)) is var sent and not Delivery.Later)
        {
            _batch.ForEach(_ => _counters.Add(sent == Delivery.Done ? "alerts.otlp.events" : "alerts.otlp.dropped"));
            _batch.Clear();
        }

        if (_failedAt is null && (_measuredAt is not { } at || _wall.GetElapsedTime(at) >= _alerts.OtlpInterval))
        {
            _measuredAt = _wall.GetTimestamp();
            var now = _wall.GetUtcNow().ToUnixTimeMilliseconds();
            await PostAsync("v1/metrics", _json.Of(Metrics.Of(_status(), _counts, Startup.Version, now / 1000.0), now, _startUnixMs));
        }
    }

    private async Task<Delivery> PostAsync(string path, ReadOnlyMemory<byte> body)
    {
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            patience.CancelAfter(Limit);
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_alerts.OtlpEndpoint + path)) { Content = new ReadOnlyMemoryContent(body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

            // The answer's body says nothing that would be acted on, and may be endless: it is not read.
            using var response = await Client().SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token).WaitAsync(patience.Token);
            if (response.IsSuccessStatusCode)
            {
                _failedAt = null;
                return Delivery.Done;
            }

            // By OTLP/HTTP only these are to be tried again.
            var again = response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;
            Failed($"{_alerts.OtlpEndpoint}{path} answers {(int)response.StatusCode}");
            return again ? Delivery.Later : Delivery.Refused;
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException or IOException or ThirdPartyException && !_stop.IsCancellationRequested)
        {
            Failed($"{_alerts.OtlpEndpoint} is not reached: {PinnedTls.Why(error)}");
            return Delivery.Later;
        }
    }

    /// <summary>Said once, until it works again.</summary>
    private void Failed(string trouble)
    {
        _counters.Add("alerts.otlp.failed");
        if (_failedAt is null)
        {
            DaemonLog.AlertTrouble(_logger, $"{trouble}; it is tried each {Rest.TotalSeconds:0} s, and not said again until it works");
        }

        _failedAt = _wall.GetTimestamp();
    }

    /// <summary>A certificate that was not there when the daemon started may be there now.</summary>
    private HttpClient Client() => _client ??= _alerts.OtlpCaFile.Length > 0 ? PinnedTls.Client(_alerts.OtlpCaFile)
        : new HttpClient(new SocketsHttpHandler { ConnectTimeout = Limit, UseProxy = false, UseCookies = false, AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };
}
