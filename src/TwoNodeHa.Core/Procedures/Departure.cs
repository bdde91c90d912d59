using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.States;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>
/// The host shuts down or reboots. The daemon hears of it before the toolstack and the VMs' stopping, hands the mastership
/// over while XAPI still can, and lets the platform stop the VMs. What stops from now on was stopped for the host's sake, not
/// because an administrator wants it down. When nothing is left the host fences, which proves that, and attests: the peer
/// starts the VMs at once.
/// </summary>
internal static class Departure
{
    public static OperatorReply Ask(Draft turn, bool powersOff)
    {
        if (turn.Departure is null)
        {
            turn.Departure = new DepartureProgress { Since = turn.Now, PowersOff = powersOff };
            turn.Durable = turn.Durable with { Departing = true };
            Begin(turn);
        }

        if (!IsTold(turn))
        {
            return new OperatorReply(true, true, $"telling {turn.Config.Peer.Name}");
        }

        return turn.View.HandingOver
            ? new OperatorReply(true, true, $"handing the mastership to {turn.Config.Peer.Name}")
            : new OperatorReply(true, false, turn.State.Status switch
            {
                HaStatus.Departing when turn.Durable.KeepsMastership => $"departing: {turn.Config.Peer.Name} waits for this host, which stays master",
                HaStatus.Departing => $"departing: {turn.Config.Peer.Name} takes over once nothing runs here",
                _ when turn.Config.Policy.OnHostShutdown == OnHostShutdown.Wait => "on_host_shutdown = wait: the VMs stay down until this host is back",
                _ => $"this host is {turn.State.Status}: nothing to hand over",
            });
    }

    /// <summary>From whatever state allows it; one that does not yet is asked again.</summary>
    public static void Begin(Draft turn)
    {
        if (turn.Departure is not { } departure)
        {
            return;
        }

        if (turn.Now - departure.Since > Deadlines.Departure)
        {
            GiveUp(turn);
            return;
        }

        if (turn.State.Status == HaStatus.Departing || !turn.Durable.Enabled
            || turn.Config.Policy.OnHostShutdown == OnHostShutdown.Wait || !StateGate.Leads(turn.State.Status, Cause.HostShutsDown))
        {
            return;
        }

        var keeps = MasterReturn.IsWanted(turn.View) && (!departure.PowersOff || turn.Durable.Maintenance is { ByToolstack: false, KeepsMastership: true });
        turn.Become(Cause.HostShutsDown, keeps ? "this host shuts down, is empty, and stays master" : "this host shuts down");
        if (keeps)
        {
            turn.Durable = turn.Durable with { KeepsMastership = true };
        }
        else if (turn.View is { IsMaster: true, ToolstackReady: true, PeerCanFollow: true })
        {
            turn.Act(new HaAction.DesignateMaster(turn.Config.Peer.Uuid), Deadlines.HandOver, Purpose.HandOver);
            turn.Departure = departure with { HandOverUntil = turn.Now + Deadlines.HandOver };
        }
    }

    public static void Advance(Draft turn)
    {
        if (!turn.View.MayRun && turn.Host.DomainsAskedAt >= turn.Life.StatusSince && !turn.View.HandingOver)
        {
            Fence.Begin(turn, "this host shuts down, and nothing is running on it");
        }
        else if (turn.Procedures.StopAskedAt is not null && !MasterReturn.LeavesUnlisted(turn.View))
        {
            // The toolstack is stopped by now: nobody else ends what is left.
            Fence.Begin(turn, turn.View.Runs ? "this host shuts down, and VMs were left running"
                : "this host shuts down, and its daemon is stopped before a new list showed that nothing runs on it");
        }
    }

    public static void Done(Draft turn, Observation.ActionFinished finished)
    {
        if (turn.Departure is { } departure && finished.Outcome != ActionOutcome.Succeeded)
        {
            turn.Departure = departure with { HandOverUntil = turn.Now };
            turn.Report(HaEventId.ActionTrouble, Severity.Warning,
                $"the mastership could not be handed over ({finished.Code} {finished.Detail}): {turn.Config.Peer.Name} promotes itself instead");
        }
    }

    private static void GiveUp(Draft turn)
    {
        turn.Abandon(Purpose.HandOver);
        turn.Departure = null;
        turn.Durable = turn.Durable with { Departing = false, KeepsMastership = false };
        if (turn.State.Status == HaStatus.Departing)
        {
            turn.Become(Cause.HostStays, "this host did not go down");
        }
    }

    /// <summary>
    /// The peer heard of it, or cannot be told: only then may VMs stop, or the peer takes their end in the database for an
    /// administrator's wish.
    /// </summary>
    private static bool IsTold(Draft turn) => turn.Departure is not { } departure || turn.Now - departure.Since > Deadlines.DepartureTold
        || turn.Peer.LastAcked >= departure.Since;
}
