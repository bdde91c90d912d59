using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Protocol;
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
        HearPromise(turn, beat);
        HearReadmission(turn, beat);
    }

    private static void HearSwitch(Draft turn, Heartbeat beat, bool fresh)
    {
        var enabled = beat.Has(HeartbeatFlags.Enabled);
        var durable = turn.Durable;
        if (beat.SwitchGeneration >= durable.PeerSwitchGeneration
            && (beat.SwitchGeneration, enabled) != (durable.PeerSwitchGeneration, durable.PeerEnabled))
        {
            turn.Durable = durable with { PeerSwitchGeneration = beat.SwitchGeneration, PeerEnabled = enabled };
            durable = turn.Durable;
        }

        // Of two orders with the same number, "disable" wins: it is the one that stops nothing and starts nothing.
        var newer = beat.SwitchGeneration > durable.SwitchGeneration
            || (beat.SwitchGeneration == durable.SwitchGeneration && durable.Enabled && !enabled)
            || (durable.StateLost && fresh);
        if (newer)
        {
            turn.Durable = durable with
            {
                SwitchGeneration = beat.SwitchGeneration,
                Enabled = enabled,
                StateLost = durable.StateLost && !fresh,
                DisabledReason = enabled ? "" : $"disabled on {turn.Config.Peer.Name}",
                ReenableAtUnixMs = 0,
            };
            turn.Report(HaEventId.SwitchChanged, Severity.Notice,
                $"HA was {(enabled ? "enabled" : "disabled")} on {turn.Config.Peer.Name}; adopted here");
        }
    }

    private static void HearPause(Draft turn, Heartbeat beat, bool fresh)
    {
        var durable = turn.Durable;
        if (beat.Disarm > durable.PeerDisarmAck)
        {
            turn.Durable = durable with { PeerDisarm = beat.Disarm, PeerDisarmAck = beat.Disarm };
            turn.Report(HaEventId.Handshake, Severity.Notice,
                $"{turn.Config.Peer.Name} pauses its daemon; no takeover by silence until it is heard armed again");
        }
        else if (beat.Disarm == 0 && durable.PeerDisarm != 0 && fresh && turn.State.Peer.Bound == true)
        {
            turn.Durable = durable with { PeerDisarm = 0 };
            turn.Report(HaEventId.Handshake, Severity.Notice, $"{turn.Config.Peer.Name} is back from its pause, and bound");
        }

        durable = turn.Durable;
        if (durable.Disarm != 0 && !durable.DisarmAcknowledged && turn.State.Procedures.StopAskedAt is not null
            && beat.DisarmAck >= durable.Disarm)
        {
            turn.Durable = durable with { DisarmAcknowledged = true };
        }
    }

    private static void HearPromise(Draft turn, Heartbeat beat)
    {
        var durable = turn.Durable;
        if (beat.Promise > durable.Readmitted && beat.Promise != durable.PeerPromise)
        {
            turn.Durable = durable with { PeerPromise = beat.Promise };
            turn.Report(HaEventId.Handshake, Severity.Notice,
                $"{turn.Config.Peer.Name} promised not to take over until readmitted");
        }

        durable = turn.Durable;
        if (beat.Has(HeartbeatFlags.WantsReadmission) && durable.PeerPromise != 0 && beat.Promise == durable.PeerPromise)
        {
            turn.Durable = durable with { PeerPromise = 0, Readmitted = beat.Promise };
            turn.Report(HaEventId.Handshake, Severity.Notice, $"{turn.Config.Peer.Name} is readmitted: its promise is given up here");
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
