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
            OperatorRequest.Enable => SwitchDesk.Enable(turn),
            OperatorRequest.Disable disable => SwitchDesk.Disable(turn, disable),
            OperatorRequest.Maintenance maintenance => maintenance.On ? EnterMaintenance(turn, maintenance) : EndMaintenance(turn),
            OperatorRequest.Takeover takeover => Takeover(turn, takeover),
            OperatorRequest.FenceSelf => FenceSelf(turn),
            OperatorRequest.FencePeer => FencePeer(turn),
            OperatorRequest.Protect protect => ProtectDesk.Answer(turn, protect),
            OperatorRequest.Depart departs => Departure.Ask(turn, departs.PowersOff),
            OperatorRequest.BootGuard => BootGuard.Ask(turn),
            _ => OperatorReply.Refused("unknown request"),
        };
        turn.Emit(new Command.Reply(asked.RequestId, reply));
    }

    private static OperatorReply EnterMaintenance(Draft turn, OperatorRequest.Maintenance asked)
    {
        if (turn.State.Status == HaStatus.Maintenance)
        {
            return Evacuation.GoOn(turn, asked);
        }

        // An empty host too must be disabled in XAPI and look once more: a start or a migration may be on its way here.
        var mayFill = turn.State.Status == HaStatus.Paired && turn.View.ToolstackReady && turn.Host.Database is not null;
        if (turn.View.MayRun || turn.View.IsMaster || mayFill || turn.Durable.Maintenance is not null)
        {
            return Evacuation.Begin(turn, asked);
        }

        if (!turn.Durable.Enabled || !turn.View.PeerFresh)
        {
            return OperatorReply.Refused($"HA is disabled or {turn.Config.Peer.Name} is not heard: the promise could not be given.");
        }

        if (turn.State.Status is not (HaStatus.Paired or HaStatus.Joining or HaStatus.Fenced))
        {
            return OperatorReply.Refused($"this host is {turn.State.Status}.");
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
                : new OperatorReply(true, false, "This host is not in maintenance.");
        }

        Evacuation.TakeInHand(turn);
        Evacuation.AskForReadmission(turn);
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
            return OperatorReply.Refused(reason);
        }

        if (OperatorWord.StillListensFor(view) is { } left)
        {
            return new OperatorReply(true, true, $"listening for signs of life of {peer} for {left.TotalSeconds:0.#} s more");
        }

        var sign = OperatorWord.SignOfLife(view);
        if (sign is not null && !request.DespiteSignsOfLife)
        {
            return OperatorReply.Refused($"{sign}. A host whose kernel answers may run its VMs: start its daemon again, or switch it off. If "
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

        return Fitness.WhyNotOnOrder(view) is { } unfit ? $"{unfit}; nothing was taken over." : null;
    }

    private static OperatorReply FenceSelf(Draft turn)
    {
        if (turn.State.Status is HaStatus.Fencing or HaStatus.Fenced)
        {
            return new OperatorReply(true, false, "This host is fenced or fencing already.");
        }

        if (!StateGate.Leads(turn.State.Status, Cause.FenceDecided))
        {
            return OperatorReply.Refused($"this host is {turn.State.Status}; HA must be enabled for a fence.");
        }

        if (turn.Disk.Trouble is { Length: > 0 } trouble)
        {
            return OperatorReply.Refused($"the durable state cannot be written ({trouble}), so {turn.Config.Peer.Name} could not be told that nothing runs here.");
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
            return OperatorReply.Refused($"no fence agent is configured; write a section [fence NAME] with host = {peer}.");
        }

        if (FenceOrder.IsUnderWay(turn.View) && turn.Now < turn.ThirdParty.AgentRetryAt)
        {
            return new OperatorReply(true, false, $"{peer} is being switched off already; 'ha-ctl events' says when that is confirmed.");
        }

        turn.Report(HaEventId.Handshake, Severity.Critical, $"the operator has {peer} switched off by its fence agent");
        PeerPower.SwitchOff(turn, Purpose.SwitchPeerOff);
        return new OperatorReply(true, false, $"{peer} is being switched off; 'ha-ctl events' says when its agent has read back that it is off.");
    }
}
