using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Host;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Procedures;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Machine;

/// <summary>Evaluates the rules in a fixed order, every turn. The order is part of the design: the right to run comes first.</summary>
internal static class Decisions
{
    public static void Decide(Draft turn)
    {
        BootGuard.Advance(turn);
        Evaluate(turn);
        if (turn.State.Status != HaStatus.Fencing)
        {
            Pause.Advance(turn);
        }
    }

    private static void Evaluate(Draft turn)
    {
        Housekeeping(turn);
        if (turn.State.Status == HaStatus.Unknown)
        {
            Settling.Settle(turn);
            return;
        }

        if (turn.State.Status == HaStatus.Fencing)
        {
            Fence.Advance(turn);
            return;
        }

        if (HaSwitch.KeepsDisabled(turn) || !HoldsRight(turn) || Conflict.IsMet(turn))
        {
            return;
        }

        Departure.Begin(turn);
        ByState(turn);
        if (turn.State.Status is HaStatus.Paired or HaStatus.Sole or HaStatus.Suspecting or HaStatus.Holding)
        {
            NewerPeer.Advance(turn);
            RoleChange.KeepMaster(turn);
            Ghosts.Advance(turn);
        }
        else
        {
            RoleChange.Forget(turn);
        }

        ToolstackMaintenance.Advance(turn);
        Evacuation.Advance(turn);
        StoragePlug.Advance(turn);
        VmStart.Advance(turn);
        Coverage.Advance(turn);
        PreferredMaster.Advance(turn);
    }

    /// <summary>One function for each state.</summary>
    private static void ByState(Draft turn)
    {
        switch (turn.State.Status)
        {
            case HaStatus.Maintenance:
                Maintenance.Decide(turn);
                break;
            case HaStatus.TakingOver:
                Takeover.Advance(turn);
                break;
            case HaStatus.Departing:
                Departure.Advance(turn);
                break;
            case HaStatus.Joining or HaStatus.Fenced:
                Waiting.Decide(turn);
                break;
            case HaStatus.Paired:
                Paired.Decide(turn);
                break;
            default:
                Apart.Decide(turn);
                break;
        }
    }

    private static void Housekeeping(Draft turn)
    {
        if (turn.Gateway.FreshSince is not null && !turn.View.GatewayFresh)
        {
            turn.Gateway = turn.Gateway with { FreshSince = null };
            turn.Report(HaEventId.GatewayChanged, Severity.Warning, "the gateway does not answer");
        }

        if (turn.Peer.Beat is not null)
        {
            VmBook.SeePeer(turn);
        }

        if (turn.Durable.RecordYoung && turn.Peer.Beat is { Missing: { Length: > 0 } missing })
        {
            VmBook.HearMissing(turn, missing);
        }

        HaSwitch.EnableWhenOver(turn);
    }

    /// <summary>No right, but something runs or may run: fence, before anything else is thought of.</summary>
    private static bool HoldsRight(Draft turn)
    {
        if (RightToRun.OfWhatIsHere(turn.View).Holds)
        {
            Grace.End(turn);
            return true;
        }

        if (!NeedsRight(turn.View))
        {
            return true;
        }

        if (Grace.Waits(turn))
        {
            return false;
        }

        Fence.Begin(turn, WhyNoRight(turn.View));
        return false;
    }

    /// <summary>An empty host needs no right; but a takeover that has started nothing must not go on without one.</summary>
    private static bool NeedsRight(View view) => view.NeedsAnyRight
        || view.Status is HaStatus.TakingOver or HaStatus.Sole or HaStatus.Paired or HaStatus.Suspecting
            or HaStatus.Holding or HaStatus.Isolated;

    private static string WhyNoRight(View view)
    {
        if (view.OnlyRoleNeedsRight)
        {
            return "the toolstack is up as a master's, and neither the peer nor the gateway answers: the peer may become master";
        }

        if (view.ListOlderThan(Deadlines.ListAge))
        {
            return "whether a VM runs here is not known: the hypervisor's list is old, and there is no right to run";
        }

        if (view.BoundByWord)
        {
            return "a VM runs here although this host gave its word that none do";
        }

        if (view.Durable.StateLost)
        {
            return "the durable state was lost, and the peer did not tell in time what it knows: this host counts as fenced";
        }

        if (view.IsPreempted)
        {
            return "the peer took this host's key from the storage and is not heard: it may take over, and the right to run has ended";
        }

        if (OneWay.Holds(view))
        {
            return "the peer is heard but does not hear us, so it may take over: the right to run has ended";
        }

        return view.Policy.UsesArbiter ? "the peer does not answer, and the arbiter gives this host no right: the right to run has ended"
            : "neither the peer nor the gateway answers: the right to run has ended";
    }
}
