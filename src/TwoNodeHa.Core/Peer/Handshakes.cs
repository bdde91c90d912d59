using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Peer;

/// <summary>
/// The handshakes that change who is bound: the HA switch, pauses, promises. What is acknowledged is persisted first;
/// heartbeats speak only of what is durable.
/// </summary>
internal static class Handshakes
{
    public static void Hear(Draft turn, Heartbeat beat, bool fresh)
    {
        HearSwitch(turn, beat, fresh);
        HearPause(turn, beat, fresh);
        HearPromise(turn, beat, fresh);
        HearReadmission(turn, beat);
    }

    private static void HearSwitch(Draft turn, Heartbeat beat, bool fresh)
    {
        HearPosition(turn, beat);
        var enabled = beat.Has(HeartbeatFlags.Enabled);
        var durable = turn.Durable;

        // What was lost is healed by the peer, unless it claims what runs here: then that is fenced.
        var heals = durable.StateLost && fresh && !(beat.Status is HaStatus.Sole or HaStatus.TakingOver && turn.View.MayRun);

        if ((OutranksOwn(durable, beat, enabled) || heals) && !IsHalfSaid(beat, enabled))
        {
            Adopt(turn, beat, enabled, stillLost: durable.StateLost && !heals);
        }
    }

    /// <summary>
    /// Of two orders with the same number, "disable" wins, and of two such the one that ends later: it stops nothing and starts
    /// nothing. A peer of wire version 1 does not speak of an end.
    /// </summary>
    private static bool OutranksOwn(DurableState durable, Heartbeat beat, bool enabled)
    {
        if (beat.SwitchGeneration != durable.SwitchGeneration || enabled)
        {
            return beat.SwitchGeneration > durable.SwitchGeneration;
        }

        return durable.Enabled || (beat.Mirror is not null && EndOf(beat.ReenableAtUnixMs) > EndOf(durable.ReenableAtUnixMs));
    }

    private static long EndOf(long unixMs) => unixMs > 0 ? unixMs : long.MaxValue;

    /// <summary>The sender does not know yet how long its disablement lasts; its next heartbeats say it.</summary>
    private static bool IsHalfSaid(Heartbeat beat, bool enabled) => !enabled && beat is { ReenableAtUnixMs: > 0, ReenableInMs: 0 };

    private static void Adopt(Draft turn, Heartbeat beat, bool enabled, bool stillLost)
    {
        turn.Durable = turn.Durable with
        {
            SwitchGeneration = beat.SwitchGeneration,
            Enabled = enabled,
            StateLost = stillLost,
            DisabledReason = enabled ? "" : $"disabled on {turn.Config.Peer.Name}",
            ReenableAtUnixMs = enabled ? 0 : beat.ReenableAtUnixMs,
            DisabledFrom = enabled || turn.Durable.StateLost ? 0 : turn.View.DisabledFrom,
        };
        turn.Life = turn.Life with
        {
            WallUnixMs = 0,
            ReenableAt = beat.ReenableInMs > 0 ? turn.Now + TimeSpan.FromMilliseconds(beat.ReenableInMs) : null,
        };
        turn.Report(HaEventId.SwitchChanged, Severity.Notice,
            $"HA was {(enabled ? "enabled" : "disabled")} on {turn.Config.Peer.Name}; applied here too");
    }

    private static void HearPosition(Draft turn, Heartbeat beat)
    {
        var enabled = beat.Has(HeartbeatFlags.Enabled);
        var durable = turn.Durable;
        if (beat.SwitchGeneration >= durable.PeerSwitchGeneration
            && (beat.SwitchGeneration, enabled) != (durable.PeerSwitchGeneration, durable.PeerEnabled))
        {
            turn.Durable = durable with { PeerSwitchGeneration = beat.SwitchGeneration, PeerEnabled = enabled };
        }
    }

    private static void HearPause(Draft turn, Heartbeat beat, bool fresh)
    {
        var durable = turn.Durable;
        if (beat.Disarm != 0 && beat.Disarm != durable.PeerDisarm && beat.Disarm >= durable.PeerDisarmAck)
        {
            turn.Durable = durable with { PeerDisarm = beat.Disarm, PeerDisarmAck = beat.Disarm };
            turn.Report(HaEventId.Handshake, Severity.Notice,
                $"{turn.Config.Peer.Name} pauses; no takeover by silence until it reports armed again");
        }
        else if (beat.Disarm == 0 && durable.PeerDisarm != 0 && fresh && durable.PeerBound)
        {
            turn.Durable = durable with { PeerDisarm = 0 };
            turn.Report(HaEventId.Handshake, Severity.Notice,
                $"{turn.Config.Peer.Name} is back from its pause, and bound");
        }

        durable = turn.Durable;
        if (durable.Disarm != 0 && !durable.DisarmAcknowledged && WantsPause(turn) && HoldsForPause(beat, durable.Disarm))
        {
            turn.Durable = durable with { DisarmAcknowledged = true };
        }
    }

    /// <summary>The daemon is about to end, or the pair cannot work.</summary>
    private static bool WantsPause(Draft turn) =>
        turn.Procedures.StopAskedAt is not null || Fitness.NotOfThisPool(turn.View) is not null;

    /// <summary>By its mirror the peer holds for this very pause; one of wire version 1 says only that it did.</summary>
    private static bool HoldsForPause(Heartbeat beat, long pause) =>
        beat.Mirror is { } mirror ? mirror.Pause == pause : beat.DisarmAck >= pause;

    private static void HearPromise(Draft turn, Heartbeat beat, bool fresh)
    {
        var durable = turn.Durable;
        if (beat.Promise > durable.Readmitted && beat.Promise != durable.PeerPromise)
        {
            turn.Durable = durable with { PeerPromise = beat.Promise };
            turn.Report(HaEventId.Handshake, Severity.Notice,
                $"{turn.Config.Peer.Name} promised not to take over until readmitted");
        }

        durable = turn.Durable;
        if (fresh && durable.PeerPromise != 0 && beat.Promise != durable.PeerPromise)
        {
            // It took over on an operator's word, lost its state, or is another host: nobody keeps the promise any more.
            turn.Durable = durable with { PeerPromise = 0 };
            turn.Report(HaEventId.Handshake, Severity.Warning,
                $"{turn.Config.Peer.Name} is no longer under its promise: R4 ends here");
            durable = turn.Durable;
        }

        if (beat.Has(HeartbeatFlags.WantsReadmission) && durable.PeerPromise != 0 && beat.Promise == durable.PeerPromise)
        {
            turn.Durable = durable with { PeerPromise = 0, Readmitted = beat.Promise };
            turn.Report(HaEventId.Handshake, Severity.Notice, $"{turn.Config.Peer.Name} is readmitted: its promise is released here");
        }
    }

    private static void HearReadmission(Draft turn, Heartbeat beat)
    {
        var durable = turn.Durable;
        if (durable.PromiseStands && beat.Readmitted >= durable.Promise && durable.Promise != 0)
        {
            turn.Durable = durable with { PromiseStands = false, WantsReadmission = false };
            turn.Report(HaEventId.Handshake, Severity.Notice, $"{turn.Config.Peer.Name} readmitted this host");
        }
    }
}
