using System.Globalization;
using Microsoft.Extensions.Logging;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Operator;
using TwoNodeHa.Daemon.Host;
using TwoNodeHa.Daemon.Telemetry;

namespace TwoNodeHa.Daemon.Alerts;

/// <summary>
/// Keeps the custom fields true, beside the loop: the master alone writes, once its toolstack is ready and no takeover is under way, and only what has changed and
/// lasts. A quiet pool costs no call at all.
/// </summary>
internal sealed class XapiFields : IDisposable
{
    /// <summary>Something must have lasted so long before it is written.</summary>
    public static readonly TimeSpan Lasts = TimeSpan.FromSeconds(30);

    /// <summary>Between two writes of one field.</summary>
    public static readonly TimeSpan Gap = TimeSpan.FromMinutes(5);

    /// <summary>Between two writes of one field that differ in their numbers only.</summary>
    public static readonly TimeSpan NumbersGap = TimeSpan.FromHours(1);

    /// <summary>Fields written in one round, every ten seconds.</summary>
    public const int InARound = 10;

    private const string Since = " (since ";

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    private readonly Func<StatusReport> _status;
    private readonly IFieldStation _station;
    private readonly TimeProvider _time;
    private readonly Counters _counters;
    private readonly ILogger _logger;
    private readonly Dictionary<Guid, (string Text, long At)> _seen = [];
    private readonly Dictionary<Guid, long> _written = [];
    private readonly TimedRounds _rounds;

    // Null: not read since this host became master.
    private Dictionary<Guid, string>? _known;
    private bool _failed;

    public XapiFields(Func<StatusReport> status, IFieldStation station, TimeProvider time, Counters counters, ILogger logger)
    {
        (_status, _station, _time, _counters, _logger) = (status, station, time, counters, logger);
        _rounds = new TimedRounds(WriteDueAsync, Every, time, Failed);
    }

    public void Dispose() => _rounds.Dispose();

    /// <summary>A round now; never throws.</summary>
    internal Task RoundAsync() => _rounds.RunAsync();

    /// <summary>Writes what is due; one after the other, each bounded by the station.</summary>
    private async Task WriteDueAsync(CancellationToken stop)
    {
        var status = _status();
        if (status is not { Role: "master", Toolstack: "ready", TakeoverStep: "" })
        {
            _known = null;
            return;
        }

        if ((_known ??= await _station.ReadAsync(stop)) is { } known)
        {
            await WriteAsync(Wanted(status), known, stop);
        }
    }

    /// <summary>Nobody foresaw it: said once, and tried again with what XAPI says then.</summary>
    private void Failed(Exception error)
    {
        _known = null;
        _counters.Add("alerts.fields.failed");
        if (!_failed)
        {
            _failed = true;
            DaemonLog.AlertTrouble(_logger, $"the custom fields were not written: {error.Message}");
        }
    }

    private static Dictionary<Guid, string> Wanted(StatusReport status) => new(FieldText.OfVms(status)) { [Guid.Empty] = FieldText.OfPool(status) };

    private async Task WriteAsync(Dictionary<Guid, string> wanted, Dictionary<Guid, string> known, CancellationToken stop)
    {
        var left = InARound;

        // The pool first: it is what is looked at.
        foreach (var on in wanted.Keys.Union(known.Keys).Order().ToList())
        {
            var text = wanted.GetValueOrDefault(on);
            if (!IsDue(on, text, known.GetValueOrDefault(on)) || left-- <= 0)
            {
                continue;
            }

            var stamped = text is null ? null : string.Create(CultureInfo.InvariantCulture, $"{text}{Since}{_time.GetUtcNow():yyyy-MM-dd HH:mm}Z)");
            var delivery = await _station.WriteAsync(on, stamped, stop);
            _counters.Add(delivery == Delivery.Done ? "alerts.fields.written" : "alerts.fields.failed");
            if (delivery == Delivery.Later)
            {
                // Part of it may be there: XAPI is asked what.
                _known = null;
                return;
            }

            _written[on] = _time.GetTimestamp();
            if (stamped is null)
            {
                known.Remove(on);
            }
            else if (delivery == Delivery.Done)
            {
                known[on] = stamped;
            }
            else
            {
                // A VM that XAPI has since the fields were read, or has no more.
                _known = null;
            }
        }
    }

    private bool IsDue(Guid on, string? text, string? known)
    {
        if (!_seen.TryGetValue(on, out var seen) || Kind(seen.Text) != Kind(text ?? ""))
        {
            _seen[on] = seen = (text ?? "", _time.GetTimestamp());
        }

        var before = known is null ? null : known.IndexOf(Since, StringComparison.Ordinal) is > 0 and var end ? known[..end] : known;
        if (before == text)
        {
            return false;
        }

        var gap = before is not null && text is not null && Kind(before) == Kind(text) ? NumbersGap : Gap;
        return _time.GetElapsedTime(seen.At) >= Lasts && (!_written.TryGetValue(on, out var at) || _time.GetElapsedTime(at) >= gap);
    }

    /// <summary>Free memory and its like change all the time: no news.</summary>
    private static string Kind(string text) => string.Concat(text.Where(static character => !char.IsDigit(character) && character != '.'));
}
