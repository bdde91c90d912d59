using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Peer;

/// <summary>
/// What the peer holds of this host (protocol.md, mirror). A state that was lost, or went back to an older copy, heals from
/// it: no number that the peer has seen is ever given out a second time.
/// </summary>
internal static class MirrorIntake
{
    public static void Hear(Draft turn, Heartbeat beat)
    {
        if (beat.Mirror is not { } mirror)
        {
            return;
        }

        PassIncarnation(turn, mirror);
        if (IsForgotten(turn.Durable, mirror) && turn.View is { MayRun: false, IsMaster: false }
            && turn.State.Status is HaStatus.Unknown or HaStatus.Joining)
        {
            HealPromise(turn, mirror.Promise);
        }

        PassNumbers(turn, mirror, beat.Readmitted);
    }

    private static bool IsForgotten(DurableState durable, Mirror mirror) => !durable.PromiseStands && mirror.Promise != 0
        && (durable.StateLost || mirror.Promise > durable.Promise);

    /// <summary>
    /// The peer leans on a promise that the lost or older state does not know: it stands again, before the peer hears that it does not. What
    /// was said about the maintenance is lost, so it ends as one that the toolstack shows.
    /// </summary>
    private static void HealPromise(Draft turn, long promise)
    {
        turn.Durable = turn.Durable with
        {
            Promise = Math.Max(turn.Durable.Promise, promise),
            PromiseStands = true,
            WantsReadmission = false,
            Committed = false,
            Maintenance = new MaintenanceJournal { ByToolstack = true },
        };
        var why = $"{turn.Config.Peer.Name} leans on a promise of this host that its own state has lost: it stands again, until the host is enabled in XAPI or 'ha-ctl maintenance off'";
        turn.Report(HaEventId.Handshake, Severity.Warning, why);
    }

    /// <summary>The peer rejects this daemon as one that is dead: it goes on under a number above the highest that was heard.</summary>
    private static void PassIncarnation(Draft turn, Mirror mirror)
    {
        var own = turn.Life.Incarnation;
        if (mirror.LowestIncarnation <= own.Counter)
        {
            return;
        }

        turn.Life = turn.Life with { Incarnation = own with { Counter = mirror.LowestIncarnation + 1 } };
        turn.Durable = turn.Durable with { Incarnation = mirror.LowestIncarnation + 1 };
        turn.Report(HaEventId.DurableTrouble, Severity.Warning,
            $"{turn.Config.Peer.Name} has heard a daemon of this host under incarnation {mirror.LowestIncarnation}, this one began as "
            + $"{own.Counter}: the durable state went back to an older copy. It goes on as {mirror.LowestIncarnation + 1}");
    }

    /// <summary>A promise that was readmitted stands no more, so the mirror does not show it; its number is used up all the same.</summary>
    private static void PassNumbers(Draft turn, Mirror mirror, long readmitted)
    {
        var durable = turn.Durable;
        if (mirror.Attestation > durable.Attestation)
        {
            turn.Durable = durable with { Attestation = mirror.Attestation };
            if (durable.Committed)
            {
                Attestation.Renew(turn);
            }
        }

        var promise = Math.Max(mirror.Promise, readmitted);
        if (promise > turn.Durable.Promise)
        {
            turn.Durable = turn.Durable with { Promise = promise };
        }
    }
}
