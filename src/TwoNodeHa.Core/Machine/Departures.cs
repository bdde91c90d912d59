using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Core.Machine;

/// <summary>
/// The host shuts down or reboots. The daemon hears of it before the toolstack and the VMs' stopping, hands the mastership
/// over while XAPI still can, and lets the platform stop the VMs. What stops from now on was stopped for the host's sake, not
/// because an administrator wants it down. When nothing is left the host fences, which proves that, and attests: the peer
/// starts the VMs at once.
/// </summary>
internal static class Departures
{
    /// <summary>pool.designate_new_master: usable again after 15 to 60 s (xapi.md 4.5).</summary>
    private static readonly TimeSpan HandOver = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan TellPatience = TimeSpan.FromSeconds(5);

    /// <summary>A host that still runs VMs after this long is not going down.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    public static OperatorReply Ask(TurnBuilder turn)
    {
        if (turn.State.Departure is null)
        {
            turn.State = turn.State with { Departure = new DepartureProgress { Since = turn.Now } };
            turn.Durable = turn.Durable with { Departing = true };
            Begin(turn);
        }

        if (!Told(turn))
        {
            return new OperatorReply(true, true, $"telling {turn.Config.Peer.Name}");
        }

        return HandingOver(turn)
            ? new OperatorReply(true, true, $"handing the mastership to {turn.Config.Peer.Name}")
            : new OperatorReply(true, false, turn.State.Status switch
            {
                HaStatus.Departing => $"departing: {turn.Config.Peer.Name} takes over when nothing runs here any more",
                _ when turn.Config.Policy.OnHostShutdown == OnHostShutdown.Wait => "on_host_shutdown = wait: the VMs stay down until this host is back",
                _ => $"this host is {turn.State.Status}: nothing to hand over",
            });
    }

    /// <summary>From whatever state allows it; one that does not yet is asked again.</summary>
    public static void Begin(TurnBuilder turn)
    {
        var state = turn.State;
        if (state.Departure is { } departure && turn.Now - departure.Since > Patience)
        {
            turn.State = turn.State with { Departure = null };
            turn.Durable = turn.Durable with { Departing = false };
            if (state.Status == HaStatus.Departing)
            {
                turn.Become(HaStatus.Suspecting, "this host did not go down");
            }

            return;
        }

        if (state.Departure is null || state.Status == HaStatus.Departing || !turn.Durable.Enabled
            || turn.Config.Policy.OnHostShutdown == OnHostShutdown.Wait || !Transitions.Allowed(state.Status, HaStatus.Departing))
        {
            return;
        }

        turn.Become(HaStatus.Departing, "this host shuts down");
        if (Knowledge.IsMaster(state) && PeerCanFollow(turn))
        {
            var id = turn.Act(new HaAction.DesignateMaster(turn.Config.Peer.Uuid), HandOver);
            turn.State = turn.State with { Departure = turn.State.Departure! with { HandOverUntil = turn.Now + HandOver, Pending = id } };
        }
    }

    public static void Continue(TurnBuilder turn)
    {
        var state = turn.State;
        if (!Knowledge.MayRun(state) && state.DomainsAskedAt >= state.StatusSince && !HandingOver(turn))
        {
            Fencing.Begin(turn, "this host shuts down, and nothing runs on it any more");
        }
        else if (state.StopAskedAt is not null)
        {
            // The toolstack is stopped by now: nobody else ends what is left.
            Fencing.Begin(turn, "this host shuts down, and VMs were left running");
        }
    }

    public static bool Finished(TurnBuilder turn, Observation.ActionFinished finished)
    {
        if (turn.State.Departure is not { } departure || departure.Pending == 0 || departure.Pending != finished.Id)
        {
            return false;
        }

        var done = finished.Outcome == ActionOutcome.Succeeded;
        turn.State = turn.State with
        {
            Departure = departure with { Pending = 0, HandOverUntil = done ? departure.HandOverUntil : turn.Now },
        };
        if (!done)
        {
            turn.Report(HaEventId.ActionTrouble, Severity.Warning,
                $"the mastership could not be handed over ({finished.Code} {finished.Detail}): {turn.Config.Peer.Name} promotes itself instead");
        }

        return true;
    }

    /// <summary>VMs that stop on this host now are stopped for the host's sake; of a silent peer, that may be so.</summary>
    public static bool StopsFor(TurnBuilder turn, Guid host) => host != Guid.Empty
        && (host == turn.Config.Self.Uuid ? turn.State.Departure is not null
            : host == turn.Config.Peer.Uuid && (!Knowledge.PeerFresh(turn.Config, turn.State, turn.Now) || turn.State.Peer.Beat!.Has(HeartbeatFlags.Departing)));

    /// <summary>
    /// The peer heard of it, or cannot be told: only then may VMs stop, or the peer takes their end in the database for an
    /// administrator's wish.
    /// </summary>
    private static bool Told(TurnBuilder turn) => turn.State.Departure is not { } departure || turn.Now - departure.Since > TellPatience
        || turn.State.Peer.LastAcked >= departure.Since;

    private static bool HandingOver(TurnBuilder turn) => turn.State.Departure is { } departure && turn.Now < departure.HandOverUntil
        && (departure.Pending != 0 || turn.State.Peer.Beat is not { } beat || !beat.Has(HeartbeatFlags.IsMaster | HeartbeatFlags.ToolstackHealthy));

    private static bool PeerCanFollow(TurnBuilder turn) => turn.State.Peer.Beat is { Status: HaStatus.Paired } beat
        && Knowledge.PeerFresh(turn.Config, turn.State, turn.Now) && beat.Has(HeartbeatFlags.Fit | HeartbeatFlags.ToolstackHealthy);
}
