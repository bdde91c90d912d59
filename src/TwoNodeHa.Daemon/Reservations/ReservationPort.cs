using System.Collections.Immutable;
using System.Diagnostics;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Reservations;

/// <summary>
/// Carries out the orders to the LUNs and posts what they say. Every order ends with a reading: that an order was carried out is what was read
/// back. A LUN that does not answer delays no other one.
/// </summary>
internal sealed class ReservationPort(LocalConfig config, PersistTool tool, IMonotonicClock clock, IObservationSink sink, Func<long, bool> stands)
{
    private readonly ImmutableArray<string> _luns = config.Config.Storage.ReservedLuns;
    private readonly ulong _own = ReservationRules.KeyOf(config.Config, config.SelfIndex);
    private readonly ulong _peer = ReservationRules.KeyOf(config.Config, 1 - config.SelfIndex);
    private readonly TimeSpan _call = ReservationRules.ReadingInterval(config.Timing);

    /// <summary>Answers exactly once, and posts the reading before.</summary>
    public void Act(Command.Act act) => _ = Task.Run(async () => sink.Post(await RunAsync(act)));

    internal async Task<Observation.ActionFinished> RunAsync(Command.Act act)
    {
        try
        {
            var end = clock.Now + act.Deadline;
            var trouble = act.Action switch
            {
                HaAction.ReadReservations => "",
                HaAction.RegisterKeys register => await RegisterAsync(register, end),
                HaAction.PreemptPeer => await PreemptAsync(act.Id, end),
                _ => throw new UnreachableException(act.Action.GetType().Name),
            };
            await ReadAsync(act.Action is HaAction.ReadReservations ? act.Deadline : _call);
            return trouble.Length == 0 ? new Observation.ActionFinished(act.Id, ActionOutcome.Succeeded, "", "")
                : new Observation.ActionFinished(act.Id, ActionOutcome.Failed, "RESERVATION", trouble);
        }
        catch (Exception error)
        {
            // Nobody foresaw it, but whoever waits for the answer must get one.
            return new Observation.ActionFinished(act.Id, ActionOutcome.Unknown, "UNFORESEEN", error.Message);
        }
    }

    /// <summary>What a reading says, seen from this host. A key that is registered on one path was not taken away: that takes them all.</summary>
    internal static LunFact Fact(LunReading reading, ulong own, ulong peer) => reading is { Keys: { } keys, Reservation: { } reservation }
        ? new LunFact(true, keys.Contains(own), keys.Contains(peer), keys.Count(key => key != own && key != peer), reservation) : LunFact.Unread;

    private async Task ReadAsync(TimeSpan limit)
    {
        var asked = clock.Now;
        var readings = await Task.WhenAll(_luns.Select(lun => tool.ReadAsync(lun, limit)));
        sink.Post(new Observation.ReservationsRead(asked, [.. readings.Select(reading => Fact(reading, _own, _peer))]));
    }

    private async Task<string> RegisterAsync(HaAction.RegisterKeys order, Instant end)
    {
        var troubles = new List<string>();
        foreach (var index in order.Luns)
        {
            var lun = _luns[index];
            var trouble = await tool.RegisterAsync(LunPaths.Of(lun), _own, Left(end));
            if (trouble is null && (await ReadAsync(lun, end)).Reservation == LunReservation.None)
            {
                trouble = await tool.ReserveAsync(lun, _own, Left(end));

                // The other host may have been quicker: reserved is reserved.
                trouble = (await ReadAsync(lun, end)).Reservation == LunReservation.WriteExclusiveRegistrants ? null : trouble;
            }

            if (trouble is not null)
            {
                troubles.Add($"{lun}: {trouble}");
            }
        }

        return string.Join("; ", troubles);
    }

    /// <summary>In the order of the configuration, which is the same on both hosts: who loses the first one touches no other.</summary>
    private async Task<string> PreemptAsync(long id, Instant end)
    {
        foreach (var lun in _luns)
        {
            if (!stands(id))
            {
                return $"{lun}: the reason for the order is gone";
            }

            if (await PreemptAsync(lun, end) is { } trouble)
            {
                return $"{lun}: {trouble}";
            }
        }

        return "";
    }

    private async Task<string?> PreemptAsync(string lun, Instant end)
    {
        var before = Fact(await ReadAsync(lun, end), _own, _peer);
        if (before is { Readable: true, Own: false })
        {
            return "this host's key is not registered";
        }

        var trouble = before is { Readable: true, Peer: false } ? null : await tool.PreemptAsync(lun, _own, _peer, Left(end));
        var after = await ReadAsync(lun, end);
        if (after.Reservation == LunReservation.None)
        {
            trouble = await tool.ReserveAsync(lun, _own, Left(end));
            after = await ReadAsync(lun, end);
        }

        return Fact(after, _own, _peer).IsExclusive ? null : trouble ?? (after.Trouble.Length > 0 ? after.Trouble : "the peer's key was not taken away");
    }

    private Task<LunReading> ReadAsync(string lun, Instant end) => tool.ReadAsync(lun, Left(end) is var left && left <= _call ? left : _call);

    private TimeSpan Left(Instant end) => end - clock.Now is { Ticks: > 0 } left ? left : TimeSpan.FromMilliseconds(1);
}
