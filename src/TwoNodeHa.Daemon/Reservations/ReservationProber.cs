using System.Collections.Concurrent;
using System.Collections.Immutable;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.ThirdParty;

namespace TwoNodeHa.Daemon.Reservations;

/// <summary>Looks at each LUN now and then, and says what an administrator should know before it is needed. Changes nothing.</summary>
internal sealed class ReservationProber(LocalConfig config, PersistTool tool, IObservationSink sink) : IDisposable
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly ulong _own = ReservationRules.KeyOf(config.Config, config.SelfIndex);
    private readonly ulong _peer = ReservationRules.KeyOf(config.Config, 1 - config.SelfIndex);
    private readonly ConcurrentDictionary<string, bool> _aborts = [];
    private readonly CancellationTokenSource _stop = new();

    public void Start()
    {
        foreach (var lun in config.Config.Storage.ReservedLuns)
        {
            _ = Task.Run(() => Rounds.RunAsync(async () => sink.Post(await TestAsync(lun)), Between, spread: true, _stop.Token));
        }
    }

    public void Dispose() => _stop.Cancel();

    internal async Task<Observation.ThirdPartySeen> TestAsync(string lun)
    {
        if (!File.Exists(lun))
        {
            return new Observation.ThirdPartySeen(lun, false, "there is no such device on this host: is the repository plugged, and the name the same on both hosts?");
        }

        var reading = await tool.ReadAsync(lun, Limit);
        if (reading.Trouble.Length > 0)
        {
            return new Observation.ThirdPartySeen(lun, false, $"its reservations cannot be read: {reading.Trouble}");
        }

        var (keys, paths) = (reading.Keys!.Value, LunPaths.Of(lun).Count);
        return Foreign(keys) is { } foreign ? new Observation.ThirdPartySeen(lun, false, foreign)
            : reading.Reservation == LunReservation.Other
                ? new Observation.ThirdPartySeen(lun, false, "it is reserved in another way than write exclusive, registrants only: another cluster program uses it, or did")
            : keys.Count(key => key == _own) is var own && own > 0 && own < paths
                ? new Observation.ThirdPartySeen(lun, false, $"this host's key is registered by {own} of {paths} paths: writes by the others are refused. "
                    + $"Write reservation_key {PersistTool.Hex(_own)} for it into multipath.conf")
            : new Observation.ThirdPartySeen(lun, true, $"{Said(keys)}; {await KeptAsync(lun)}{await AbortsAsync(lun, keys)}");
    }

    private string? Foreign(ImmutableArray<ulong> keys)
    {
        var foreign = keys.Where(key => key != _own && key != _peer).Distinct().ToList();
        return foreign.Count == 0 ? null : $"a key of neither host is registered ({string.Join(", ", foreign.Select(PersistTool.Hex))}): another pool or cluster "
            + "program uses this LUN, or did; when it is certain that nobody does, take it away: sg_persist --out --preempt";
    }

    private string Said(ImmutableArray<ulong> keys) => (keys.Contains(_own), keys.Contains(_peer)) switch
    {
        (true, true) => "both hosts are registered",
        (true, false) => $"only {config.Self.Name} is registered",
        (false, true) => $"only {config.Peer.Name} is registered",
        _ => "nobody is registered: that happens when HA is enabled and both hosts hear each other",
    };

    /// <summary>Asked once: the answer belongs to the target, and each question is a refusal in its log.</summary>
    private async Task<string> AbortsAsync(string lun, ImmutableArray<ulong> keys)
    {
        if (keys.Contains(_own) && !_aborts.ContainsKey(lun) && await tool.CanAbortAsync(lun, _own, Limit) is { } can)
        {
            _aborts[lun] = can;
        }

        return !_aborts.TryGetValue(lun, out var known) ? "" : known ? "; it ends what a host has under way whose key is taken away"
            : "; it cannot end what a host has under way whose key is taken away (no PREEMPT AND ABORT), and only refuses what comes after: A6 stays an assumption";
    }

    private async Task<string> KeptAsync(string lun) => await tool.KeepsThroughPowerLossAsync(lun, Limit) switch
    {
        true => "it keeps that through a loss of power",
        false => "it does not keep that through a loss of power",
        null => "whether it keeps that through a loss of power it does not say",
    };
}
