using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Host;
using TwoNodeHa.Core.Peer;
using TwoNodeHa.Core.Procedures;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Machine;

/// <summary>The first fact of an incarnation: what the disk, the run directory and the watchdog hold from the time before.</summary>
internal static class Start
{
    public static void Begin(Draft turn, Observation.Started started)
    {
        if (turn.Life.IsStarted)
        {
            throw new InvalidOperationException("a daemon starts once");
        }

        // Missing is a first start, unless a daemon of this very boot held a right: then the file was lost.
        var lost = started.Origin is DurableOrigin.Corrupt or DurableOrigin.Lost || (started.Origin == DurableOrigin.Missing && started.CarriedLease is not null);
        var durable = OfThisPeer(turn.Config, Continued(started, lost));
        turn.Life = turn.Life with
        {
            IsStarted = true,
            StartedAt = turn.Now,
            StatusSince = turn.Now,
            Why = "started",
            Origin = started.Origin,
            Incarnation = new Incarnation(durable.Incarnation, started.Nonce),
        };
        turn.Departure = durable.Departing ? new DepartureProgress { Since = turn.Now } : null;
        turn.Durable = durable;
        turn.Disk = turn.Disk with { Confirmed = started.Durable };
        turn.Watchdog = turn.Watchdog with
        {
            CarriedLease = started.CarriedLease,
            Facts = started.Watchdog,

            // A daemon of this boot armed it: it counts on, and must be fed or disarmed.
            Armed = started.Watchdog is { Present: true, Running: true } && started.CarriedLease is not null
                && turn.Config.Config.Watchdog.Kind != WatchdogKind.None,
        };
        turn.Report(HaEventId.Started, Severity.Notice, Sentence(turn.Config, started));
        PeerBlock.Lift(turn);
        if (lost)
        {
            turn.Report(HaEventId.DurableTrouble, Severity.Critical,
                $"the durable state was {HowLost(started)}: it {Reinstalled.MayDo(turn)}");
        }
    }

    private static DurableState Continued(Observation.Started started, bool lost)
    {
        var durable = started.Durable with { Incarnation = started.Durable.Incarnation + 1 };
        if (started.Origin != DurableOrigin.Intact)
        {
            // Numbers must not fall back behind what the peer knows of a life before this one: the incarnation was seeded
            // from the wall clock, and the others count on from it.
            durable = durable with { Attestation = durable.Incarnation, Promise = durable.Incarnation, RecordYoung = true };
        }

        if (lost)
        {
            durable = durable with { StateLost = true };
        }

        // Another boot: the departure is over. In the same one a new daemon goes on with it.
        return durable with { Departing = durable.Departing && started.CarriedLease is not null, KeepsMastership = false };
    }

    /// <summary>What is known of another peer is forgotten: a replaced host starts clean.</summary>
    private static DurableState OfThisPeer(LocalConfig config, DurableState durable)
    {
        var same = durable.PeerUuid == Guid.Empty || durable.PeerUuid == config.Peer.Uuid;
        var known = same ? durable : durable with
        {
            PeerSwitchGeneration = 0,
            PeerEnabled = false,
            PeerPromise = 0,
            Readmitted = 0,
            PeerDisarm = 0,
            PeerDisarmAck = 0,
            PeerBound = false,
            PeerReturns = false,
            PeerAttestation = 0,
            PeerIncarnation = 0,
            Declined = 0,
            DisarmAcknowledged = false,
        };
        return known with { PeerUuid = config.Peer.Uuid };
    }

    private static string HowLost(Observation.Started started) => started.Origin == DurableOrigin.Corrupt ? "torn or corrupt"
        : started.CarriedLease is null ? "lost" : "lost while this host was up";

    private static string Sentence(LocalConfig config, Observation.Started started)
    {
        var origin = started.Origin switch
        {
            DurableOrigin.Missing => "no durable state: a first start",
            DurableOrigin.Corrupt => "the durable state is corrupt",
            DurableOrigin.Lost => "the durable state is gone, although HA was enabled here",
            _ => $"epoch {started.Durable.Epoch}, HA {(started.Durable.Enabled ? "enabled" : "disabled")}",
        };
        return $"daemon of {config.Self.Name} started ({origin}); watchdog: {started.Watchdog.Description}";
    }
}
