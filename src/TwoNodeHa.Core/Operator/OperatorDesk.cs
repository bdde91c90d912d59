using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Peer;
using TwoNodeHa.Core.Procedures;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.States;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Operator;

/// <summary>Operator requests: accepted, pending or refused, each with its reason.</summary>
internal static class OperatorDesk
{
    public static void Answer(Draft turn, Observation.OperatorAsked asked)
    {
        var reply = asked.Request switch
        {
            OperatorRequest.Enable => Enable(turn),
            OperatorRequest.Disable disable => Disable(turn, disable),
            OperatorRequest.Maintenance maintenance => maintenance.On ? EnterMaintenance(turn, maintenance) : EndMaintenance(turn),
            OperatorRequest.Takeover takeover => Takeover(turn, takeover),
            OperatorRequest.FenceSelf => FenceSelf(turn),
            OperatorRequest.FencePeer => FencePeer(turn),
            OperatorRequest.Protect protect => ProtectDesk.Answer(turn, protect),
            OperatorRequest.Depart => Departure.Ask(turn),
            OperatorRequest.BootGuard => BootGuard.Ask(turn),
            _ => Refuse("unknown request"),
        };
        turn.Emit(new Command.Reply(asked.RequestId, reply));
    }

    private static OperatorReply Enable(Draft turn)
    {
        var peer = turn.Config.Peer.Name;
        if (turn.Durable.Enabled)
        {
            return new OperatorReply(true, false, "HA is enabled already.");
        }

        if (WhyNotEnable(turn) is { } reason)
        {
            return Refuse(reason);
        }

        turn.Durable = turn.Durable with
        {
            Enabled = true,
            StateLost = false,
            SwitchGeneration = Math.Max(turn.Durable.SwitchGeneration, turn.Durable.PeerSwitchGeneration) + 1,
            DisabledReason = "",
            ReenableAtUnixMs = 0,
        };
        turn.Report(HaEventId.SwitchChanged, Severity.Notice, "HA was enabled by the operator");
        return new OperatorReply(true, true, $"HA is enabled here; {peer} adopts it with its next heartbeats.");
    }

    private static string? WhyNotEnable(Draft turn)
    {
        var state = turn.State;
        var peer = turn.Config.Peer.Name;
        if (!turn.View.PeerFresh || state.Peer.Beat is not { } beat)
        {
            return $"{peer} is not heard; both hosts must hear each other when HA is enabled.";
        }

        if (beat.ConfigFingerprint != turn.Config.Fingerprint)
        {
            return $"the configuration of {peer} differs; copy the same ha.conf to both hosts and restart both daemons.";
        }

        if (turn.View.WatchdogTrouble is { } trouble)
        {
            return $"the watchdog cannot be counted on ({trouble}); correct that, or write 'device = none' and accept what the "
                + "safety class then says.";
        }

        if (state.Host.Database is { NativeHaEnabled: true })
        {
            return "the platform's own HA is on; switch it off first (xe pool-ha-disable).";
        }

        if (state.Host.Database is { Hosts.Length: not 2 } database)
        {
            return $"the pool has {database.Hosts.Length} hosts; this daemon guards exactly two.";
        }

        if (state.Host.Database is null)
        {
            return "the toolstack has not been read yet; try again when 'ha-ctl status' shows it.";
        }

        return turn.View.GatewayFresh ? null
            : "the gateway does not answer; HA would have nothing to lean on.";
    }

    private static OperatorReply Disable(Draft turn, OperatorRequest.Disable request)
    {
        if (!turn.Durable.Enabled && !turn.Durable.StateLost)
        {
            turn.Durable = turn.Durable with { DisabledReason = request.Reason, ReenableAtUnixMs = request.UntilUnixMs };
            return new OperatorReply(true, !turn.View.DisabledForBoth, SwitchSentence(turn));
        }

        turn.Durable = turn.Durable with
        {
            Enabled = false,
            StateLost = false,
            SwitchGeneration = NeverInForce(turn.State) ? turn.State.Disk.Confirmed.SwitchGeneration
                : Math.Max(turn.Durable.SwitchGeneration, turn.Durable.PeerSwitchGeneration) + 1,
            DisabledReason = request.Reason,
            ReenableAtUnixMs = request.UntilUnixMs,
        };
        turn.Report(HaEventId.SwitchChanged, Severity.Notice,
            $"HA was disabled by the operator{(request.Reason.Length > 0 ? $": {request.Reason}" : "")}");
        return new OperatorReply(true, true, SwitchSentence(turn));
    }

    /// <summary>
    /// HA was enabled here, and the disk has not taken that: nobody heard of it, so it is taken back, and what the peer has
    /// acknowledged before goes on.
    /// </summary>
    private static bool NeverInForce(HaState state) => state.Durable.Enabled && state.Disk.Confirmed is { Enabled: false, StateLost: false }
        && state.Disk.Writing == 0 && state.Durable.PeerSwitchGeneration < state.Durable.SwitchGeneration;

    private static string SwitchSentence(Draft turn) => turn.View.DisabledForBoth
        ? "HA is disabled on both hosts."
        : $"HA takes nothing over from here any more. {turn.Config.Peer.Name} has not confirmed yet: until it does, this host "
            + "stays bound and fences itself when it loses both the peer and the gateway.";

    private static OperatorReply EnterMaintenance(Draft turn, OperatorRequest.Maintenance asked)
    {
        if (turn.State.Status == HaStatus.Maintenance)
        {
            return new OperatorReply(true, false, "This host is in maintenance already.");
        }

        if (turn.View.MayRun || turn.View.IsMaster || turn.Durable.Maintenance is not null)
        {
            return Evacuation.Begin(turn, asked);
        }

        if (!turn.Durable.Enabled || !turn.View.PeerFresh)
        {
            return Refuse($"HA is disabled or {turn.Config.Peer.Name} is not heard: the promise could not be given.");
        }

        if (turn.State.Status is not (HaStatus.Paired or HaStatus.Joining or HaStatus.Fenced))
        {
            return Refuse($"this host is {turn.State.Status}.");
        }

        Evacuation.Note(turn, asked, []);
        Evacuation.Promise(turn);
        return new OperatorReply(true, true, $"This host promises to {turn.Config.Peer.Name} not to take over until readmitted.");
    }

    private static OperatorReply EndMaintenance(Draft turn)
    {
        if (!turn.Durable.PromiseStands)
        {
            return turn.Durable.Maintenance is { Returning: false } ? Evacuation.Cancel(turn)
                : new OperatorReply(true, false, "No promise stands here.");
        }

        Evacuation.TurnBack(turn);
        turn.Durable = turn.Durable with { WantsReadmission = true };
        return new OperatorReply(true, true, $"{turn.Config.Peer.Name} is asked for readmission.");
    }

    /// <summary>
    /// T5. One word is about one death: it begins the takeover in this turn, or it is gone. Nothing of it is kept, so that no
    /// word of today takes over from a peer that is back tomorrow.
    /// </summary>
    private static OperatorReply Takeover(Draft turn, OperatorRequest.Takeover request)
    {
        var (view, peer) = (turn.View, turn.Config.Peer.Name);
        if (WhyNoTakeover(view, peer) is { } reason)
        {
            return Refuse(reason);
        }

        if (OperatorWord.StillListensFor(view) is { } left)
        {
            return new OperatorReply(true, true, $"listening for signs of life of {peer} for {left.TotalSeconds:0.#} s more");
        }

        var sign = OperatorWord.SignOfLife(view);
        if (sign is not null && !request.DespiteSignsOfLife)
        {
            return Refuse($"{sign}. A host whose kernel answers may run its VMs: start its daemon again, or switch it off. If "
                + "something else answers for it (a router, a proxy), and you have seen with your own eyes that it is off: "
                + "ha-ctl takeover --peer-is-dead --something-else-answers");
        }

        turn.Report(HaEventId.Handshake, Severity.Critical, $"T5: the operator said that {peer} is dead and runs nothing"
            + (sign is null ? "" : $", although {sign}"));
        Procedures.Takeover.Begin(turn, TakeoverRule.Operator);
        return new OperatorReply(true, false, $"Taking over from {peer} on your word.");
    }

    private static string? WhyNoTakeover(View view, string peer)
    {
        if (!view.Durable.Enabled)
        {
            return "HA is disabled; with HA disabled nothing is taken over.";
        }

        if (view.PeerHeard)
        {
            return $"{peer} is heard; it is not dead. Look at 'ha-ctl status'.";
        }

        if (view.Status is HaStatus.Sole or HaStatus.TakingOver)
        {
            return $"this host has taken over from {peer} already.";
        }

        if (!StateGate.Leads(view.Status, Cause.PermitGranted))
        {
            return $"this host is {view.Status}.";
        }

        return Fitness.WhyNot(view) is { } unfit && !view.Durable.PromiseStands ? $"{unfit}; nothing was taken over." : null;
    }

    private static OperatorReply FenceSelf(Draft turn)
    {
        if (turn.State.Status is HaStatus.Fencing or HaStatus.Fenced)
        {
            return new OperatorReply(true, false, "This host is fenced or fencing already.");
        }

        if (!StateGate.Leads(turn.State.Status, Cause.FenceDecided))
        {
            return Refuse($"this host is {turn.State.Status}; HA must be enabled for a fence.");
        }

        Fence.Begin(turn, "the operator asked for it");
        return new OperatorReply(true, false, "Fencing this host.");
    }

    /// <summary>
    /// The operator's word is enough, whatever is heard: it may be a test, or the last means against a host that misbehaves.
    /// What follows from a confirmed "off" is left to T3.
    /// </summary>
    private static OperatorReply FencePeer(Draft turn)
    {
        var peer = turn.Config.Peer.Name;
        if (!turn.Config.Policy.UsesFenceAgent)
        {
            return Refuse($"no fence agent is configured; write a section [fence NAME] with host = {peer}.");
        }

        if (turn.Pending.Has(Purpose.FencePeer) && turn.Now < turn.ThirdParty.AgentRetryAt)
        {
            return new OperatorReply(true, false, $"{peer} is being switched off already; 'ha-ctl events' says when that is confirmed.");
        }

        turn.Report(HaEventId.Handshake, Severity.Critical, $"the operator has {peer} switched off by its fence agent");
        PeerPower.SwitchOff(turn);
        return new OperatorReply(true, false, $"{peer} is being switched off; 'ha-ctl events' says when its agent has read back that it is off.");
    }

    private static OperatorReply Refuse(string why) => new(false, false, $"Refused: {why}");
}
