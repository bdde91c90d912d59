using System.Globalization;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Setup;
using TwoNodeHa.Daemon.Alerts;
using TwoNodeHa.Daemon.Host;
using TwoNodeHa.Daemon.Telemetry;

namespace TwoNodeHa.Daemon.Mirroring;

/// <summary>
/// Keeps in XAPI's database what an upgrade from the installation medium wipes: the configuration, by the master, and the position of this
/// host's HA switch, by each. Beside the loop, only where something changed, and only while the toolstack is ready and no takeover is under way: nothing
/// waits for it, and nothing is granted by it. A quiet pool costs no call.
/// </summary>
internal sealed class PoolMirror : IDisposable
{
    /// <summary>Between two writes.</summary>
    public static readonly TimeSpan Gap = TimeSpan.FromMinutes(1);

    /// <summary>The longest pause after a failure; the first is <see cref="Gap"/>, each next one twice as long.</summary>
    public static readonly TimeSpan PauseMax = TimeSpan.FromMinutes(30);

    /// <summary>How often it is looked at.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    private readonly Func<StatusReport> _status;
    private readonly Func<DurableState> _durable;
    private readonly string _config;
    private readonly IMirrorStation _station;
    private readonly TimeProvider _time;
    private readonly Counters _counters;
    private readonly Action<HaEvent> _report;
    private readonly TimedRounds _rounds;

    // Null: not read since the start, a failure, or a change of the role.
    private Entries? _known;
    private string _role = "";
    private long _from;
    private TimeSpan _pause;
    private int _failures;
    private bool _tooLong;

    /// <param name="status">The daemon's status.</param>
    /// <param name="durable">What is on disk: an order counts from then on.</param>
    /// <param name="config">Text of the configuration that this daemon runs with.</param>
    /// <param name="station">Where it is kept.</param>
    /// <param name="time">Clock of rounds and pauses.</param>
    /// <param name="counters">Counts copies written and failed.</param>
    /// <param name="report">Takes an event when the first of some copies failed, and when one succeeds again.</param>
    public PoolMirror(
        Func<StatusReport> status, Func<DurableState> durable, string config, IMirrorStation station, TimeProvider time, Counters counters, Action<HaEvent> report)
    {
        (_status, _durable, _config, _station, _time, _counters, _report) = (status, durable, config, station, time, counters, report);
        _from = time.GetTimestamp();
        _rounds = new TimedRounds(WriteDueAsync, Every, time, error => Failed(error.Message));
    }

    public void Dispose() => _rounds.Dispose();

    /// <summary>A round now; never throws.</summary>
    internal Task RoundAsync() => _rounds.RunAsync();

    /// <summary>Writes what is due. What nobody foresaw is said, and tried again with what XAPI says then.</summary>
    private async Task WriteDueAsync(CancellationToken stop)
    {
        var (status, durable) = (_status(), _durable());
        if (status.Role != _role)
        {
            // The database of another master may have other entries.
            (_role, _known) = (status.Role, null);
        }

        if (status is { Toolstack: "ready", TakeoverStep: "" } && durable is { SwitchGeneration: > 0, StateLost: false } && _time.GetElapsedTime(_from) >= _pause)
        {
            await CopyAsync(new MirroredState(durable.Enabled, durable.SwitchGeneration).Text, status.Role == "master", stop);
        }
    }

    private async Task CopyAsync(string state, bool master, CancellationToken stop)
    {
        _known ??= await _station.ReadAsync(stop);
        if (_known is not { } known)
        {
            Failed("its database cannot be read");
            return;
        }

        var config = ConfigMirror.Encode(known.Pool, _config);
        if (config is null && master && !_tooLong)
        {
            _tooLong = true;
            Tell(Severity.Warning, string.Create(CultureInfo.InvariantCulture,
                $"the configuration is longer than {ConfigMirror.BytesMax / 1024} KiB and is not kept in XAPI's database: keep a copy of it where an upgrade from the installation medium does not wipe it"));
        }

        var (writesConfig, writesState) = (master && config is not null && config != known.Config, state != known.State);
        if ((writesConfig && !await DoneAsync(_station.WriteConfigAsync(config!, stop))) || (writesState && !await DoneAsync(_station.WriteStateAsync(state, stop))))
        {
            Failed("it did not take the copy");
            return;
        }

        if (_failures > 1)
        {
            Tell(Severity.Notice, "what an upgrade from the installation medium would wipe is kept in XAPI's database again");
        }

        _known = known with { Config = writesConfig ? config : known.Config, State = state };
        _failures = 0;
        (_from, _pause) = (_time.GetTimestamp(), writesConfig || writesState ? Gap : TimeSpan.Zero);
    }

    private async Task<bool> DoneAsync(Task<Delivery> write)
    {
        var done = await write == Delivery.Done;
        _counters.Add(done ? "mirror.written" : "mirror.failed");
        return done;
    }

    /// <summary>Twice in a row is worth an event: a toolstack that was restarted in this moment is not.</summary>
    private void Failed(string why)
    {
        _known = null;
        _pause = ++_failures == 1 ? Gap : _pause >= PauseMax / 2 ? PauseMax : _pause * 2;
        _from = _time.GetTimestamp();
        if (_failures == 2)
        {
            Tell(Severity.Warning, $"the copy of configuration and HA state in XAPI's database is not up to date: {why}. Protection does not hang on it; tried again");
        }
    }

    private void Tell(Severity severity, string sentence) => _report(new HaEvent(HaEventId.ActionTrouble, severity, sentence));
}
