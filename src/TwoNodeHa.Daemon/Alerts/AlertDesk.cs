using Microsoft.Extensions.Logging;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Daemon.Telemetry;
using TwoNodeHa.Daemon.Tools;

namespace TwoNodeHa.Daemon.Alerts;

/// <summary>All that hears of events besides the journal, as <c>[alerts]</c> wants it. None of it decides anything, or is waited for.</summary>
internal sealed class AlertDesk : IAsyncDisposable
{
    private readonly XapiStation? _station;
    private readonly XapiMessenger? _messenger;
    private readonly EventHook? _hook;
    private readonly MetricsFile? _metrics;
    private readonly OtlpExporter? _otlp;
    private readonly XapiFieldStation? _fieldStation;
    private readonly XapiFields? _fields;

    public AlertDesk(LocalConfig config, Func<StatusReport> status, ToolRunner tools, Counters counters, ILogger logger)
    {
        var alerts = config.Config.Alerts;
        if (alerts.Xapi)
        {
            _station = new XapiStation(config.Config.Paths.XapiSocket);
            _messenger = new XapiMessenger(config, status, _station, TimeProvider.System, counters, logger);
        }

        if (alerts.XapiFields)
        {
            _fieldStation = new XapiFieldStation(config.Config.Paths.XapiSocket);
            _fields = new XapiFields(status, _fieldStation, TimeProvider.System, counters, logger);
        }

        _hook = alerts.Hook.Length > 0 ? new EventHook(config, tools, TimeProvider.System, counters, logger) : null;
        _metrics = alerts.MetricsFile.Length > 0 ? new MetricsFile(alerts.MetricsFile, status, TimeProvider.System, logger) : null;
        _otlp = alerts.OtlpEndpoint.Length > 0 ? new OtlpExporter(config, status, TimeProvider.System, counters, logger) : null;
    }

    /// <summary>Takes an event; never waits, never throws.</summary>
    public void Offer(HaEvent entry)
    {
        _messenger?.Offer(entry);
        _hook?.Offer(entry);
        _metrics?.Count(entry);
        _otlp?.Offer(entry);
    }

    public async ValueTask DisposeAsync()
    {
        _otlp?.Dispose();
        _metrics?.Dispose();
        _hook?.Dispose();
        _messenger?.Dispose();
        _fields?.Dispose();
        if (_fieldStation is not null)
        {
            await _fieldStation.DisposeAsync();
        }

        if (_station is not null)
        {
            await _station.DisposeAsync();
        }
    }
}
